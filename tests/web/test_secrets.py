"""A secret is in no answer, however the server throws it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prober.history import HistoryStore
from prober.scheduled_run import ScheduledRun
from tests.peers.http_peer import http_peer
from tests.web.asking import asking
from tests.web.house import house

SECRET = "hunter2-the-secret"
ENDPOINTS = [
    "/",
    "/targets/peer",
    "/badge/peer.svg",
    "/metrics",
    "/sd",
    "/api/v1/targets",
    "/api/v1/results",
    "/api/v1/failures",
    "/api/v1/runs",
    "/api/v1/config",
    "/debug/probes",
    "/debug/config",
    "/probe?target=peer&probe=echo",
    "/probe?target=peer&probe=echo&debug=true",
]


def echoing(url: str) -> dict[str, Any]:
    """A probe that fails over what it is told back, which is its secret."""
    probe = {
        "target": "peer",
        "kind": "call",
        "tool": "echo",
        "arguments": {"message": "${TOKEN}"},
        "expect": [{"path": "$.message", "equals": "something else"}],
        "interval": "30s",
        "timeout": "10s",
    }
    headers = {"Authorization": "Bearer ${TOKEN}"}
    return {"targets": {"peer": {"url": url, "headers": headers}}, "probes": {"echo": probe}}


async def test_a_secret_that_comes_back_is_in_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with http_peer() as peer, house(echoing(peer.url), tmp_path, TOKEN=SECRET) as here:
        outcome = await here.scheduler.run_now("echo")
        assert (outcome.reason, outcome.step) == ("expectation_failed", "tools/call")
        result = ScheduledRun(outcome=outcome, due=datetime.now(UTC))
        history = HistoryStore.open(path)
        for sink in (here.statuses, here.metrics, here.recent_runs, history):
            sink.record(result)
        await history.close()  # what was noted is written now
        history = HistoryStore.open(path)
        try:
            async with asking(replace(here.app_state, history=history)) as client:
                for endpoint in ENDPOINTS:
                    answer = await client.get(endpoint)
                    assert answer.status_code == 200, endpoint
                    assert "echo" in answer.text or "badge" in endpoint, endpoint
                    assert SECRET not in answer.text, endpoint
        finally:
            await history.close()
    assert any(SECRET in request.headers.get("authorization", "") for request in peer.requests)
    assert SECRET.encode() not in path.read_bytes()
