"""A scheduler whose runs are asked for one by one, with the processes that it keeps and what it reports of them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prober.assertions.judge import Judge
from prober.client.stdio.kept_processes import Ended, KeptProcesses
from prober.config.model import Config
from prober.loader import load
from prober.outcome import Outcome
from prober.schedule import Scheduler
from tests.leaks import nothing_left_behind
from tests.restless_server import COMMAND


@dataclass(kw_only=True)
class Keeping:
    """`ends` are all that were reported; `who` is the number of a process that has answered."""

    scheduler: Scheduler
    ends: list[Ended]
    folder: Path

    @property
    def causes(self) -> list[str]:
        return [ended.cause.value for ended in self.ends]

    async def run(self, probe: str = "plain") -> Outcome:
        return await self.scheduler.run_now(probe)

    async def who(self, probe: str = "plain") -> int:
        outcome = await self.run(probe)
        assert outcome.reason is None, outcome
        return who(outcome)

    def reload(self, target: Mapping[str, Any]) -> None:
        self.scheduler.apply_config(configured(self.folder, target))


def answered(outcome: Outcome) -> dict[str, Any]:
    """What the server said of itself in the run's last exchange with an answer."""
    said = next(each.received for each in reversed(outcome.exchanges) if each.step == "tools/call")
    found = re.search(r'"structuredContent": (\{.*?\})', said)
    assert found is not None, said
    answer: dict[str, Any] = json.loads(found[1])
    return answer


def who(outcome: Outcome) -> int:
    number: int = answered(outcome)["pid"]
    return number


def configured(folder: Path, target: Mapping[str, Any]) -> Config:
    """A probe for everything that the server does."""
    call = {"target": "server", "kind": "call", "tool": "whoami", "timeout": "2s", "interval": "1d"}
    probes: dict[str, Any] = {
        "plain": call,
        "strict": {**call, "expect": [{"path": "$.pid", "equals": 0}]},
        "handshake": {"target": "server", "kind": "handshake", "interval": "1d"},
        "catalog": {"target": "server", "kind": "catalog", "interval": "1d"},
        "hangs": {**call, "arguments": {"before": "hangs"}, "timeout": "300ms"},
        "dies-at-it": {**call, "arguments": {"before": "dies"}},
        "slow": {**call, "arguments": {"before": "is slow"}},
        "complains-at-it": {**call, "arguments": {"before": "complains"}, "expect": [{"path": "$.pid", "equals": 0}]},
    }
    for act in ("dies", "leaves", "prints", "answers nothing", "closes its output", "pings", "complains"):
        probes[act.replace(" ", "-")] = {**call, "arguments": {"then": act}}
    for flood in ("floods stdout", "floods stderr"):
        probes[flood.replace(" ", "-")] = {**call, "arguments": {"then": flood}}
    path = folder / "probes.yaml"
    path.write_text(json.dumps({"targets": {"server": target}, "probes": probes}), encoding="utf-8")
    return load([path], environ={})


@asynccontextmanager
async def keeping(folder: Path, *, reuse: str | None = "1h", **settings: Any) -> AsyncIterator[Keeping]:
    """Nothing may be left at the end."""
    target = {"command": COMMAND, **({"reuse": reuse} if reuse else {}), **settings}
    ends: list[Ended] = []
    async with (
        nothing_left_behind(),
        Judge() as judge,
        KeptProcesses(ends.append) as kept,
        Scheduler(judge=judge, sinks=[], kept=kept) as scheduler,
    ):
        scheduler.apply_config(configured(folder, target))
        yield Keeping(scheduler=scheduler, ends=ends, folder=folder)
