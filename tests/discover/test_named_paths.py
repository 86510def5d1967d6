"""A tool that wants a path gets one that the operator named in the command, or where the command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from prober.config.model import Target
from prober.discover.named_paths import plans_by_paths

CASES: Final[tuple[tuple[str, tuple[str, ...], str, str | None], ...]] = (
    ("a folder among the words", ("server", "./notes"), "path", "notes"),
    ("behind an option", ("server", "--repository", "./notes"), "repo_path", "notes"),
    ("as the value of an option", ("server", "--root=./notes"), "directory", "notes"),
    ("a file", ("server", "./notes/a.db"), "db_path", "notes/a.db"),
    ("the folder that the command runs in", ("server",), "repo_path", "."),
    ("a folder is no file", ("server", "./notes"), "file", None),
    ("not the program", ("./notes", "x"), "path", None),
    ("not the script", ("python", "./notes/server.py"), "file", None),
    ("nothing that is not there", ("server", "./gone"), "path", None),
    ("nothing for what is no path", ("server", "./notes"), "title", None),
)


@pytest.mark.parametrize(("command", "argument", "path"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_path_of_the_command_is_taken(
    command: tuple[str, ...], argument: str, path: str | None, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    for name in ("a.db", "server.py"):
        (tmp_path / "notes" / name).write_text("")
    target = Target(name="t", command=command, cwd=tmp_path)
    found = plans_by_paths("read", {}, [argument], target)
    assert [plan.arguments for plan in found] == ([] if path is None else [{argument: str(tmp_path / path)}])


def test_a_server_at_a_url_knows_no_paths_of_ours() -> None:
    assert plans_by_paths("read", {}, ["repo_path"], Target(name="t", url="http://127.0.0.1:9/mcp")) == []
