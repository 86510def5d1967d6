"""`isolation` against supergateway over HTTP+SSE: it gives every answer of its one server to all of its clients."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Outcome, Reason, Symptom, Verdict
from tests.real.install import npm_script
from tests.real.process import free_port, running
from tests.real.servers import everything_sse
from tests.running import run_document

ECHO: Final = {"kind": "isolation", "tool": "echo", "arguments": {"message": "{nonce}"}, "timeout": "30s"}


@contextmanager
def supergateway(folder: Path) -> Iterator[dict[str, Any]]:
    """The target: the server everything, behind a gateway that speaks HTTP+SSE with it."""
    server = shlex.join([*npm_script("@modelcontextprotocol/server-everything"), "stdio"])
    port = free_port()
    command = [*npm_script("supergateway"), "--stdio", server, "--port", str(port)]
    with running(command, port=port, log=folder / "supergateway.log"):
        yield {"url": f"http://127.0.0.1:{port}/sse", "transport": "sse"}


async def isolation_of(target: dict[str, Any], folder: Path) -> Outcome:
    [outcome] = await run_document({"targets": {"t": target}, "probes": {"p": {"target": "t", **ECHO}}}, folder)
    return outcome


@pytest.mark.external
@pytest.mark.slow
async def test_a_gateway_that_gives_every_answer_to_all_is_caught_and_the_server_alone_is_not(tmp_path: Path) -> None:
    with supergateway(tmp_path) as target:
        behind = await isolation_of(target, tmp_path)
    with everything_sse(tmp_path) as server:
        alone = await isolation_of(dict(server.target), tmp_path)
    assert (alone.verdict, alone.message) == (Verdict.PASS, "")
    assert behind.reason is Reason.ANSWER_CROSSED, behind.message
    assert behind.reason.symptom is Symptom.RACE_VIOLATION
    [witness, *_] = behind.evidence
    assert witness.seen != witness.expected
    assert "answered: client " in (witness.detail or "")
    assert behind.duration_seconds < 10
