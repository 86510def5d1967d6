"""What a word means: a URL with or without its scheme or path, a command, the file of a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from prober.cli.server_address import ServerArguments, check_server, choose_servers, is_probe_file, url_of
from tests.cli.command import quickly
from tests.real.servers import sdk_http

WORDS = (
    ("https://example.com/mcp", "https://example.com/mcp"),
    ("HTTP://example.com", "HTTP://example.com"),
    ("example.com/mcp", "https://example.com/mcp"),
    ("example.com", "https://example.com"),
    ("example.com:8443", "https://example.com:8443"),
    ("localhost:8000", "http://localhost:8000"),
    ("localhost", "http://localhost"),
    ("localhost/mcp", "http://localhost/mcp"),
    ("mcp:8000/mcp", "http://mcp:8000/mcp"),
    ("127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("10.1.2.3/mcp", "http://10.1.2.3/mcp"),
    ("192.168.0.7:80", "http://192.168.0.7:80"),
    ("8.8.8.8/mcp", "https://8.8.8.8/mcp"),
    ("[::1]:8000/mcp", "http://[::1]:8000/mcp"),
    ("printer.local/mcp", "http://printer.local/mcp"),
    ("host.docker.internal:3000", "http://host.docker.internal:3000"),
    ("mcp-server-time", None),
    ("bin/server", None),
    ("./server", None),
    ("/usr/bin/server", None),
    ("server.py", None),
    ("node", None),
    ("@scope/package", None),
    ("a b", None),
)


@pytest.mark.parametrize(("word", "url"), WORDS)
def test_a_word_without_a_scheme_is_a_url_where_it_cannot_be_a_program(word: str, url: str | None) -> None:
    assert url_of(word) == url


def test_a_file_that_is_there_is_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.com").write_text("#!/bin/sh\n")
    assert url_of("example.com") is None


def test_a_probe_file_is_told_from_the_file_of_a_client(tmp_path: Path) -> None:
    probe_files = ["probes.yaml", "a/b.yml", str(tmp_path)]
    assert [is_probe_file(word) for word in probe_files] == [True, True, True]
    assert [is_probe_file(word) for word in (".mcp.json", "config.toml", "https://x/y.yaml", "uvx")] == [False] * 4


def arguments(*words: str, **others: Any) -> ServerArguments:
    given: dict[str, Any] = {
        "words": list(words),
        "transport": None,
        "headers": [],
        "env": [],
        "name": None,
        "timeout": "5s",
        "startup_timeout": None,
    }
    return ServerArguments(**given | others)


IN_A_QUERY = {
    "https://example.com/mcp?key=abcd-1234": "'https://example.com/mcp?key=${KEY}'",
    "https://example.com/mcp?tavilyApiKey=tvly-1&depth=2": "'https://example.com/mcp?tavilyApiKey=${TAVILY_API_KEY}&depth=2'",
    "https://example.com/mcp?a=1&x-access.token=a%2Bb": "'https://example.com/mcp?a=1&x-access.token=${X_ACCESS_TOKEN}'",
    "https://example.com?u=sk-abcdefghijklmnop": "'https://example.com?u=${U}'",
    "https://example.com/?key=one&password=${HAD}": "'https://example.com/?key=${KEY}&password=${HAD}'",
}


@pytest.mark.parametrize(("url", "instead"), IN_A_QUERY.items())
def test_a_key_in_the_query_of_a_url_is_refused_with_what_to_say_instead(
    url: str, instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as refused:
        check_server(arguments(url))
    assert refused.value.exit_code == 2
    said = capsys.readouterr().err
    assert instead in said
    assert not [secret for secret in ("abcd-1234", "tvly-1", "a%2Bb", "sk-abc", "=one") if secret in said]


@pytest.mark.parametrize("query", ["page=7", "team=red&x=", "key=${KEY}", "token=true", ""])
def test_what_is_no_key_may_stand_there(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "abcd-1234")
    assert check_server(arguments(f"https://example.com/mcp?{query}")).entry["url"].endswith(query)


def test_a_command_is_what_it_is() -> None:
    [server] = choose_servers(arguments("uvx", "mcp-server-time"))
    assert (server.entry, server.target.transport) == ({"command": ["uvx", "mcp-server-time"]}, "stdio")


def test_a_url_with_a_path_is_not_asked() -> None:
    """Whoever takes the server asks it, and reports what is wrong."""
    [server] = choose_servers(arguments("http://127.0.0.1:9/mcp"))
    assert server == check_server(arguments("http://127.0.0.1:9/mcp"))


def test_the_file_of_a_client_gives_its_servers(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text('{"mcpServers": {"A server": {"command": "uvx"}, "a-server": {"command": "npx"}}}')
    servers = choose_servers(arguments(str(file), yes=True, command="run"))
    assert [(server.name, server.entry) for server in servers] == [
        ("a", {"command": ["uvx"]}),
        ("a-2", {"command": ["npx"]}),
    ]


def test_a_refusal_says_the_command_that_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mcp.json"
    file.write_text('{"mcpServers": {"a": {"command": "uvx"}}}')
    with pytest.raises(typer.Exit):
        choose_servers(arguments(str(file), command="run"))
    assert f"mcp-prober run {file} --server a" in capsys.readouterr().err


async def test_a_url_without_a_path_is_asked_at_the_usual_paths(tmp_path: Path) -> None:
    with sdk_http(tmp_path) as server:
        base = server.target["url"].removesuffix("/mcp")
        done = await quickly("init", base.removeprefix("http://"), "--output-dir", str(tmp_path / "probes"))
    assert done.code == 0, done.err
    assert done.err.splitlines() == [
        f"{base.removeprefix('http://')}: taken for {base}",
        f"{base} (Streamable HTTP): not_found at initialize: HTTP 404: Not Found",
        f"{base}/mcp (Streamable HTTP): taken",
    ]
    [file] = (tmp_path / "probes").glob("*.yaml")
    [target] = yaml.safe_load(file.read_text())["targets"].values()
    assert target == {"url": f"{base}/mcp"}


async def test_a_host_where_nothing_listens_is_asked_once(tmp_path: Path) -> None:
    done = await quickly("init", "127.0.0.1:9", "--output-dir", str(tmp_path))
    assert done.code == 1
    [taken, failed, hint] = done.err.splitlines()
    assert taken == "127.0.0.1:9: taken for http://127.0.0.1:9"
    assert failed.startswith("http://127.0.0.1:9 (Streamable HTTP): connect_refused")
    assert hint == "No MCP server answers there. Give the whole URL, with its path."
