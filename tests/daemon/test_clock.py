"""A whole daemon is stopped for a while, and has its clock set: nobody is blamed, nobody is woken, no storm comes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.shifted import BY
from tests.daemon.watching import Page, logged, metrics, standing, until
from tests.notify.receiver import Receiver, receiver

pytestmark = [pytest.mark.slow, pytest.mark.clock]

INTERVAL: Final = 4.0
STOPPED: Final = 6.0
"""Seconds: each run that was under way is past its deadline."""
PROBES: Final = 12
BLAME: Final = ("no_answer", "rejected", "wrong_answer", "too_slow")
"""Results of runs that a person may be woken for."""
PAGES: Final = ("", "targets/quick", "api/v1/targets", "sd", "badge/quick.svg")


@dataclass(frozen=True, kw_only=True)
class House:
    """A daemon, and who is notified. `shift` is the file that its clock is set by."""

    running: Running
    notified: Receiver
    shift: Path

    def set_clock(self, seconds: float) -> None:
        self.shift.write_text(str(seconds))
        self.running.process.send_signal(signal.SIGUSR2)

    def counts(self) -> dict[str, float]:
        page = metrics(self.running)
        return {name: sum(page.values("mcp_probe_runs_total", probe=name)) for name in names()}

    def wait_for_runs(self, more: int) -> None:
        """Until each probe has run so many times more."""
        before = self.counts()
        until(lambda: all(count >= before[name] + more for name, count in self.counts().items()), "the probes run on")


def names() -> list[str]:
    return [f"{target}-{number}" for target in ("quick", "slow") for number in range(PROBES)]


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Quick answers, and slower ones: there is a run under way at most times."""
    with crowd() as port, receiver() as notified:
        every = {"interval": f"{INTERVAL:g}s", "timeout": f"{INTERVAL:g}s", "kind": "call", "tool": "echo"}
        urls = {"quick": f"http://127.0.0.1:{port}/ok/5", "slow": f"http://127.0.0.1:{port}/ok/500"}
        document: dict[str, Any] = {
            "notify": {"urls": [notified.url.reveal()], "after": 1},
            "targets": {name: {"url": url, "protocol": "modern", "concurrency": PROBES} for name, url in urls.items()},
            "probes": {
                name: {"target": name.split("-")[0], "arguments": {"message": "hi"}, **every} for name in names()
            }
            | {"hourly": {"target": "quick", "kind": "handshake", "cron": "0 * * * *"}},
        }
        (folder / "clock.yaml").write_text(json.dumps(document))
        shift = folder / "shift"
        environ = {BY: os.fspath(shift)}
        with daemon(folder / "clock.yaml", environ=environ, module="tests.daemon.shifted") as running:
            yield House(running=running, notified=notified, shift=shift)


def test_a_daemon_that_was_stopped_blames_nobody_and_runs_each_probe_once(tmp_path: Path) -> None:
    with house(tmp_path) as lived:
        lived.wait_for_runs(2)
        before, stopped = lived.counts(), time.monotonic()
        lived.running.process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED)
        lived.running.process.send_signal(signal.SIGCONT)
        went_on = time.monotonic()
        lived.wait_for_runs(2)
        _no_alarm(lived, before, seconds=went_on - stopped - STOPPED, since=went_on)


@pytest.mark.parametrize("hours", [1, -1], ids=["ahead", "back"])
def test_a_clock_that_is_set_by_an_hour_raises_no_alarm(tmp_path: Path, hours: int) -> None:
    with house(tmp_path) as lived:
        lived.wait_for_runs(2)
        before, at = lived.counts(), time.monotonic()
        lived.set_clock(hours * 3600)
        lived.wait_for_runs(2)
        _no_alarm(lived, before, seconds=0, since=at)
        now = time.time() + hours * 3600
        for name in names():
            due = datetime.fromisoformat(standing(lived.running, name)["next_due"]).timestamp()
            assert due < now + INTERVAL + 10, "the next run is soon, by the clock as it is now"
        moment = datetime.fromtimestamp(now, UTC)
        next_hour = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        assert datetime.fromisoformat(standing(lived.running, "hourly")["next_due"]) == next_hour
        for page in PAGES:
            lived.running.get(page)
        _fresh(metrics(lived.running), now)
        lived.set_clock(0)
        lived.wait_for_runs(2)
        _no_alarm(lived, before, seconds=0, since=at)
        _fresh(metrics(lived.running), time.time())


def _no_alarm(lived: House, before: dict[str, float], *, seconds: float, since: float) -> None:
    """No failure is counted, told or logged, and no probe ran more often than its interval allows, and once more for
    each look at the clock that has jumped."""
    page, after = metrics(lived.running), lived.counts()
    seconds += time.monotonic() - since
    for result in BLAME:
        assert sum(page.values("mcp_probe_runs_total", result=result)) == 0, result
    assert logged(lived.running, "probe_failing") == []
    assert lived.notified.titles == []
    most = seconds / INTERVAL + 3
    assert {name: after[name] - before[name] for name in names() if after[name] - before[name] > most} == {}


def _fresh(page: Page, now: float) -> None:
    """What the alert about probes that do not run goes by."""
    ages = [now - moment for moment in page.values("mcp_probe_last_run_timestamp_seconds") if moment]
    assert len(ages) >= len(names())
    assert max(ages) < 3 * INTERVAL + 60, max(ages)
