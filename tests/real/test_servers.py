"""The real servers start, answer the official client, and leave nothing behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

from tests.real import install
from tests.real.process import free_port, running
from tests.real.servers import SERVERS, RealServer, everything_http, sdk_http

pytestmark = pytest.mark.external

SOME_TOOL: Final = {
    "everything-stdio": "echo",
    "everything-http": "echo",
    "everything-sse": "echo",
    "filesystem": "read_text_file",
    "memory": "read_graph",
    "time": "get_current_time",
    "git": "git_log",
    "sdk-http": "forecast",
    "sdk-http-events": "forecast",
    "sdk-stdio": "forecast",
}
MODE: Final = {"modern": "2026-07-28", "handshake": "legacy"}


def _address(server: RealServer) -> Any:
    target = server.target
    if "url" in target:
        return sse_client(target["url"]) if target.get("transport") == "sse" else target["url"]
    command, *arguments = target["command"]
    return StdioServerParameters(command=command, args=arguments, env=target.get("env"), cwd=target.get("cwd"))


async def test_a_real_server_has_the_tools_it_is_known_for_in_every_era_it_speaks(real_server: RealServer) -> None:
    for era in real_server.eras:
        async with Client(_address(real_server), mode=MODE[era], read_timeout_seconds=20) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
        assert SOME_TOOL[real_server.name] in names


def test_every_server_is_known_by_a_tool() -> None:
    assert set(SOME_TOOL) == set(SERVERS)


@pytest.mark.parametrize("start", [everything_http, sdk_http])
def test_a_server_is_gone_when_its_block_ends(start: Any, tmp_path: Path) -> None:
    with start(tmp_path) as server:
        port = urlsplit(server.target["url"]).port
        assert os.getpgid(server.pid) == server.pid
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0))


def test_a_server_that_dies_at_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "echo no such table; exit 7"]
    with (
        pytest.raises(AssertionError, match=r"exited with 7:\nno such table"),
        running(command, port=free_port(), log=tmp_path / "log"),
    ):
        pass


def test_a_missing_server_is_a_failure_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "MODULES", tmp_path)
    monkeypatch.setattr(install, "ENVIRONMENT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(install.NotInstalledError, match=r"server-memory is not installed: run `make setup`"):
        install.npm_script("@modelcontextprotocol/server-memory")
    with pytest.raises(install.NotInstalledError, match=r"mcp-server-git is not installed: run `make setup`"):
        install.program("mcp-server-git")
    with pytest.raises(install.NotInstalledError, match=r"Node.js is not installed: run `make setup`"):
        install.node()
    with pytest.raises(install.NotInstalledError, match=r"git is not installed: install the system package `git`"):
        install.system_program("git")
