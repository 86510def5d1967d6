"""`python -m tests.dashboards.cost [--probes N …] [--days D] [--dashboards DIR]`: what a fleet costs, in tables.

For each size a real Prometheus gets a week of what the rules recorded and its newest pages by remote write, then
answers the questions of the fleet dashboard and of the prober's about that week; then it scrapes the page and evaluates
every rule. Written below a folder of its own, at most some gigabytes, which is removed.

Exits with 1 where a question of the fleet dashboard reads more than five million samples or takes more than two
seconds of the processor. The time that it takes on a machine that others use is theirs as well, and so is that of the
rules.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from tests.alerts.rules import RULES
from tests.dashboards.reading import FOLDER
from tests.metrics.reading import metrics_of
from tests.metrics.test_scale import note_all

from .asking import CHOSEN, Answer, asked, read
from .past import PLACE, SCRAPE, START, Fleet, accepting, fleet, write_pages, write_recorded

SAMPLES: Final = 5_000_000
SECONDS: Final = 2.0
_ROUNDS: Final = 135.0
"""Seconds within which every group of rules is evaluated once."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """All that was measured of one size."""

    probes: int
    lines: int
    size: int
    packed: int
    page_cpu: float
    scrape: float
    rules: Mapping[str, float]
    disk: int
    answers: Mapping[str, list[Answer]]


class _Scraped:
    """The page, for Prometheus to scrape."""

    def __init__(self, text: str) -> None:
        body = text.encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _begin_to_live(url: str, folder: Path, address: str) -> None:
    """Scrape and evaluate from now on."""
    config = {
        "global": {"scrape_interval": f"{SCRAPE:.0f}s"},
        "rule_files": [str(path) for path in RULES],
        "scrape_configs": [
            {"job_name": "mcp-prober", "honor_labels": True, "static_configs": [{"targets": [address]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    urllib.request.urlopen(urllib.request.Request(f"{url}/-/reload", method="POST"), timeout=START).close()


def _value(url: str, expr: str) -> float:
    query = urllib.parse.urlencode({"query": expr})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=START) as response:
        found = json.load(response)["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _rules(url: str) -> dict[str, float]:
    """Seconds that the last evaluation of each group took."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=START) as response:
        text = response.read().decode()
    line = r'(?m)^prometheus_rule_group_last_duration_seconds\{rule_group="[^"]*;([^"]*)"\} (\S+)$'
    return {group: float(seconds) for group, seconds in re.findall(line, text) if seconds != "NaN"}


def _page_cpu(made: Fleet) -> float:
    """CPU seconds that the daemon takes to write the page, the best of three."""
    metrics = metrics_of(made.config, location=PLACE)
    note_all(metrics, made.config)

    async def once() -> float:
        begun = time.thread_time()
        async for _ in metrics.render(None):
            pass
        return time.thread_time() - begun

    return min(asyncio.run(once()) for _ in range(3))


def measured(probes: int, days: float, folder: Path, dashboards: Path) -> Cost:
    """One size."""
    made = fleet(probes)
    page = _Scraped(made.page)
    at = {"job": "mcp-prober", "instance": page.address, "location": PLACE}
    targets = [*made.config.targets]
    with accepting(folder) as url:
        begun = time.monotonic()
        end = time.time()
        written = write_recorded(url, targets, at, end - days * 86400, end)
        now = time.time()
        written += write_recorded(url, targets, at, end, now) + write_pages(url, made.page, at, now)
        _note(f"{probes} probes: {written:,} samples written in {time.monotonic() - begun:.0f} s")
        answers = {
            name: asked(url, read(dashboards, name), end=now, days=days, scrape=SCRAPE, chosen=CHOSEN)
            for name in ("fleet", "prober")
        }
        before = _recorded_series(url)
        _begin_to_live(url, folder, page.address)
        time.sleep(_ROUNDS)
        new = _recorded_series(url) - before
        assert not new, sorted(new)[:5]
        cost = Cost(
            probes=probes,
            lines=sum(not line.startswith("#") for line in made.page.splitlines()),
            size=len(made.page),
            packed=len(gzip.compress(made.page.encode(), 6)),
            page_cpu=_page_cpu(made),
            scrape=_value(url, 'min_over_time(scrape_duration_seconds{job="mcp-prober"}[2m])'),
            rules=_rules(url),
            disk=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
            answers=answers,
        )
    page.close()
    return cost


def _recorded_series(url: str) -> set[str]:
    """The labels of the recorded series that the past is made of."""
    query = urllib.parse.urlencode({"match[]": '{__name__=~"(instance_)?target:mcp_probes?(_runs_|:|_last_).*"}'})
    with urllib.request.urlopen(f"{url}/api/v1/series?{query}", timeout=START) as response:
        found: list[dict[str, str]] = json.load(response)["data"]
    return {json.dumps(each, sort_keys=True) for each in found}


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def report(costs: list[Cost], days: float) -> str:
    """All sizes beside each other, then every question of the fleet at the largest."""

    def per_probe(cost: Cost, number: float) -> str:
        return f"{number / cost.probes:.1f}"

    def worst(cost: Cost, name: str, what: str) -> str:
        values = [getattr(answer, what) for answer in cost.answers[name]]
        refused = sum(bool(answer.error) for answer in cost.answers[name])
        text = f"{max(values) / 1e6:.2f} M" if what == "samples" else f"{max(values):.2f} s"
        return text + (f", {refused} refused" if refused else "")

    rows: dict[str, list[str]] = {
        "series a probe": [per_probe(cost, cost.lines) for cost in costs],
        "bytes a probe, as text": [per_probe(cost, cost.size) for cost in costs],
        "bytes a probe, gzip": [per_probe(cost, cost.packed) for cost in costs],
        "page: CPU of the daemon": [f"{cost.page_cpu:.3f} s" for cost in costs],
        "page: scrape by Prometheus": [f"{cost.scrape:.3f} s" for cost in costs],
        **{
            f"rules: {group}": [f"{cost.rules.get(group, 0):.3f} s" for cost in costs]
            for group in sorted(costs[-1].rules)
        },
    }
    for name in costs[0].answers:
        rows[f"{name}: all questions, CPU"] = [f"{sum(a.cpu for a in c.answers[name]):.2f} s" for c in costs]
        rows[f"{name}: most CPU"] = [worst(cost, name, "cpu") for cost in costs]
        rows[f"{name}: the slowest"] = [worst(cost, name, "seconds") for cost in costs]
        rows[f"{name}: most samples"] = [worst(cost, name, "samples") for cost in costs]
    sizes = _table(["", *(f"{cost.probes:,} probes" for cost in costs)], [[name, *row] for name, row in rows.items()])
    largest = sorted(costs[-1].answers["fleet"], key=lambda answer: -answer.samples)
    each = _table(
        [f"fleet, {costs[-1].probes:,} probes, {days:g} days", "samples", "CPU, s", "seconds"],
        [
            [a.place, *((f"{a.samples:,}", f"{a.cpu:.2f}", f"{a.seconds:.2f}") if not a.error else (a.error, "", ""))]
            for a in largest
        ],
    )
    return f"{sizes}\n{each}"


def main() -> int:
    """Measure and write; 1 where the fleet dashboard costs too much."""
    given = argparse.ArgumentParser(description="what a fleet costs")
    given.add_argument("--probes", type=int, nargs="+", default=[100, 1_000, 10_000])
    given.add_argument("--days", type=float, default=7)
    given.add_argument("--dashboards", type=Path, default=FOLDER, help="a folder with other dashboards to compare with")
    chosen = given.parse_args()
    costs = []
    for probes in chosen.probes:
        with tempfile.TemporaryDirectory() as folder:
            costs.append(measured(probes, chosen.days, Path(folder), chosen.dashboards))
    sys.stdout.write(report(costs, chosen.days))
    return int(
        any(
            answer.error or answer.samples > SAMPLES or answer.cpu > SECONDS
            for cost in costs
            for answer in cost.answers["fleet"]
        )
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped on the way out
    os.nice(5)
    sys.exit(main())
