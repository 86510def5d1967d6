"""`python -m tests.alerts.pages`: plays all troubles at once, writes pages.md; exit code 1 if not each is one page."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, time
from typing import Final

from prober.drill.clients import Monitoring, Prober, RequestError
from prober.drill.processes import until
from tests.alerts.pages import document
from tests.alerts.pages.pages import Heard, Played, heard, strays
from tests.alerts.pages.parts import ROUND, SPEED, Stage, stage
from tests.alerts.pages.troubles import FAULTS_PLAYED, FRONTS, TROUBLES, UPSTREAM, Trouble, daemons
from tests.alerts.receivers import Receivers, receivers

BEFORE: Final = 4200.0
"""Seconds in which all is well first, before time is divided: a burn rate asks for a window of an hour."""
AFTER: Final = 2400.0
"""Seconds in which what comes late is waited for."""
PATIENCE: Final = 180.0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.alerts.pages", description=__doc__)
    parser.add_argument("--before", type=float, default=BEFORE, help="seconds before the troubles, undivided")
    parser.add_argument("--keep", type=Path, help="a file for every notification, as JSON")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="mcp-prober-pages-") as folder, receivers() as told:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: every process is ended
        rows = asyncio.run(_measure(Path(folder), told, before=options.before))
    if options.keep is not None:
        options.keep.write_text(json.dumps([[each.at, each.path, each.document] for each in told.posted]))
    others = strays(told.posted)
    document.write(rows, others, machine=f"{os.cpu_count()} cores, load {os.getloadavg()[2]:.1f}")
    for row in rows:
        for wrong in row.wrong:
            print(f"{row.played.trouble.name}: {wrong}", file=sys.stderr)
    return int(bool(others) or any(row.wrong for row in rows))


async def _measure(folder: Path, told: Receivers, *, before: float) -> list[Heard]:
    programs = [shutil.which(name) for name in ("prometheus", "prometheus-alertmanager")]
    if None in programs:
        raise SystemExit("Prometheus and Alertmanager have to be installed: make setup")
    prometheus, alertmanager = map(str, programs)
    async with stage(folder) as up:
        ruler, second = await _set_up(up, prometheus, alertmanager, told.url)
        _say(f"all is well; {before:g} s of it, divided by {SPEED:g}")
        await asyncio.sleep(before / SPEED)
        _say(f"{len(TROUBLES)} troubles begin; told so far: {len(told.posted)}")
        async with asyncio.TaskGroup() as group:
            playing = [group.create_task(_play(each, up)) for each in TROUBLES]
        _say("all are over")
        await asyncio.sleep(AFTER / SPEED)
        played = [task.result() for task in playing]
        seen = [await _with_passes(each, ruler, second) for each in played]
    return [heard(each, told.posted, speed=SPEED, round_seconds=ROUND) for each in seen]


async def _set_up(up: Stage, prometheus: str, alertmanager: str, url: str) -> tuple[Monitoring, Monitoring]:
    await up.start_references([UPSTREAM, *FAULTS_PLAYED], hosts=sorted(set(FRONTS.values())))
    for name, host in FRONTS.items():
        await up.start_front(name, host, UPSTREAM)
    for name, daemon in daemons(up).items():
        await up.start_daemon(name, daemon)
    routes = await up.start_alertmanager(alertmanager, url)
    _say("servers and daemons are up")
    for name in up.daemons:
        if await until(lambda name=name: _all_pass(up, name), seconds=PATIENCE) is None:  # type: ignore[misc]
            raise SystemExit(f"not every probe of {name} passes")
    pair = [name for name in up.daemons if name.startswith("pair-")]
    return (
        await up.start_prometheus("prometheus-1", prometheus, up.daemons, routes),
        await up.start_prometheus("prometheus-2", prometheus, pair, routes),
    )


async def _all_pass(up: Stage, name: str) -> bool | None:
    try:
        passes = await Prober(url=f"http://{up.daemons[name].address}").passes()
    except RequestError:
        return None
    return (bool(passes) and all(passes.values())) or None


async def _play(trouble: Trouble, up: Stage) -> Played:
    await asyncio.sleep(trouble.begins_after / SPEED)
    began, due = time(), monotonic()
    for act, seconds in trouble.steps:
        await act(up)
        due += seconds / SPEED
        await asyncio.sleep(max(due - monotonic(), 0))
    ended = time()
    return Played(trouble=trouble, began=began, ended=ended, passes={})


async def _with_passes(played: Played, *rulers: Monitoring) -> Played:
    """With the scrapes that show its end."""
    about = ",".join(f'{name}="{value}"' for name, value in played.trouble.about.items())
    since = round(time() - played.ended) + 1
    passes: dict[tuple[str, str], list[float]] = {}
    for ruler in rulers:
        for series in await ruler.query(f"mcp_probe_success{{{about}}}[{since}s]"):
            labels = series["metric"]
            found = passes.setdefault((labels["target"], labels["probe"]), [])
            found += [float(at) for at, value in series["values"] if value == "1"]
    return replace(played, passes=passes)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
