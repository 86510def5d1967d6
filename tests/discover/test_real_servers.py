"""`init` and then `run`, nothing touched in between, passes on every real server and over every transport it has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from prober.cli import app
from tests.discover.drafting import drafted
from tests.peers.child import ROOT
from tests.real.servers import SERVERS, RealServer

pytestmark = pytest.mark.external

OF_EVERYTHING: Final = {
    "echo",
    "get-env",
    "get-resource-links",
    "get-resource-reference",
    "get-structured-content",
    "get-sum",
    "get-tiny-image",
}
OF_SDK: Final = {"add", "count_words", "forecast", "list_notes"}

ANSWERING: Final[dict[str, set[str]]] = {
    "everything-stdio": OF_EVERYTHING,
    "everything-http": OF_EVERYTHING,
    "everything-sse": OF_EVERYTHING,
    "filesystem": {
        "directory_tree",
        "get_file_info",
        "list_allowed_directories",
        "list_directory",
        "list_directory_with_sizes",
        "read_file",
        "read_media_file",
        "read_text_file",
        "search_files",
    },
    "memory": {"open_nodes", "read_graph", "search_nodes"},
    "time": {"convert_time", "get_current_time"},
    "git": {"git_diff_staged", "git_diff_unstaged", "git_log", "git_status"},
    "sdk-http": OF_SDK,
    "sdk-http-events": OF_SDK,
    "sdk-stdio": OF_SDK,
}
"""The tools that can be called without a person's help."""

PATIENCE: Final = {"everything-stdio": "8s", "everything-http": "4s", "everything-sse": "4s"}
"""Enough for a start on a busy machine; one tool of these servers takes 10 s and is not waited for."""


SLOW: Final = PATIENCE.keys() | {"sdk-stdio"}
"""Servers that `make test` leaves out: `init` waits for a slow tool, or starts a process for every call."""


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SERVERS])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealServer]:
    with SERVERS[request.param](tmp_path) as server:
        yield server


def words_of(server: RealServer) -> list[str]:
    """How an operator names the server to `init`."""
    target = server.target
    if "url" in target:
        return [target["url"], "--transport", target.get("transport", "http")]
    env = [word for name, value in target.get("env", {}).items() for word in ("--env", f"{name}={value}")]
    return [*env, "--", *target["command"]]


def test_init_and_then_run_passes(server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    probes = str(tmp_path / "probes")
    timeout = PATIENCE.get(server.name, "25s")
    init = CliRunner().invoke(app, ["init", "--output-dir", probes, "--timeout", timeout, *words_of(server)])
    assert init.exit_code == 0, init.output
    run = CliRunner().invoke(app, ["run", probes, "--output", "json"])
    assert run.exit_code == 0, run.output
    results = json.loads(run.stdout)["results"]
    assert {result["kind"] for result in results} >= {"handshake", "catalog"}
    calls = [exchange for exchange in results if exchange["kind"] == "call"]
    assert len(calls) == len(ANSWERING[server.name]), init.output
    [written] = (tmp_path / "probes").glob("*.yaml")
    assert all(f"tool: {tool}\n" in written.read_text() for tool in ANSWERING[server.name])


async def test_a_server_of_both_eras_is_probed_in_the_older_one_as_well(tmp_path: Path) -> None:
    with SERVERS["sdk-http"](tmp_path) as server:
        target: dict[str, Any] = {**server.target, "protocol": "handshake"}
        found = await drafted(target, tmp_path, timeout="25s")
        outcomes = await found.run()
    assert found.seen.server.era == "handshake"
    assert set(found.answering) == OF_SDK
    assert [(outcome.probe, outcome.reason) for outcome in outcomes if outcome.reason] == []
    assert {outcome.server.era for outcome in outcomes} == {"handshake"}


def test_every_server_is_known_by_its_tools() -> None:
    assert set(ANSWERING) == set(SERVERS)
