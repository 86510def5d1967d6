"""A wrong call ends with 2 and says what is wrong and what to do, in words and never with a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.cli.command import mcp_prober, quickly

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

LONG: Final = "n" * 300
"""More than any file may be called."""

NO_TEXT: Final = "http://127.0.0.1:9/\udcff"
"""As Python has a word of the command line with the byte ff."""

WRONG: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("run", "There is no folder `probes` here", ("mcp-prober init URL",)),
    ("check", "There is no folder `probes` here", ()),
    ("run gone.yaml", "gone.yaml: no such file", ("1 mistake. Nothing was run.",)),
    ("run empty", "no *.yaml or *.yml file in this folder", ()),
    ("run good.yaml --probe workflow-stat", "There is no probe 'workflow-stat'", ("Did you mean 'workflow-state'?",)),
    ("run good.yaml --probe zzz", "There is no probe 'zzz'", ("Known: workflow-state",)),
    ("run good.yaml --target serv", "There is no target 'serv'", ("Did you mean 'server'?",)),
    ("run good.yaml --output yaml", "--output yaml", ("choose one of table, json, junit, sarif, github, prometheus",)),
    ("run good.yaml --concurrency 0", "--concurrency", ("1<=x<=1000",)),
    ("run good.yaml --concurrency many", "--concurrency", ("'many'",)),
    ("run good.yaml --verbos", "No such option", ("--verbose",)),
    ("run gone", "gone: no such file or folder", ("mcp-prober run https://gone", "mcp-prober run -- gone")),
    ("run node server.js", "node: no such file or folder", ("mcp-prober run -- node server.js",)),
    ("run folder/mcp", "no such file or folder", ("mcp-prober run https://folder/mcp",)),
    ("run good.yaml http://127.0.0.1:9/mcp", "'http://127.0.0.1:9/mcp' is a server and goes without probe files", ()),
    ("run http://127.0.0.1:9/mcp http://127.0.0.1:9/sse", "is too much: a URL goes alone", ()),
    ("run .mcp.json", ".mcp.json: no such file", ()),
    ("run good.json --server x", "--server is for a URL, a client's file or a command", ()),
    ("run client.json --server z", "--server z: there is no such server in the file; known: x, y", ()),
    ("run client.json", "Nothing was started", ("mcp-prober run client.json --server x --server y", "--yes")),
    ("run client.json good.yaml", "'client.json' is a server and goes without probe files", ()),
    ("run client.json --header A:b", "--header, --env and --transport are for one URL or command", ()),
    ("run --server x -- node server.js", "--server and --yes choose among the servers of a client's file", ()),
    ("call client.json tool --yes", "These are 2 servers: x, y. Choose one: --server NAME", ()),
    ("list client.json --server *", "These are 2 servers: x, y. Choose one: --server NAME", ()),
    ("run http://127.0.0.1:9/mcp -- node server.js", "'http://127.0.0.1:9/mcp' is too much", ("behind `--`",)),
    ("run ftp://127.0.0.1/mcp", "ftp://127.0.0.1/mcp: the URL of a server begins with", ("https://",)),
    ("run http://127.0.0.1:9/mcp --watch", "--watch is for probe files", ()),
    ("run --last-failed -- node server.js", "--last-failed is for probe files", ()),
    ("run --", "There is no command behind `--`", ()),
    ("run -- good.yaml", "Behind `--` stands a command", ("mcp-prober run good.yaml",)),
    ("run good.yaml --header A:b", "--header is for a URL, a client's file or a command", ()),
    ("run good.yaml --timeout 5s", "--timeout is for a URL, a client's file or a command", ()),
    ("run --startup-timeout 5s", "--startup-timeout is for a URL, a client's file or a command", ()),
    ("run http://127.0.0.1:9/mcp --env A=b", "--env is for a command", ()),
    ("run --transport sse -- node server.js", "no --header and no --transport", ()),
    ("run http://127.0.0.1:9/mcp --timeout 5", "timeout", ("write 5s",)),
    ("run http://127.0.0.1:9/mcp --output yaml", "--output yaml", ("choose one of",)),
    ("call", "Name a server and a tool", ("mcp-prober call URL TOOL",)),
    ("call http://127.0.0.1:9/mcp", "Name the tool", ("mcp-prober list http://127.0.0.1:9/mcp tools",)),
    ("call http://127.0.0.1:9/mcp one two", "'two' is too much", ("--arg NAME=VALUE",)),
    ("call -- node server.js", "Before the dashes stands the tool", ("mcp-prober call TOOL -- COMMAND",)),
    ("call server tool -- node server.js", "Before the dashes stands the tool", ()),
    ("call server tool", "'server' is no URL, and there is no folder `probes` here", ("--config",)),
    ("call serv tool --config good.yaml", "There is no target 'serv'; did you mean server?", ("behind `--`",)),
    ("call server tool --config gone.yaml", "gone.yaml: no such file", ()),
    ("call server tool --config good.yaml --env A=b", "--env is for a URL or a command", ("server",)),
    ("call server tool --config good.yaml --timeout soon", "--timeout soon", ("such as 10s",)),
    ("call server tool --config good.yaml --timeout 0s", "--timeout 0s", ("such as 10s",)),
    ("call http://127.0.0.1:9/mcp tool --arg n", "--arg: ", ("write --arg NAME=VALUE",)),
    ("call http://127.0.0.1:9/mcp tool --arg =n", "--arg: ", ("write --arg NAME=VALUE",)),
    ("call http://127.0.0.1:9/mcp tool --arg n=1 --arg n=2", "--arg n is given twice", ("as JSON",)),
    ("call http://127.0.0.1:9/mcp tool --args {", "--args: no JSON", ("line 1, column 2",)),
    ("call http://127.0.0.1:9/mcp tool --args [1]", "--args: expected a JSON object", ("seen [1]",)),
    ('call http://127.0.0.1:9/mcp tool --args {"n":NaN}', "--args: no JSON", ("NaN",)),
    ("call http://127.0.0.1:9/mcp tool --args @gone.json", "--args @gone.json: No such file", ()),
    ("call http://127.0.0.1:9/mcp tool --output table", "--output table", ("choose one of text, json",)),
    ("list", "Name a server", ("mcp-prober list URL",)),
    ("list http://127.0.0.1:9/mcp tool", "There is no list 'tool'; did you mean tools?", ()),
    ("list everything -- node server.js", "There is no list 'everything'", ("tools, prompts",)),
    ("list http://127.0.0.1:9/mcp --output text", "--output text", ("choose one of table, json",)),
    ("list tools", "'tools' is no URL", ()),
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
    ("init http://127.0.0.1:9/mcp --timeout 5", "--timeout: a duration needs a unit", ("write 5s",)),
    ("init --startup-timeout 3 -- cat", "--startup-timeout: a duration needs a unit", ("write 3s",)),
    ("init http://127.0.0.1:9/mcp --name bad/name", "targets.bad/name", ("letters, digits",)),
    ("init http://127.0.0.1:9/mcp --name " + "n" * 95, "probes.", ("100",)),
    ("init http://127.0.0.1:9/mcp --header nonsense", "--header: ", ("write --header 'NAME: VALUE'",)),
    ("init http://127.0.0.1:9/mcp --header Mcp-Name:x", "targets.server.headers.Mcp-Name", ()),
    ("init http://127.0.0.1:9/mcp --header X-Key:${NOT_SET}", "the variable NOT_SET is not set", ()),
    ("init http://127.0.0.1:9/mcp --env A=b", "--env is for a command", ()),
    ("init --header A:b -- node server.js", "no --header and no --transport", ("'node'",)),
    ("init --env nonsense -- node server.js", "--env: ", ("write --env 'NAME=VALUE'",)),
    ("pin good.yaml", "No catalog probe names a contract", ("contract: contracts/NAME.json",)),
    ("drift good.yaml", "No catalog probe names a contract", ()),
    ("drift pinned.yaml", "no such file; `mcp-prober pin` writes it", ()),
    *((f"{command} circle.yaml", "circle.yaml: too many levels", ()) for command in ("run", "check", "pin", "drift")),
    ("run good.yaml --output json=circle.yaml", "--output json=circle.yaml: Too many levels", ()),
    (f"run {LONG}", f"{LONG}: no such file or folder", ()),
    (f"run {LONG}.yaml", "file name too long", ()),
    (f"run good.yaml --output json={LONG}", f"--output json={LONG}: File name too long", ()),
    (f"call {LONG} tool", "is no URL, and there is no folder `probes` here", ()),
    (f"call http://127.0.0.1:9/mcp tool --args @{LONG}", "File name too long", ()),
    ("call http://127.0.0.1:9/mcp tool --args @/dev/zero", "/dev/zero: larger than 8 MiB", ()),
    (f"lint {LONG}.json", "file name too long", ()),
    (f"init {LONG}.json", "file name too long", ()),
    (f"init http://127.0.0.1:9/mcp --update --output-dir {LONG}", "No probe file in", ()),
    (f"export probes {LONG}", "File name too long", ()),
    (f"report --history {LONG}", "there is no history", ()),
    (f"judge {LONG}", "File name too long", ()),
    (f"judge good.yaml --timeline {LONG}/x", "not a file in a folder that is there", ()),
    (f"run {NO_TEXT}", "targets.server.url: not UTF-8", ()),
    (f"check-metrics {NO_TEXT}", "targets.server.url: not UTF-8", ()),
    (f"run -- cat {NO_TEXT}", "targets.server.command[1]: not UTF-8", ()),
    ("run http://127.0.0.1:9/mcp --header A\udcff:b", "targets.server.headers.A\\udcff: not UTF-8", ()),
    ("judge /dev/zero", "/dev/zero: larger than 256 MiB, so no trace", ()),
    (f"drill --prometheus {LONG}", "no such program", ()),
    ("drill --alertmanager-config /dev/zero", "/dev/zero cannot be read: larger than 8 MiB", ()),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "pinned.yaml").write_text(GOOD.replace("kind: handshake", "kind: catalog, contract: gone.json"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    (tmp_path / "good.json").write_text(json.dumps(yaml.safe_load(GOOD)))
    (tmp_path / "client.json").write_text(json.dumps({"mcpServers": {"x": {"command": "x"}, "y": {"command": "y"}}}))
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


MCP: Final = "http://127.0.0.1:9/mcp"
WITH_PASSWORD: Final = "http://bob:hunter2@127.0.0.1:9/mcp"
METRICS: Final = ("check-metrics", "http://127.0.0.1:9/metrics", "--mcp", MCP, "--allow-writes")
RUN_ID: Final = "2026-01-31T12:00:00.000Z"
SECRETIVE: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    *(((command, "bob:hunter2@127.0.0.1:9"), "user name or password") for command in ("run", "init", "list", "lint")),
    (("call", "bob:hunter2@127.0.0.1:9", "tool"), "user name or password"),
    (("init", WITH_PASSWORD), "user name or password"),
    (("init", "ftp://bob:hunter2@127.0.0.1/"), "ftp://…@127.0.0.1/: the URL of a server begins with"),
    (("list", "ftp://bob:hunter2@127.0.0.1/"), "ftp://…@127.0.0.1/: the URL of a server begins with"),
    (("run", WITH_PASSWORD, "probes.yaml"), "'http://…@127.0.0.1:9/mcp' is a server"),
    (("run", f"{MCP}?q=hunter2", "--", "node"), "'http://127.0.0.1:9/mcp?…' is too much"),
    (("run", "host?q=hunter2"), "host?…: no such file or folder"),
    (("run", WITH_PASSWORD, "--server", "x"), "'http://…@127.0.0.1:9/mcp' is no file of a client"),
    (("call", WITH_PASSWORD), "Name the tool: mcp-prober call 'http://…@127.0.0.1:9/mcp' TOOL"),
    (("call", MCP, "tool", "token=hunter2"), "'token…' is too much"),
    (("call", MCP, "tool", "--arg", "token hunter2"), "--arg: write --arg NAME=VALUE"),
    (("init", MCP, "token=hunter2"), "'token…' is too much"),
    (("init", MCP, "--header", "Authorization Bearer hunter2"), "--header: write --header 'NAME: VALUE'"),
    (("init", "--env", "TOKEN hunter2", "--", "node"), "--env: write --env 'NAME=VALUE'"),
    (("init", MCP, "--set", "hunter2"), "--set: write --set KEY=VALUE"),
    (("init", f"{WITH_PASSWORD}?api_key=hunter2"), "'http://…@127.0.0.1:9/mcp?api_key=${API_KEY}'"),
    ((*METRICS, "--act", "token hunter2"), "--act: write one of"),
    (("check-metrics", "bob:hunter2@127.0.0.1"), "…@127.0.0.1: a URL begins with"),
    (("replay", f"{WITH_PASSWORD}?run=hunter2"), "http://…@127.0.0.1:9/mcp?…: neither the id of a run"),
    (("replay", RUN_ID, "--daemon", WITH_PASSWORD), "--daemon http://…@127.0.0.1:9/mcp: ConnectError"),
    (("replay", RUN_ID, "--daemon", "http://bob:hunter2@127.0.0.1:9x"), "--daemon http://…@127.0.0.1:9x: no URL"),
)


@pytest.mark.parametrize(("words", "told"), SECRETIVE, ids=[" ".join(row[0])[:60] for row in SECRETIVE])
async def test_a_wrong_call_is_not_quoted_where_it_may_hold_a_secret(words: tuple[str, ...], told: str) -> None:
    done = await quickly(*words)
    assert (done.code, done.out) == (2, "")
    assert told in " ".join(done.err.split())
    assert "hunter2" not in done.err


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
