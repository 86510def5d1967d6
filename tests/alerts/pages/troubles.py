"""Each trouble: how it begins and ends, whom it is about, and what somebody should hear of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from prober.drill.expected import EXPECTED, RULES, Expected
from tests.alerts.pages.parts import SPEED, Daemon, Stage
from tests.alerts.pages.probes import INTERVAL, SLOW_SECONDS, USUAL, Probed

FAULTS_PLAYED: Final[Mapping[str, Expected]] = {name: each for name, each in EXPECTED.items() if each.file != RULES}
"""The faults; those that break rules are seen by a probe of five minutes, and alerted like any wrong answer."""

Act = Callable[[Stage], Awaitable[None]]

HOLD: Final = 600.0
"""Seconds that a trouble lasts, before time is divided: long enough for a burn rate over an hour."""
_STEP: Final = 1.5 * INTERVAL * SPEED
"""One run or two: whenever runs begin, one that is slow ends before its connection is cut, and two at most are dead."""
UPSTREAM: Final = "healthy"
"""The reference server behind every front."""
FRONTS: Final[Mapping[str, str]] = {
    "restarting": "127.0.0.1",
    "balanced": "127.0.0.1",
    "dying": "127.0.0.1",
    "flapping": "127.0.0.1",
    "locked": "127.0.0.1",
    "leaving": "127.0.0.1",
    **{f"edge-{number}": f"127.0.0.{10 + number}" for number in range(1, 7)},
    "watched": "127.0.0.1",
    "blue": "127.0.0.1",
    "green": "127.0.0.1",
    "paired": "127.0.0.1",
}
"""By target, or by cluster where the target has the same name in both, the host of its front."""
EDGES: Final = tuple(name for name in FRONTS if name.startswith("edge-"))


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Steps are acts and the seconds that follow, before time is divided; the last act ends the trouble."""

    name: str
    about: Mapping[str, str]
    """Labels of every alert that belongs to it."""
    steps: tuple[tuple[Act, float], ...]
    hears: Mapping[str, tuple[str, ...]]
    """By receiver, the alerts that it should hear of."""
    begins_after: float = 0.0
    for_an_hour: bool = False
    """Whether the alert stays for an hour, for no right answer disproves it."""


def _fault(name: str, argument: str = "") -> Act:
    async def act(stage: Stage) -> None:
        await stage.references[name].switch(*([name + argument] if argument != "off" else []))

    return act


def _front(names: str | tuple[str, ...], mode: str) -> Act:
    async def act(stage: Stage) -> None:
        for name in [names] if isinstance(names, str) else names:
            await stage.fronts[name].switch(mode)

    return act


async def _kill(stage: Stage) -> None:
    await stage.kill_daemon("killed")


async def _start_again(stage: Stage) -> None:
    await stage.start_daemon("killed", stage.daemons["killed"])


async def _remove(stage: Stage) -> None:
    await stage.remove_target("main", "leaving")


def _of_the_reference() -> list[Trouble]:
    urgent = {"McpTargetDown", "McpWrongAnswer", "McpRaceViolation"}
    return [
        Trouble(
            name=name,
            about={"target": f"fault-{name}"},
            steps=((_fault(name, f":{SLOW_SECONDS:g}s" if expected.argument else ""), HOLD), (_fault(name, "off"), 0)),
            hears={"page" if expected.alert in urgent else "chat": (expected.alert,)},
            for_an_hour=expected.lingers,
        )
        for name, expected in FAULTS_PLAYED.items()
    ]


def _down(front: str, *modes: str) -> tuple[tuple[Act, float], ...]:
    return (*((_front(front, mode), HOLD / len(modes)) for mode in modes), (_front(front, "pass"), 0))


_PAGED_DOWN: Final = {"page": ("McpTargetDown",)}

TROUBLES: Final[tuple[Trouble, ...]] = (
    *_of_the_reference(),
    Trouble(
        name="killed, then hung, then 503",
        about={"target": "restarting"},
        steps=_down("restarting", "refuse", "hang", "503"),
        hears=_PAGED_DOWN,
    ),
    Trouble(
        name="502 and 503 by turns",
        about={"target": "balanced"},
        steps=_down("balanced", "502+503"),
        hears=_PAGED_DOWN,
    ),
    Trouble(
        name="too slow, then dead",
        about={"target": "dying"},
        steps=_down("dying", "slow", "refuse"),
        hears={"chat": ("McpTooSlow",), **_PAGED_DOWN},
    ),
    Trouble(
        name="too slow and dead by turns",
        about={"target": "flapping"},
        steps=(
            *((_front("flapping", mode), _STEP) for _ in range(round(HOLD / _STEP / 2)) for mode in ("slow", "refuse")),
            (_front("flapping", "pass"), 0),
        ),
        hears={"page": ("McpMixedFailures",)},
    ),
    Trouble(
        name="token expired",
        about={"target": "locked"},
        steps=_down("locked", "401"),
        hears={"page": ("McpTokenRejected",)},
    ),
    Trouble(
        name="removed while it is down",
        about={"target": "leaving"},
        steps=((_front("leaving", "refuse"), HOLD), (_remove, 0)),
        hears=_PAGED_DOWN,
    ),
    Trouble(
        name="one target down before the uplink is cut",
        about={"target": "edge-1"},
        steps=_down("edge-1", "refuse"),
        hears=_PAGED_DOWN,
    ),
    Trouble(
        name="uplink cut while another is down",
        about={"job": "edge"},
        begins_after=HOLD / 3,
        steps=((_front(EDGES[1:], "refuse"), HOLD / 2), (_front(EDGES[1:], "pass"), 0)),
        hears={"page": ("McpProberSuspectsItself",)},
    ),
    Trouble(
        name="daemon killed",
        about={"job": "killed"},
        steps=((_kill, HOLD), (_start_again, 0)),
        hears={"page": ("McpProberAbsent",)},
    ),
    Trouble(
        name="down in one cluster of two under one ruler",
        about={"cluster": "blue"},
        steps=_down("blue", "refuse"),
        hears=_PAGED_DOWN,
    ),
    Trouble(
        name="down, seen by a pair of daemons and a pair of Prometheus servers",
        about={"target": "paired"},
        steps=_down("paired", "refuse"),
        hears=_PAGED_DOWN,
    ),
)


def daemons(stage: Stage) -> dict[str, Daemon]:
    """The daemons that look at all of it, by name."""

    def fronted(name: str, target: str = "") -> Probed:
        return Probed(name=target or name, url=stage.fronts[name].url)

    faults = [_probed(name, stage) for name in FAULTS_PLAYED]
    alone = [fronted(name) for name in ("restarting", "balanced", "dying", "flapping", "locked", "leaving")]
    well = Probed(name=UPSTREAM, url=stage.references[UPSTREAM].url)
    pair = Daemon(job="pair", targets=(fronted("paired"),))
    return {
        "main": Daemon(job="mcp-prober", targets=(*faults, *alone, well)),
        "edge": Daemon(job="edge", targets=tuple(fronted(name) for name in EDGES)),
        "killed": Daemon(job="killed", targets=(fronted("watched"),)),
        "blue": Daemon(job="shared", labels={"cluster": "blue"}, targets=(fronted("blue", "notes"),)),
        "green": Daemon(job="shared", labels={"cluster": "green"}, targets=(fronted("green", "notes"),)),
        "pair-1": pair,
        "pair-2": Daemon(job=pair.job, targets=pair.targets),
    }


def _probed(fault: str, stage: Stage) -> Probed:
    expected = FAULTS_PLAYED[fault]
    probes = (expected.probe,) if expected.lingers else tuple(dict.fromkeys((*USUAL, expected.probe)))
    return Probed(name=f"fault-{fault}", url=stage.references[fault].url, probes=probes)
