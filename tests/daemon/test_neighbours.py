"""Twenty targets that are well do not notice twenty that hang and twenty whose names nobody knows."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import api, metrics, until

TWENTY = 20
ROUNDS = 3
"""At most. What the bad ones do to the others they do in every round, and what else keeps the machine busy comes and
goes: so the promise must be kept in one of them."""
SECONDS = 3.0
"""Of each half of a round."""
PROMISE = 0.020
"""Seconds by which the 99th of a hundred may be worse, on a machine that has a processor for whoever wants one. By how
much others are kept waiting is measured meanwhile, in a thread that works as much as the daemon, and allowed on top."""
DELAY = 0.010
"""Seconds that a server takes that is well."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The 99th of a hundred, in seconds."""

    lag: float
    latency: float
    overslept: float
    """By how much a thread that sleeps and works in turns was late, at worst."""

    def kept(self, alone: Seen) -> bool:
        """Whether these are hardly worse than when they were alone."""
        allowed = PROMISE + self.overslept
        return self.lag <= alone.lag + allowed and self.latency <= alone.latency + allowed


def document(port: int, *, bad: bool) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}"
    urls = {f"well-{n}": f"{url}/ok/{DELAY * 1000:g}" for n in range(TWENTY)}
    if bad:
        urls |= {f"hangs-{n}": f"{url}/hang" for n in range(TWENTY)}
        urls |= {f"unknown-{n}": f"http://nobody-{n}.invalid/mcp" for n in range(TWENTY)}
    return {
        "targets": {name: {"url": target, "protocol": "modern"} for name, target in urls.items()},
        "defaults": {"interval": "500ms", "timeout": "500ms"},
        "probes": {
            name: {"target": name, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}}
            | ({} if name.startswith("well-") else {"interval": "1s", "timeout": "1s"})
            for name in urls
        },
    }


@pytest.mark.slow
@pytest.mark.clock
def test_targets_that_hang_or_have_no_address_cost_the_others_nothing(tmp_path: Path) -> None:
    file, history = tmp_path / "probes.yaml", tmp_path / "history.db"
    seen: list[tuple[Seen, Seen]] = []
    with crowd() as port:
        file.write_text(json.dumps(document(port, bad=False)))
        with daemon(file, "--history", history, history=True) as running:
            for _ in range(ROUNDS):
                alone, among = (_fared(running, file, document(port, bad=bad)) for bad in (False, True))
                seen.append((alone, among))
                if among.kept(alone):
                    break
            page = metrics(running)
            running.stop()
    assert (page.value("mcp_probe_runs_total", target="hangs-0", result="no_answer") or 0) > 0
    assert (page.value("mcp_probe_runs_total", target="unknown-0", result="no_answer") or 0) > 0
    assert page.value("mcp_probe_failure_info", target="hangs-0", reason="timeout") == 1
    assert page.value("mcp_probe_failure_info", target="unknown-0", reason="dns_failed") == 1
    assert among.kept(alone), seen


def _fared(running: Running, file: Path, configuration: dict[str, Any]) -> Seen:
    """How those that are well fare for a while, once every probe of a configuration runs."""
    file.write_text(json.dumps(configuration))
    running.post("-/reload")
    until(lambda: _all_have_run(running), "every probe has run")
    since = datetime.now(UTC)
    held_up = overslept(SECONDS)
    last = datetime.now(UTC)
    until(lambda: _results(running, last, datetime.now(UTC)), "what ran until now is written")
    well = [result for result in _results(running, since, last) if result["target"].startswith("well-")]
    assert {result["verdict"] for result in well} <= {"pass", "unknown"}, "none of them is blamed"
    latencies = [result["latency_seconds"] - DELAY for result in well if result["latency_seconds"] is not None]
    lags = [result["start_lag_seconds"] for result in well]
    assert len(lags) >= TWENTY * SECONDS, "each ran once a second or more"
    return Seen(lag=_p99(lags), latency=_p99(latencies), overslept=held_up)


def overslept(seconds: float) -> float:
    """Sleep and work in turns for so long, as much as the daemon does; the worst by which a turn took longer than it
    should have."""
    worst, end = 0.0, time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        time.sleep(0.012)
        working = time.thread_time()
        while time.thread_time() - working < 0.004:
            pass
        worst = max(worst, time.monotonic() - began - 0.016)
    return worst


def _results(running: Running, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """All runs that began between two times."""
    query = "&".join(f"{name}={moment:%Y-%m-%dT%H:%M:%S.%fZ}" for name, moment in (("since", since), ("until", until)))
    answer = api(running, f"results?{query}&limit=1000")
    assert answer["next"] is None
    found: list[dict[str, Any]] = answer["results"]
    return found


def _all_have_run(running: Running) -> bool:
    page = metrics(running)
    return len(page.values("mcp_probe_last_run_timestamp_seconds")) == page.value("mcp_prober_probes")


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
