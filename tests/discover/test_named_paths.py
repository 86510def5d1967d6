"""A tool that wants a path gets one that the operator named in the command, or where the command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from prober.assertions.judge import Judge
from prober.client.target_cache import cache_of
from prober.config.fields.secret import Secret
from prober.config.model import Target
from prober.discover.calls import Surveyor
from prober.discover.identifiers import Plan
from prober.discover.named_paths import plans_by_paths
from prober.discover.surveyed import SkippedTool, SkipReason
from tests.kinds.offering import called, offering, tool

CASES: Final[tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...]] = (
    ("a folder among the words, then a file in it", ("server", "./notes"), "path", ("notes", "notes/a.db")),
    ("behind an option", ("server", "--root", "./notes"), "directory", ("notes",)),
    ("as the value of an option", ("server", "--root=./notes"), "directory", ("notes",)),
    ("a file", ("server", "./notes/a.db"), "db_path", ("notes/a.db",)),
    ("the folder that the command runs in", ("server",), "repo_dir", (".",)),
    ("a file in the folder", ("server", "./notes"), "file", ("notes/a.db",)),
    ("not the program", ("./notes", "x"), "path", ()),
    ("not the script", ("python", "./notes/server.py"), "file", ()),
    ("nothing that is not there", ("server", "./gone"), "path", ()),
    ("nothing for what is no path", ("server", "./notes"), "title", ()),
)


@pytest.mark.parametrize(("command", "argument", "paths"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_path_of_the_command_is_taken(
    command: tuple[str, ...], argument: str, paths: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    for name in (".hidden", "a.db", "server.py"):
        (tmp_path / "notes" / name).write_text("")
    target = Target(name="t", command=command, cwd=tmp_path)
    found = plans_by_paths("read", {}, [argument], target)
    assert [plan.arguments for plan in found] == [{argument: str(tmp_path / path)} for path in paths]


async def test_a_path_that_a_secret_led_to_is_neither_tried_nor_written(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    async with offering(tool("read", inputSchema=schema), tool("list")) as peer, Judge() as judge:
        target = Target(name="t", url=peer.url, protocol="modern", secrets=(Secret("s3cr3t-folder"),))
        surveyor = Surveyor(target=target, target_cache=cache_of(target), judge=judge, timeout=5)
        plans = [Plan(tool="read", arguments={"path": "/home/s3cr3t-folder"}), Plan(tool="list", arguments={})]
        results = await surveyor.call(plans)
        assert called(peer) == [("list", {})] * 2
    skipped = results["read"]
    assert isinstance(skipped, SkippedTool)
    assert skipped.reason is SkipReason.UNWRITABLE
    assert "s3cr3t" not in repr(results)


def test_a_server_at_a_url_knows_no_paths_of_ours() -> None:
    assert plans_by_paths("read", {}, ["repo_path"], Target(name="t", url="http://127.0.0.1:9/mcp")) == []
