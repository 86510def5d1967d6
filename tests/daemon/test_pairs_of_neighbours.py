"""Targets that are well do not notice those that do their worst: in turn without them and with them, in one daemon."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.ruffians import ruffians
from tests.daemon.test_neighbours import overslept
from tests.daemon.watching import Page, api, metrics, until

WELL: Final = 20
ROUNDS: Final = 3
"""At most. What the bad ones do to the others they do in every round, and what else keeps the machine busy comes and
goes: so the promise must be kept in one of them."""
SECONDS: Final = 1.5
"""Of each half of a round."""
PROMISE: Final = 0.050
"""Seconds by which the 95th of a hundred may be worse: as long as one thing may hold the event loop. By how much others
are kept waiting is measured meanwhile, in a thread that works as much as the daemon, and allowed on top."""
DELAY: Final = 0.010
"""Seconds that a server takes that is well."""
MEMORY: Final = 192 * 1024 * 1024
"""Bytes that the daemon may take on top, at worst, for all the bad ones together."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How the targets that are well fared: 95 of a hundred in so many seconds. `memory` is the daemon's peak."""

    runs: int
    loop: float
    """The mean lag of the daemon's event loop."""
    lag: float
    latency: float
    memory: int
    overslept: float
    """By how much a thread that sleeps and works in turns was late, at worst."""

    def kept(self, alone: Seen) -> bool:
        """Whether these are hardly worse than when they were alone."""
        allowed = PROMISE + self.overslept
        return (
            self.runs > alone.runs / 2 and self.lag <= alone.lag + allowed and self.latency <= alone.latency + allowed
        )

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, loop lag {self.loop * 1000:.1f} ms, start lag {self.lag * 1000:.1f} ms,"
            f" latency {self.latency * 1000:.1f} ms, memory {self.memory / 1e6:.0f} MB,"
            f" others held up {self.overslept * 1000:.1f} ms"
        )


@dataclass(frozen=True, kw_only=True)
class Bad:
    """Targets of one kind: how many, how they are reached, how their answers are judged."""

    name: str
    count: int = 4
    url: str | None = None
    target: Mapping[str, Any] | None = None
    probe: Mapping[str, Any] | None = None
    passes: bool = False
    """Whether a run may pass: then it is what they cost that is bad."""

    def results(self, page: Page) -> Counter[str]:
        """How their runs ended."""
        found: Counter[str] = Counter()
        for sample in page.samples:
            if sample.name == "mcp_probe_runs_total" and sample.labels["target"].startswith(f"{self.name}-"):
                found[sample.labels["result"]] += round(sample.value)
        return +found


OF_TEXT: Final = {"from": "text", "expect": [{"path": "$.m1", "equals": 1}]}
POURED: Final = {"token_url": "{ruffians}/token", "client_id": "us", "client_secret": "s3cret-s3cret"}
BAD: Final = (
    Bad(name="hanging", count=20, url="{crowd}/hang"),
    Bad(name="unknown-names", count=20, url="http://nobody-{n}.invalid/mcp"),
    Bad(name="interim-responses-without-end", url="{ruffians}/interim"),
    Bad(name="compressed-tail-without-end", url="{ruffians}/tail"),
    Bad(name="crumbs-without-end", url="{ruffians}/crumbs"),
    Bad(name="comments-without-end", url="{ruffians}/events"),
    Bad(name="errors-of-many-lists", url="{ruffians}/error"),
    Bad(name="deep-errors", url="{ruffians}/deep"),
    Bad(name="two-megabytes", count=16, url="{ruffians}/large", passes=True),
    Bad(name="texts-of-many-members", url="{ruffians}/json", passes=True, probe=OF_TEXT),
    Bad(name="many-tools", count=8, url="{ruffians}/list", passes=True),
    Bad(name="schemas-of-a-megabyte", url="{ruffians}/schema", passes=True),
    Bad(name="patterns-that-take-for-ever", count=2, url="{ruffians}/pattern"),
    Bad(name="tokens-without-end", url="{ruffians}/mcp",
        target={"auth": {"client_credentials": POURED}}),
    Bad(name="processes-that-pour", count=2, target={"command": ["yes"]}),
)  # fmt: skip


def configuration(places: Mapping[str, str], bad: Bad | None) -> dict[str, Any]:
    """Those that are well, and perhaps some that are not, each asked in the same way."""
    well = {f"well-{n}": {"url": f"{places['crowd']}/ok/{DELAY * 1000:g}"} for n in range(WELL)}
    worst = {f"{bad.name}-{n}": _target(places, bad, n) for n in range(bad.count)} if bad else {}
    call = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}}
    slower = {"interval": "1s", "timeout": "1s", **((bad and bad.probe) or {})}
    return {
        "targets": {name: {"protocol": "modern", **target} for name, target in (well | worst).items()},
        "defaults": {"interval": "500ms", "timeout": "500ms"},
        "probes": {name: {"target": name, **call} for name in well}
        | {name: {"target": name, **call, **slower} for name in worst},
    }


def _target(places: Mapping[str, str], bad: Bad, number: int) -> dict[str, Any]:
    text = json.dumps(({"url": bad.url} if bad.url else {}) | dict(bad.target or {}))
    for name, place in (*places.items(), ("n", str(number))):
        text = text.replace(f"{{{name}}}", place)
    target: dict[str, Any] = json.loads(text)
    return target


@dataclass(frozen=True, kw_only=True)
class Street:
    """A daemon whose targets come and go."""

    running: Running
    file: Path
    places: Mapping[str, str]

    def fared(self, bad: Bad | None = None) -> Seen:
        """How those that are well fare for a while, once every probe of a configuration runs."""
        self.file.write_text(json.dumps(configuration(self.places, bad)))
        self.running.post("-/reload")
        until(self._all_have_run, "every probe has run")
        before, since = metrics(self.running), datetime.now(UTC)
        self._forget_peak()
        held_up = overslept(SECONDS)
        memory, last = self._peak(), datetime.now(UTC)
        loop = _mean_lag(before, metrics(self.running))
        until(lambda: self._results(last, datetime.now(UTC)), "what ran until now is written")
        well = [result for result in self._results(since, last) if result["target"].startswith("well-")]
        assert {result["verdict"] for result in well} <= {"pass", "unknown"}, "none of them is blamed"
        latencies = [result["latency_seconds"] - DELAY for result in well if result["latency_seconds"] is not None]
        lags = [result["start_lag_seconds"] for result in well]
        return Seen(
            runs=len(well), loop=loop, lag=_p95(lags), latency=_p95(latencies), memory=memory, overslept=held_up
        )

    def _results(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """All runs that began between two times."""
        moments = (("since", since), ("until", until))
        query = "&".join(f"{name}={moment:%Y-%m-%dT%H:%M:%S.%fZ}" for name, moment in moments)
        answer = api(self.running, f"results?{query}&limit=1000")
        assert answer["next"] is None
        found: list[dict[str, Any]] = answer["results"]
        return found

    def _all_have_run(self) -> bool:
        page = metrics(self.running)
        return len(page.values("mcp_probe_last_run_timestamp_seconds")) == page.value("mcp_prober_probes")

    def _forget_peak(self) -> None:
        Path(f"/proc/{self.running.process.pid}/clear_refs").write_text("5")

    def _peak(self) -> int:
        lines = Path(f"/proc/{self.running.process.pid}/status").read_text().splitlines()
        [kilobytes] = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
        return kilobytes * 1024


@contextmanager
def street(folder: Path) -> Iterator[Street]:
    with crowd() as crowd_port, ruffians() as ruffians_port:
        file, history = folder / "probes.yaml", folder / "history.db"
        places = {"crowd": f"http://127.0.0.1:{crowd_port}", "ruffians": f"http://127.0.0.1:{ruffians_port}"}
        file.write_text(json.dumps(configuration(places, None)))
        with daemon(file, "--history", history, history=True) as running:
            yield Street(running=running, file=file, places=places)
            running.stop()


@pytest.mark.alone
@pytest.mark.clock
def test_targets_that_do_their_worst_cost_the_others_nothing(tmp_path: Path) -> None:
    broken: dict[str, tuple[str, str]] = {}
    with street(tmp_path) as lived:
        alone = lived.fared()
        print(f"{'alone':30} {alone}")
        for bad in BAD:
            for left in reversed(range(ROUNDS)):
                among, results = lived.fared(bad), bad.results(metrics(lived.running))
                print(f"{bad.name:30} {among}; they: {dict(results)}")
                assert results, f"no {bad.name} was asked"
                assert bad.passes or "pass" not in results, bad.name
                assert among.memory - alone.memory < MEMORY, bad.name
                if among.kept(alone):
                    break
                if not left:
                    broken[bad.name] = str(alone), str(among)
                alone = lived.fared()
                print(f"{'alone':30} {alone}")
    assert broken == {}


def _mean_lag(before: Page, after: Page) -> float:
    """Of the event loop, between two readings."""
    family = "mcp_prober_loop_lag_seconds"
    total, count = (after.value(f"{family}_{n}") or 0 for n in ("sum", "count"))
    total_before, count_before = (before.value(f"{family}_{n}") or 0 for n in ("sum", "count"))
    return (total - total_before) / max(count - count_before, 1)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else float("inf")
