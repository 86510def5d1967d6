"""Real servers, reached by a wrong URL, transport or command: what is seen, and what is said to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason, Situation
from prober.report.next_step import next_step
from tests.real.servers import SERVERS, RealServer
from tests.running import run_document

pytestmark = [pytest.mark.external, pytest.mark.slow]

Change = Callable[[dict[str, Any]], dict[str, Any]]


def with_path(path: str, **settings: Any) -> Change:
    def change(target: dict[str, Any]) -> dict[str, Any]:
        host = target["url"].split("/", 3)[:3]
        return {key: value for key, value in target.items() if key != "transport"} | {
            "url": "/".join(host) + path,
            **settings,
        }

    return change


def said(reason: Reason, situation: Situation | None, words: str) -> tuple[Reason, Situation | None, str]:
    return reason, situation, words


CASES: Final[Mapping[str, tuple[str, Change, tuple[Reason, Situation | None, str]]]] = {
    "the SSE server asked by Streamable HTTP": (
        "everything-sse",
        with_path("/sse"),
        said(Reason.NOT_FOUND, Situation.SSE_SERVER, "Write `transport: sse` for the target"),
    ),
    "the server of Streamable HTTP asked by SSE": (
        "everything-http",
        with_path("/mcp", transport="sse"),
        said(Reason.RPC_ERROR, Situation.STREAMABLE_SERVER, "Write `transport: http` for the target"),
    ),
    "the server of Streamable HTTP without its path": (
        "everything-http",
        with_path(""),
        said(Reason.NOT_FOUND, Situation.PATH_MISSING, "Write the path in `url`, mostly `http://127.0.0.1:"),
    ),
    "the server of Streamable HTTP at a wrong path": (
        "everything-http",
        with_path("/api"),
        said(Reason.NOT_FOUND, None, "Correct the path in `url`."),
    ),
    "the SSE server of the official SDK's kin at a wrong path": (
        "everything-sse",
        with_path("/events", transport="sse"),
        said(Reason.NOT_FOUND, None, "Correct the path in `url`."),
    ),
    "https to a server of Node": (
        "everything-http",
        lambda target: {"url": target["url"].replace("http:", "https:")},
        said(Reason.TLS_FAILED, Situation.TLS_TO_PLAIN_PORT, "If the port speaks plain HTTP, write `url: http://127"),
    ),
    "https to a server of uvicorn": (
        "sdk-http",
        lambda target: {"url": target["url"].replace("http:", "https:")},
        said(Reason.TLS_FAILED, Situation.TLS_TO_PLAIN_PORT, "If the port speaks plain HTTP, write `url: http://127"),
    ),
    "the SDK's server asked by SSE": (
        "sdk-http",
        with_path("/mcp", transport="sse"),
        said(Reason.RPC_ERROR, Situation.STREAMABLE_SERVER, "Write `transport: http` for the target"),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_real_server_reached_wrongly_says_how_to_reach_it(name: str, tmp_path: Path) -> None:
    server, change, (reason, situation, words) = CASES[name]
    opened: AbstractContextManager[RealServer] = SERVERS[server](tmp_path)
    with opened as real:
        target = change(dict(real.target))
        probe = {"target": "t", "kind": "handshake", "timeout": "5s"}
        [outcome] = await run_document({"targets": {"t": target}, "probes": {"p": probe}}, tmp_path)
    seen = f"{outcome.reason}: {outcome.message}\nnext: {next_step(outcome)}"
    assert (outcome.reason, outcome.evidence[0].situation) == (reason, situation), seen
    assert next_step(outcome).startswith(words), seen
