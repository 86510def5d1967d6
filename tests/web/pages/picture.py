"""Takes the picture of the status page that is shown to readers: `python -m tests.web.pages.picture FILE [FOLDER]`.

The runs of the present are real: the reference server with its shipped probes and a race, the memory store that loses
that race, and peers that misbehave. The ninety days before, which nobody can wait for, are written into a real history.
With FOLDER every page is taken at every width and in both colours, to be looked at.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import zlib
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from prober.cli.commands.demo import reference_server
from prober.config import Config
from prober.config.model import Target
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason
from prober.scheduled_run import ScheduledRun
from tests.peers.cases import CASES
from tests.web.pages.browser import chromium
from tests.web.pages.palette import with_palette
from tests.web.pages.world import World, history_of, result, served

_PEERS = {
    "billing": "http-handshake-call-http_503",
    "calendar": "http-modern-call-well",
    "crm": "http-handshake-list-well",
    "issue-tracker": "http-modern-connect-certificate_expired",
    "notes": "stdio-handshake-call-well",
    "search": "http-modern-call-schema_mismatch",
    "translation": "stdio-modern-list-output_schema_catastrophic",
    "weather": "http-handshake-prompt-well",
    "web-fetch": "sse-handshake-call-well",
}
_WORST = {"billing": 0.02, "search": 0.004, "web-fetch": 0.004}
"""How often a run of the past failed, of those that are not as good as the others."""
_PROBES = Path(__file__).parents[3] / "probes"


def main(file: Path, folder: Path | None) -> None:
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        rest = Path(scratch)
        config, outcomes = asyncio.run(_runs(rest, stack))
        world = World(location="fra-1", started_at=datetime.now(UTC) - timedelta(days=12, hours=5))
        world.apply_config(config.targets.values(), config.probes.values())
        past = sorted(_past(config, outcomes), key=lambda each: each.outcome.started_at)
        now = [ScheduledRun(outcome=outcome, due=outcome.started_at) for outcome in outcomes]
        world.record(*past, *now)
        world.history = stack.enter_context(history_of([*past, *now], rest / "history.db"))
        _pictures(stack.enter_context(served(world)), rest, file, folder)


async def _runs(folder: Path, stack: ExitStack) -> tuple[Config, list[Outcome]]:
    """One pass over everything, while everything is up."""
    urls = {store: stack.enter_context(reference_server(_new(folder / store), store)) for store in ("sqlite", "memory")}
    async with AsyncExitStack() as peers:
        parts = []
        for name, case_name in _PEERS.items():
            case = next(case for case in CASES if case.name == case_name)
            ground = await peers.enter_async_context(case.ground(_new(folder / name)))
            document = (
                json.dumps(ground.document).replace('"peer"', f'"{name}"').replace('"case"', f'"{name}-{case.step}"')
            )
            path = ground.folder / "probes.yaml"
            path.write_text(document)
            part = load([path], environ={})
            parts.append(replace(part, targets={key: _presentable(each) for key, each in part.targets.items()}))
        parts.append(_at(urls["sqlite"], load([_PROBES / "reference.yaml"], environ={})))
        races = load([_PROBES / "reference-races.yaml"], environ={})
        parts.append(_at(urls["memory"], races, target="session-store", only="reference-steps"))
        targets = {name: target for part in parts for name, target in part.targets.items()}
        probes = {name: replace(probe, interval=30.0) for part in parts for name, probe in part.probes.items()}
        config = Config(targets=targets, probes=probes)
        return config, await run_pass(config, list(probes.values()), concurrency=1)


def _at(url: str, config: Config, *, target: str | None = None, only: str | None = None) -> Config:
    renamed = {
        target or name: replace(each, name=target or name, url=url, address=url)
        for name, each in config.targets.items()
    }
    probes = {
        name: replace(probe, target=target or probe.target)
        for name, probe in config.probes.items()
        if only in (None, name)
    }
    return Config(targets=renamed, probes=probes)


def _presentable(target: Target) -> Target:
    """Commands without the places of this machine."""
    return replace(target, address="python -m tests.peers.stdio_peer") if target.transport == "stdio" else target


def _past(config: Config, outcomes: list[Outcome]) -> Iterator[ScheduledRun]:
    """Runs by the hour, some of them failed; of what fails now, the last ones for the same reason."""
    ends = {outcome.probe: outcome for outcome in outcomes}
    for index, probe in enumerate(config.probes.values()):
        chance = random.Random(zlib.crc32(probe.name.encode()))
        end = ends[probe.name]
        took = min(end.duration_seconds, 0.2) * (1 if end.reason is None else 3) + 0.004
        broken_since = (index % 3 + 1) * 780 if end.reason else 0
        bad_days = {chance.randrange(90) for _ in range(2)} if probe.target in _WORST else set()
        for hour in range(24 * 90, 0, -1):
            odds = 0.4 if hour // 24 in bad_days else _WORST.get(probe.target, 0.0004)
            reason = Reason.UNAVAILABLE if chance.random() < odds else None
            seconds = took * (0.9 + chance.random() * 0.2 + (chance.random() < 0.03) * chance.random())
            yield result(probe, ago=hour * 3600 + 60, reason=reason, took=seconds)
        for ago in range(broken_since, 30, -300):
            yield result(probe, ago=ago, reason=end.reason, took=took, step=end.step, message=end.message)


def _pictures(url: str, rest: Path, file: Path, folder: Path | None) -> None:
    with chromium(rest) as browser:
        browser.screen(1080)
        browser.open(url)
        browser.picture(file)
        file.write_bytes(with_palette(file.read_bytes()))
        pages = {
            "front": "/",
            "reference": "/targets/reference",
            "search": "/targets/search",
            "race": "/targets/session-store",
        }
        for name, path in pages.items() if folder else ():
            for width in (1280, 360):
                for dark in (False, True):
                    browser.screen(width, dark=dark)
                    browser.open(url + path)
                    assert folder is not None
                    browser.picture(folder / f"{name}-{width}-{'dark' if dark else 'light'}.png")


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
