"""The server as a process: both eras with the official client, both transports, its pages, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import pytest
from mcp import Client, StdioServerParameters

from prober.reference import __main__
from prober.reference.serve import listen
from prober.reference.tools.catalog import TOOLS

from .inside import inside
from .processes import ServerProcess, serving
from .test_wire_faults import NO_TLS


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with a session to read."""
    with serving(tmp_path_factory.mktemp("server"), "--session", "probe") as server:
        yield server


async def work(client: Client) -> None:
    """Some of everything, through the official client, which checks answers against the declared schemas."""
    assert [tool.name for tool in (await client.list_tools()).tools] == list(TOOLS)
    created = await client.call_tool("create_session", {})
    assert created.structured_content is not None
    handle = created.structured_content["handle"]
    await client.call_tool("complete_step", {"session_id": handle, "step_id": "one", "agent_id": "a"})
    state = await client.call_tool("get_workflow_state", {"session_id": handle})
    assert state.structured_content is not None
    assert state.structured_content["completedSteps"] == ["one"]
    assert json.loads(state.content[0].text) == state.structured_content  # type: ignore[union-attr]
    gone = await client.call_tool("get_session", {"session_id": "nobody"})
    assert gone.is_error


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_the_official_client_works_over_http_in_both_eras(
    process: ServerProcess, mode: Literal["auto", "legacy", "2026-07-28"]
) -> None:
    async with Client(process.url, mode=mode) as client:
        await work(client)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_works_over_stdio_in_both_eras(
    tmp_path: Path, mode: Literal["auto", "legacy"]
) -> None:
    arguments = ["-m", "prober.reference", "--stdio", "--db", str(tmp_path / "state.db"), "--session", "probe"]
    async with Client(StdioServerParameters(command=sys.executable, args=arguments), mode=mode) as client:
        await work(client)
        await client.call_tool("run_step", {"session_id": "probe", "action": "a"})
        record = await client.call_tool("get_session", {"session_id": "probe"})
        assert record.structured_content is not None
        assert record.structured_content["stepCount"] == 1


async def test_the_server_says_who_it_is(process: ServerProcess) -> None:
    async with Client(process.url) as client:
        assert client.server_info is not None
        assert client.server_info.name == "mcp-prober-reference"
        assert client.server_info.version
        assert "create_session" in (client.instructions or "")


PAGES = [
    ("/healthz", 200, "text/plain; charset=utf-8", "ok"),
    ("/readyz", 200, "text/plain; charset=utf-8", "ready"),
    ("/metrics", 200, "text/plain; version=", "mcp_tool_calls_total"),
    ("/debug/faults", 200, "application/json", '"active":[]'),
    ("/debug/contention", 200, "application/json", '"sessions":'),
    ("/mcp", 405, "text/plain; charset=utf-8", "this endpoint answers POST only"),
    ("/nothing", 404, "text/plain; charset=utf-8", "Not Found"),
]


@pytest.mark.parametrize(("path", "status", "content_type", "holds"), PAGES)
async def test_a_page_answers(process: ServerProcess, path: str, status: int, content_type: str, holds: str) -> None:
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        page = await client.get(process.origin + path)
    assert page.status_code == status
    assert page.headers["content-type"].startswith(content_type)
    assert holds in page.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:1"}, 200),
    ],
)
async def test_pages_of_other_origins_cannot_use_the_server(
    process: ServerProcess, headers: dict[str, str], status: int
) -> None:
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        answer = await client.post(process.url, json=DISCOVER, headers={**DISCOVER_HEADERS, **headers})
    assert answer.status_code == status


DISCOVER: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "server/discover",
    "params": {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    },
}
DISCOVER_HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "server/discover",
}


async def test_a_name_that_was_allowed_is_served(tmp_path: Path) -> None:
    async with inside(tmp_path, allowed_hosts=("state.example:*",)) as server:
        for host, status in (("state.example:8080", 200), ("other.example:8080", 421)):
            headers = {**DISCOVER_HEADERS, "host": host}
            assert (await server.http.post("/mcp", json=DISCOVER, headers=headers)).status_code == status


async def test_answers_do_not_wait_for_delayed_acknowledgements() -> None:
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        accepted.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()
        await writer.wait_closed()

    with listen("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(look, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await accepted == 1
            writer.close()
            await writer.wait_closed()


@pytest.mark.slow
async def test_an_idle_connection_is_left_to_the_client_to_close(process: ServerProcess) -> None:
    address = urlsplit(process.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    request = f"GET /healthz HTTP/1.1\r\nhost: {address.netloc}\r\n\r\n".encode()
    writer.write(request)
    assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200")
    with pytest.raises(TimeoutError):  # clients keep one for 5 s: one that the server closes meanwhile is a reset
        await asyncio.wait_for(reader.read(1), timeout=6)
    writer.write(request)
    assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_well(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as server:
        server.process.send_signal(number)
        assert server.process.wait(15) == 0
        assert '"event": "stopped"' in server.log.read_text()
        assert not (tmp_path / "mcp-prober-reference.db-wal").exists()


UNUSABLE = [
    (["--fault", "hnag"], 2, "unknown fault 'hnag'; did you mean 'hang'?"),
    (["--session", "a b"], 2, "session handle 'a b' is not 1 to 64 characters"),
    (["--listen", "8080"], 2, "'8080' is not HOST:PORT"),
    (
        ["--db", "no/such/folder/state.db"],
        3,
        "cannot open the database: unable to open database file: no/such/folder/state.db",
    ),
    (["--listen", "192.0.2.1:80"], 3, "Cannot assign requested address"),
]


@pytest.mark.parametrize(("options", "code", "says"), UNUSABLE)
def test_what_cannot_work_is_said_and_is_the_exit_code(
    options: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(__main__, "configure", lambda: None)  # the log of the tests is not the server's to change
    try:
        ended = __main__.main(["--listen", "127.0.0.1:0", *options])
    except SystemExit as error:  # how argparse ends
        ended = int(error.code or 0)
    assert ended == code
    captured = capsys.readouterr()
    assert says in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
