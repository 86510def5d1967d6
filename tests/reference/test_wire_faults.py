"""Faults on the wire, from a real server over a real socket: what comes back, byte by byte where it matters."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from prober.reference.faults.catalog import FAULTS
from tests.waiting import until

from .processes import ServerProcess, serving

BODY = {
    "jsonrpc": "2.0",
    "id": 41,
    "method": "tools/call",
    "params": {
        "name": "get_workflow_state",
        "arguments": {"session_id": "probe"},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}
HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "get_workflow_state",
}

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used, but a client made without one loads all certificates of the machine."""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with a session to read."""
    with serving(tmp_path_factory.mktemp("wire"), "--session", "probe") as server:
        yield server


async def ask(
    process: ServerProcess, headers: Mapping[str, str] | None = None, *, timeout: float = 10
) -> httpx.Response:
    """Read the workflow."""
    async with httpx.AsyncClient(timeout=timeout, verify=NO_TLS) as client:
        return await client.post(process.url, json=BODY, headers={**HEADERS, **(headers or {})})


async def switch(process: ServerProcess, *faults: str) -> dict[str, Any]:
    """Switch to these faults."""
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        answer = await client.post(f"{process.origin}/debug/faults", json={"faults": list(faults)})
    answer.raise_for_status()
    page: dict[str, Any] = answer.json()
    return page


async def http_500(process: ServerProcess) -> None:
    answer = await ask(process)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


async def http_503(process: ServerProcess) -> None:
    answer = await ask(process)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def html_200(process: ServerProcess) -> None:
    answer = await ask(process)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")


async def malformed_json(process: ServerProcess) -> None:
    answer = await ask(process)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert len(answer.content) == int(answer.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def truncated_body(process: ServerProcess) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection without sending complete message body"):
        await ask(process)


async def wrong_id(process: ServerProcess) -> None:
    message = (await ask(process)).json()
    assert message["id"] == "of-another-request"
    assert message["result"]["structuredContent"]["completedSteps"] == []


async def hang(process: ServerProcess) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await ask(process, timeout=0.3)


async def any_origin(process: ServerProcess) -> None:
    assert (await ask(process, {"origin": "https://page.example"})).json()["id"] == 41
    assert (await ask(process)).json()["id"] == 41  # from no page: nothing to pass over


async def unchecked_headers(process: ServerProcess) -> None:
    assert (await ask(process, {"mcp-method": "tools/list"})).json()["id"] == 41
    assert (await ask(process)).json()["id"] == 41


async def slow(process: ServerProcess) -> None:
    began = time.monotonic()
    assert (await ask(process)).json()["id"] == 41
    assert time.monotonic() - began >= 0.2


WIRE: dict[str, Callable[[ServerProcess], Awaitable[None]]] = {
    "http-500": http_500,
    "http-503": http_503,
    "html-200": html_200,
    "malformed-json": malformed_json,
    "truncated-body": truncated_body,
    "wrong-id": wrong_id,
    "any-origin": any_origin,
    "unchecked-headers": unchecked_headers,
    "hang": hang,
    "slow": slow,
}


def test_every_wire_fault_has_a_check() -> None:
    assert set(WIRE) == {name for name, kind in FAULTS.items() if kind.place == "wire"}


@pytest.mark.parametrize("name", WIRE)
async def test_a_wire_fault_shows_while_it_is_on_and_not_after(process: ServerProcess, name: str) -> None:
    await switch(process, "slow:200ms" if name == "slow" else name)
    try:
        await WIRE[name](process)
    finally:
        page = await switch(process)
    assert page["faults"][name]["strikes"] == 1
    answer = await ask(process)
    assert (answer.status_code, answer.json()["id"]) == (200, 41)


@pytest.mark.parametrize(
    ("headers", "status"), [({"origin": "https://page.example"}, 403), ({"mcp-method": "tools/list"}, 400)]
)
async def test_without_a_fault_what_it_passes_over_is_refused(
    process: ServerProcess, headers: dict[str, str], status: int
) -> None:
    assert (await ask(process, headers)).status_code == status


async def test_wire_faults_leave_the_pages_alone(process: ServerProcess) -> None:
    await switch(process, "http-500", "hang")
    try:
        async with httpx.AsyncClient(verify=NO_TLS) as client:
            for page in ("metrics", "healthz", "readyz"):
                assert (await client.get(f"{process.origin}/{page}")).status_code == 200
    finally:
        await switch(process)


async def test_a_rate_breaks_some_requests_and_spares_others(process: ServerProcess) -> None:
    await switch(process, "http-503:0.5")
    try:
        statuses = [(await ask(process)).status_code for _ in range(40)]
    finally:
        await switch(process)
    assert set(statuses) == {200, 503}


async def test_slow_delays_what_another_fault_breaks(process: ServerProcess) -> None:
    await switch(process, "slow:200ms", "http-500")
    try:
        began = time.monotonic()
        assert (await ask(process)).status_code == 500
        assert time.monotonic() - began >= 0.2
    finally:
        await switch(process)


async def test_a_caller_that_does_not_wait_for_a_slow_answer_is_no_error_of_the_server(process: ServerProcess) -> None:
    await switch(process, "slow:150ms")
    try:
        with pytest.raises(httpx.ReadTimeout):
            await ask(process, timeout=0.05)
        assert (await ask(process)).status_code == 200  # arrives later, so the first one is over by then
    finally:
        await switch(process)
    assert "ClientDisconnect" not in await asyncio.to_thread(process.log.read_text)


async def test_a_handshake_client_gets_broken_answers_too(process: ServerProcess) -> None:
    initialize = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    await switch(process, "wrong-id")
    try:
        async with httpx.AsyncClient(verify=NO_TLS) as client:
            answer = await client.post(process.url, json=initialize, headers={"accept": HEADERS["accept"]})
        assert answer.json()["id"] == "of-another-request"
    finally:
        await switch(process)


@pytest.mark.slow
async def test_a_server_with_hanging_callers_still_stops(tmp_path: Path) -> None:
    with serving(tmp_path, "--session", "probe", "--fault", "hang", "--drain", "1") as server:
        asking = asyncio.create_task(ask(server, timeout=30))
        await until(partial(has_struck, server, "hang"))
        assert await asyncio.to_thread(server.stop) == 0
        with contextlib.suppress(httpx.HTTPError):
            assert (await asking).status_code == 500


async def has_struck(process: ServerProcess, name: str) -> bool:
    """Whether a fault did."""
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        page = (await client.get(f"{process.origin}/debug/faults")).json()
    return bool(page["faults"][name]["strikes"])
