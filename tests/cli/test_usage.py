"""A wrong call ends with 2 and says what is wrong and what to do, in words and never with a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import mcp_prober

GOOD: Final = """\
targets: {server: {url: "http://127.0.0.1:9/mcp"}}
probes: {workflow-state: {target: server, kind: handshake}}
"""
BAD: Final = """\
targets: {server: {ur: "http://127.0.0.1:9/mcp", headers: {X-Key: "${NOT_SET}"}}}
probes:
  first: {target: serve, kind: handshake, timeout: 5}
  second: {target: server, kind: cal, tool: x}
"""

WRONG: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("run", "There is no folder `probes` here", ("mcp-prober init URL",)),
    ("check", "There is no folder `probes` here", ()),
    ("run gone.yaml", "gone.yaml: no such file", ("1 mistake. Nothing was run.",)),
    ("run empty", "no *.yaml or *.yml file in this folder", ()),
    ("run good.yaml --probe workflow-stat", "There is no probe 'workflow-stat'", ("Did you mean 'workflow-state'?",)),
    ("run good.yaml --probe zzz", "There is no probe 'zzz'", ("Known: workflow-state",)),
    ("run good.yaml --target serv", "There is no target 'serv'", ("Did you mean 'server'?",)),
    ("run good.yaml --output yaml", "--output yaml", ("choose one of table, json, junit, prometheus",)),
    ("run good.yaml --concurrency 0", "--concurrency", ("1<=x<=1000",)),
    ("run good.yaml --concurrency many", "--concurrency", ("'many'",)),
    ("run good.yaml --verbos", "No such option", ("--verbose",)),
    ("rum", "No such command 'rum'", ()),
    ("init", "Which server? Give a URL, the file of a client, or -- COMMAND.", ("mcp-prober init --scan",)),
    ("init --scan x", "--scan looks in the usual places", ()),
    ("init http://127.0.0.1:9/mcp --server x", "--server and --yes choose among the servers of a file", ()),
    ("init good.yaml", "good.yaml is a place of probe files", ("mcp-prober run good.yaml",)),
    ("init gone.json", "gone.json: no such file", ()),
    ("init gone.json more", "gone.json is the file of a client, so 'more' is too much.", ("--server NAME",)),
    ("init bad.yaml gone.json", "bad.yaml is a place of probe files", ()),
    ("init http://127.0.0.1:9/mcp more", "Only one URL is allowed, so 'more' is too much.", ("behind `--`",)),
    ("init http://127.0.0.1:99999/mcp", "targets.server.url", ("port",)),
    ("init http://", "targets.server.url", ()),
    ("init http://user:pw@127.0.0.1:9/mcp", "targets.server.url", ("headers",)),
    ("init http://127.0.0.1:9/mcp --transport ws", "targets.server.transport", ("http or sse",)),
    ("init http://127.0.0.1:9/mcp --timeout 5", "defaults.timeout", ("write 5s",)),
    ("init http://127.0.0.1:9/mcp --name bad/name", "targets.bad/name", ("letters, digits",)),
    ("init http://127.0.0.1:9/mcp --name " + "n" * 95, "probes.", ("100",)),
    ("init http://127.0.0.1:9/mcp --header nonsense", "--header 'nonsense'", ("write --header 'NAME: VALUE'",)),
    ("init http://127.0.0.1:9/mcp --header Mcp-Name:x", "targets.server.headers.Mcp-Name", ()),
    ("init http://127.0.0.1:9/mcp --header X-Key:${NOT_SET}", "the variable NOT_SET is not set", ()),
    ("init http://127.0.0.1:9/mcp --env A=b", "--env is for a command", ()),
    ("init --header A:b -- node server.js", "no --header and no --transport", ("'node'",)),
    ("init --env nonsense -- node server.js", "--env 'nonsense'", ("write --env 'NAME=VALUE'",)),
    ("pin good.yaml", "No catalog probe names a contract", ("contract: contracts/NAME.json",)),
    ("drift good.yaml", "No catalog probe names a contract", ()),
    ("drift pinned.yaml", "no such file; `mcp-prober pin` writes it", ()),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "pinned.yaml").write_text(GOOD.replace("kind: handshake", "kind: catalog, contract: gone.json"))
    (tmp_path / "empty").mkdir()
    return tmp_path


def everything_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize(("call", "told", "help_"), WRONG, ids=[row[0][:60] for row in WRONG])
async def test_a_wrong_call_is_told_in_words(call: str, told: str, help_: tuple[str, ...], folder: Path) -> None:
    before = everything_in(folder)
    done = await mcp_prober(*call.split(), cwd=folder)
    assert done.code == 2, done.err
    assert done.out == ""
    for text in (told, *help_):
        assert text in " ".join(done.err.split()), done.err
    assert everything_in(folder) == before


@pytest.mark.parametrize("command", ["run", "check", "pin", "drift"])
async def test_all_mistakes_of_a_configuration_are_told_at_once(command: str, folder: Path) -> None:
    done = await mcp_prober(command, "bad.yaml", cwd=folder)
    assert done.code == 2
    mistakes = done.err.splitlines()
    assert mistakes[-1] == f"{len(mistakes) - 1} mistakes. Nothing was run."
    assert len(mistakes) >= 6
    assert all(line.startswith("bad.yaml:") for line in mistakes[:-1])
    for part in (":1: targets.server.ur:", "NOT_SET", ":3: probes.first.timeout:", "no such kind", "no such target"):
        assert part in done.err


@pytest.mark.parametrize("command", ["run", "check"])
async def test_a_configuration_without_probes_is_refused_alike(command: str, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("probes: {}\n")
    done = await mcp_prober(command, "empty.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == "There are no probes in this configuration. Write some for a server: mcp-prober init URL\n"


async def test_a_sound_configuration_is_described(folder: Path) -> None:
    done = await mcp_prober("check", "good.yaml", cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == "1 probe of 1 target in 1 file, no mistakes\n"


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (
            ("http://127.0.0.1:9/mcp", "--header", "Authorization: Bearer abc123"),
            "--header 'Authorization: ${VARIABLE}'",
        ),
        (("http://127.0.0.1:9/mcp", "--header", "X-Api-Key: abc123"), "--header 'X-Api-Key: ${VARIABLE}'"),
        (("--env", "GITHUB_TOKEN=abc123", "--", "node", "server.js"), "--env 'GITHUB_TOKEN=${VARIABLE}'"),
    ],
    ids=["authorization", "key", "environment"],
)
async def test_a_secret_that_would_land_in_a_file_is_refused_and_not_repeated(
    words: tuple[str, ...], form: str, folder: Path
) -> None:
    done = await mcp_prober("init", *words, cwd=folder)
    assert done.code == 2
    assert "abc123" not in done.err
    assert form in done.err
