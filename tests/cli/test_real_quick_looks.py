"""A quick look at every real server, over every transport it has: readers answer, and the listing is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from prober.cli import app
from tests.discover.test_real_servers import ANSWERING, PATIENCE, SLOW, words_of
from tests.peers.child import ROOT
from tests.real.servers import SERVERS, RealServer

pytestmark = pytest.mark.external

LAZY: Final = {"everything-trigger-long-running-operation"}
"""Takes 10 s by its own default, and says nothing before."""

CALLS: Final[dict[str, tuple[str, tuple[str, ...], str]]] = {
    "everything-stdio": ("get-sum", ("a=2", "b=3.5"), "The sum of 2 and 3.5 is 5.5."),
    "everything-http": ("get-structured-content", ("location=New York",), '"humidity": '),
    "everything-sse": ("get-tiny-image", (), "[image: image/png, "),
    "filesystem": ("list_allowed_directories", (), "Allowed directories:"),
    "memory": ("search_nodes", ("query=Ada",), '"name": "Ada"'),
    "time": ("get_current_time", ("timezone=UTC",), '"timezone": "UTC"'),
    "git": ("git_log", ("repo_path={repository}", "max_count=1"), "Write two"),
    "sdk-http": ("forecast", ("city=Lima", "days=2"), '"sky": "cloudy"'),
    "sdk-http-events": ("count_words", ("text=a b a",), '"a": 2'),
    "sdk-stdio": ("add", ("a=40",), "43"),
}
"""By server: a tool, its arguments as they are typed, and a part of what is shown."""


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SERVERS])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealServer]:
    monkeypatch.chdir(ROOT)
    with SERVERS[request.param](tmp_path) as server:
        yield server


def split(server: RealServer) -> tuple[list[str], list[str]]:
    """What stands before the words of a command, and after."""
    words = words_of(server)
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at:]


def test_run_calls_what_init_would_call(server: RealServer) -> None:
    timeout = PATIENCE.get(server.name, "25s")
    done = CliRunner().invoke(app, ["run", "--timeout", timeout, "--output", "json", *words_of(server)])
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    failed = {result["probe"]: result["reason"] for result in results if result["verdict"] != "pass"}
    assert failed == {name: "timeout" for name in LAZY if server.name in PATIENCE}
    assert done.exit_code == (1 if failed else 0)
    passed = {result["probe"].removeprefix(f"{result['target']}-") for result in results} - set(failed)
    assert passed >= ANSWERING[server.name]
    assert {result["protocol"]["era"] for result in results if result["verdict"] == "pass"} <= set(server.eras)
    kept = done.stderr.splitlines()[-1]
    assert kept.startswith("keep these probes: mcp-prober init ")
    assert f"--timeout {timeout} " in kept


def test_list_and_call(server: RealServer, tmp_path: Path) -> None:
    before, behind = split(server)
    listed = CliRunner().invoke(app, ["list", *before, *behind])
    assert listed.exit_code == 0, listed.output
    tool, arguments, shown = CALLS[server.name]
    assert f"\n  {tool} " in listed.stdout
    typed = [word for each in arguments for word in ("--arg", each.format(repository=tmp_path / "repository"))]
    address, options = ([], before) if behind else (before[:1], before[1:])
    called = CliRunner().invoke(
        app, ["call", *address, tool, *options, *typed, "--timeout", "25s", "--allow-writes", *behind]
    )
    assert called.exit_code == 0, called.output
    assert shown in called.stdout
    assert called.stderr.startswith("pass: the answer took ")


def test_every_server_is_called() -> None:
    assert set(CALLS) == set(SERVERS)
