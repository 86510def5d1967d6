"""`init` takes the file of a client: real servers on stdio and HTTP, questions, refusals, and what stands nearby."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests import slow_server
from tests.cli.command import Done, mcp_prober, quickly
from tests.kinds.offering import offering, tool
from tests.real.servers import ROOT, sdk_http, sdk_stdio

SECRET: Final = "hunter2-s3cr3t"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The servers of a file: one real server on stdio, one on HTTP, one that is switched off."""
    with sdk_stdio(tmp_path) as stdio, sdk_http(tmp_path) as http:
        program, *arguments = stdio.target["command"]
        yield {
            "local": {"command": program, "args": arguments, "env": {"PYTHONPATH": str(ROOT), "API_KEY": SECRET}},
            "web": {"type": "http", "url": http.target["url"], "headers": {"Authorization": f"Bearer {SECRET}"}},
            "off": {"command": "no-such-program", "disabled": True},
        }


def file_of(servers: dict[str, Any], folder: Path, name: str = ".mcp.json") -> str:
    (folder / name).write_text(json.dumps({"mcpServers": servers}))
    return name


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "probes").glob("*.yaml")}


@pytest.mark.slow
async def test_each_server_of_a_file_gets_a_probe_file_that_passes(real: dict[str, Any], tmp_path: Path) -> None:
    env = {"API_KEY": "other", "WEB_AUTHORIZATION": "another"}
    done = await mcp_prober("init", file_of(real, tmp_path), "--yes", cwd=tmp_path, env=env)
    assert done.code == 0, done.err
    said = ".mcp.json:1): left out: it is switched off. To take it: mcp-prober init .mcp.json --server off"
    assert said in done.err
    written = files(tmp_path)
    assert written.keys() == {"local.yaml", "web.yaml"}
    local = yaml.safe_load(written["local.yaml"])["targets"]["local"]
    assert local["env"] == {"PYTHONPATH": str(ROOT), "API_KEY": "${API_KEY}"}
    web = yaml.safe_load(written["web.yaml"])["targets"]["web"]
    assert web == {"url": real["web"]["url"], "headers": {"Authorization": "Bearer ${WEB_AUTHORIZATION}"}}
    assert SECRET not in done.out + done.err + "".join(written.values())
    run = await mcp_prober("run", cwd=tmp_path, env=env)
    assert run.code == 0, run.out


async def test_a_variable_that_is_not_set_is_named_with_what_to_say(
    real: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    real["plain"] = {"command": "plain"}
    done = await quickly("init", file_of(real, tmp_path), env={"API_KEY": "x"})
    assert (done.code, done.out, files(tmp_path)) == (2, "", {})
    assert done.err.splitlines()[-3:] == [
        "These variables are not set. Set them, and say the same again:",
        "  export WEB_AUTHORIZATION=…     # web: written out in .mcp.json:1",
        "Or take the others: mcp-prober init .mcp.json --server local --server plain",
    ]


async def test_without_a_terminal_no_command_is_started_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    started = tmp_path / "started"
    servers = {name: {"command": "touch", "args": [str(started)]} for name in ("one", "my two")}
    done = await quickly("init", file_of(servers, tmp_path))
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[1:] == [
        ".mcp.json starts 2 commands:",
        f"  one: touch {started}",
        f"  my two: touch {started}",
        "Nothing was started. Name those that may be, or allow all of them:",
        "  mcp-prober init .mcp.json --server one --server 'my two'",
        "  mcp-prober init .mcp.json --yes",
    ]
    assert not started.exists()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
async def test_on_a_terminal_there_is_one_question(answer: str, code: int, tmp_path: Path) -> None:
    program, *arguments = slow_server.command()
    servers = {name: {"command": program, "args": arguments} for name in ("one", "two")}
    done = await at_a_terminal(answer, "init", file_of(servers, tmp_path), cwd=tmp_path)
    assert done.code == code, done.err
    assert done.err.count("Start them? [y/N]") == 1
    assert f"  one: {program} -I -S" in done.err
    assert files(tmp_path).keys() == ({"one.yaml", "two.yaml"} if answer == "y" else set())
    assert ("Nothing was started." in done.err) is (answer != "y")


async def at_a_terminal(answer: str, *words: str, cwd: Path) -> Done:
    """The command with a person at its standard input, who answers once."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "prober", *words),
        cwd=cwd,
        stdin=theirs,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        async with asyncio.timeout(40):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)
    assert process.returncode is not None
    return Done(code=process.returncode, out=out.decode(), err=err.decode())


async def test_a_named_server_is_started_also_one_that_is_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, *arguments = slow_server.command()
    slow = {"command": program, "args": arguments}
    servers = {"time-one": slow, "time-two": slow | {"disabled": True}, "other": slow}
    done = await quickly("init", file_of(servers, tmp_path), "--server", "time-*")
    assert done.code == 0, done.err
    assert files(tmp_path).keys() == {"time-one.yaml", "time-two.yaml"}


async def test_one_server_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    program, *arguments = slow_server.command()
    servers = {
        "bad": {"command": "no-such-program"},
        "gone": {"url": "http://127.0.0.1:9/mcp"},
        "good": {"command": program, "args": arguments},
    }
    done = await mcp_prober("init", file_of(servers, tmp_path, "mcp.json"), "--yes", cwd=tmp_path)
    assert done.code == 1
    assert "no-such-program" in done.err
    assert "http://127.0.0.1:9/mcp: connect_refused" in done.err
    assert files(tmp_path).keys() == {"good.yaml"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--server", "tmie"), "--server tmie: there is no such server in the file; did you mean time?"),
        (("--server", "socket"), "socket (FILE:1): its transport 'ws' cannot be probed; stdio, http and sse can"),
        (("--server", "*", "--header", "A: b"), "--header, --env and --transport are for one URL or command"),
        (("--server", "time", "--server", "web", "--name", "x"), "--name is for one server, and these are 2."),
        (("--server", "web"), "FILE:1: targets.web.url: the port must be a number from 1 to 65535"),
        (("--server", "away"), "FILE:1: targets.away.cwd: no such folder"),
    ],
)
async def test_a_wrong_choice_says_what_is_there(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    servers = {
        "time": {"command": "uvx"},
        "socket": {"type": "ws", "url": "wss://example.com"},
        "web": {"url": "http://127.0.0.1:99999/mcp"},
        "away": {"command": "uvx", "cwd": "/no/such/folder"},
    }
    file = tmp_path / "mcp.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    done = await quickly("init", str(file), *words)
    assert (done.code, done.out) == (2, "")
    assert said.replace("FILE", str(file)) in done.err


async def test_a_file_with_mistakes_names_all_of_them(tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text('{"mcpServers": {"a": {"command": 1}, "b": {}}}')
    done = await quickly("init", str(tmp_path / "one.json"), str(tmp_path / "two.json"))
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 4


async def test_a_scan_lists_what_the_clients_have_and_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, project, started = tmp_path / "home", tmp_path / "project", tmp_path / "started"
    for folder in (home / ".cursor", home / ".codex", home / "xdg" / "zed", project):
        folder.mkdir(parents=True)
    command = {"command": "touch", "args": [str(started)], "env": {"API_KEY": SECRET}}
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {"one": command}}))
    url = "https://example.com/mcp?token=" + SECRET
    (home / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"two": {"url": url, "disabled": True}}}))
    (home / ".codex" / "config.toml").write_text('model = "x"\n')
    (home / "xdg" / "zed" / "settings.json").write_text('{"context_servers": {"three": {"source": "extension"}}}')
    env = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "xdg")}
    monkeypatch.chdir(project)
    done = await quickly("init", "--scan", env=env)
    assert (done.code, done.err) == (0, "")
    cursor = home / ".cursor" / "mcp.json"
    assert done.out.splitlines()[:-1] == [
        "Claude Code: .mcp.json",
        f"  one  stdio  touch {started}",
        "       set API_KEY first: written out in .mcp.json:1",
        "       next: mcp-prober init .mcp.json --server one",
        "",
        f"Cursor: {cursor}",
        "  two  http   https://example.com/mcp?…",
        "       switched off in the client",
        f"       set TWO_TOKEN first: written out in {cursor}:1",
        f"       next: mcp-prober init {cursor} --server two",
        "",
        f"Zed: {home / 'xdg' / 'zed' / 'settings.json'}",
        "  three  -",
        "         an extension of the client starts it; give its command instead: mcp-prober init -- COMMAND",
        "",
    ]
    assert done.out.splitlines()[-1].startswith("3 servers in 3 files; looked for ")
    assert not started.exists()


async def test_a_scan_that_finds_nothing_is_no_success_and_one_with_mistakes_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = await quickly("init", "--scan", env=env)
    assert done.code == 1
    assert done.out.splitlines()[-1].endswith("mcp-prober init URL, mcp-prober init -- COMMAND")
    (tmp_path / ".mcp.json").write_text('{"mcpServers": {}')
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"one": {"command": "uvx"}}}')
    done = await quickly("init", "--scan", env=env)
    assert done.code == 2
    assert done.err == ".mcp.json:1: not JSON: a comma or } is missing at the end of the file\n"
    assert "next: mcp-prober init mcp.json --server one" in done.out


async def test_a_next_command_of_a_scan_works_as_it_is_printed(tmp_path: Path) -> None:
    program, *arguments = slow_server.command()
    file_of({"my slow": {"command": program, "args": arguments}}, tmp_path)
    env = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    scan = await mcp_prober("init", "--scan", cwd=tmp_path, env=env)
    [said] = [line.partition("next: mcp-prober ")[2] for line in scan.out.splitlines() if "next: " in line]
    done = await mcp_prober(*shlex.split(said), cwd=tmp_path, env=env)
    assert done.code == 0, done.err
    assert "my-slow.yaml" in files(tmp_path)


async def test_a_server_whose_transport_the_file_leaves_open_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with offering(tool("count")) as peer:
        done = await quickly("init", file_of({"web": {"url": peer.url}}, tmp_path))
    assert done.code == 0, done.err
    assert f"{peer.url} (Streamable HTTP): taken" in done.err
    assert "transport" not in yaml.safe_load(files(tmp_path)["web.yaml"])["targets"]["web"]
