"""A whole drill: every fault in turn, on as many servers side by side as keeps it short, one at a time on each.

A server is drilled again when the alert on it is over: alerts on one target silence each other. Races are the
exception: their alerts go on for long, silence nothing, and are told apart by probe and reason; so the next race
begins as soon as the one before it passes again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from prober.drill.clients import Unanswered
from prober.drill.expected import ECHOES, EXPECTED, OWN, STATE_TARGET
from prober.drill.fault_run import FaultRun
from prober.drill.findings import Report
from prober.drill.pipeline import Alerting, Pipeline, Say, pipeline
from prober.drill.processes import Broken
from prober.drill.webhook import Notice

_SIDE_BY_SIDE: Final = 2
"""Servers among which faults that need no race are shared out."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be drilled."""

    faults: Sequence[str]
    """Of EXPECTED."""
    speed: float
    """What every time constant behind the daemon is divided by."""
    probes: Path
    """The folder with the shipped probes."""
    alerting: Alerting | str
    """Or why there is none."""


async def drill(plan: Plan, say: Say) -> Report:
    """Do it. Everything that was started has ended when this returns, or is cancelled.

    Raises:
        Broken: it could not be done, which says nothing of the pipeline.
    """
    started_at, start = datetime.now(UTC), monotonic()
    assigned = _assigned(plan.faults)
    alerting = plan.alerting if isinstance(plan.alerting, Alerting) else None
    try:
        async with pipeline(_targets(assigned), probes=plan.probes, alerting=alerting, speed=plan.speed, say=say) as up:
            fault_runs = await _run_all(assigned, up, say)
            notices = await _late(up)
    except Unanswered as error:
        raise Broken(str(error)) from None
    by_fault = {fault_run.fault: fault_run for fault_run in fault_runs}
    told = _attributed(fault_runs, notices)
    return Report(
        started_at=started_at,
        seconds=monotonic() - start,
        speed=plan.speed,
        chain=None if alerting is not None else str(plan.alerting),
        findings=tuple(
            by_fault[fault].finding(
                echoes=_names(notice for notice in told[fault] if notice.name in ECHOES),
                wrong=_names(notice for notice in told[fault] if notice.name not in ECHOES),
            )
            for fault in plan.faults
        ),
        own=_names(told[None]),
    )


def _assigned(faults: Iterable[str]) -> dict[str, list[str]]:
    """By target, the faults that are drilled there."""
    races = [fault for fault in faults if EXPECTED[fault].races]
    others = [fault for fault in faults if not EXPECTED[fault].races]
    queues = [others[first::_SIDE_BY_SIDE] for first in range(_SIDE_BY_SIDE)]
    assigned = {f"reference-{number}": queue for number, queue in enumerate(queues, start=1) if queue}
    return assigned | ({STATE_TARGET: races} if races else {})


def _targets(assigned: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """By target, the races that probe it."""
    expected = {target: [EXPECTED[fault] for fault in faults] for target, faults in assigned.items()}
    return {target: frozenset(each.probe for each in queue if each.races) for target, queue in expected.items()}


async def _run_all(assigned: Mapping[str, Sequence[str]], up: Pipeline, say: Say) -> list[FaultRun]:
    reasons = await next(iter(up.references.values())).reasons()
    fault_runs = {
        target: [FaultRun(fault, EXPECTED[fault], reasons[fault], target=target, pipeline=up) for fault in faults]
        for target, faults in assigned.items()
    }
    try:
        async with asyncio.TaskGroup() as group:
            breaking = group.create_task(up.broken())
            await _side_by_side(fault_runs.values(), say)
            breaking.cancel()
    except ExceptionGroup as failures:
        raise _first(failures) from None
    return [fault_run for queue in fault_runs.values() for fault_run in queue]


async def _side_by_side(queues: Iterable[Sequence[FaultRun]], say: Say) -> None:
    async with asyncio.TaskGroup() as group:
        for queue in queues:
            group.create_task(_one_by_one(queue, say))


async def _one_by_one(queue: Sequence[FaultRun], say: Say) -> None:
    async with asyncio.TaskGroup() as group:
        for fault_run in queue:
            await fault_run.inject(say)
            settling = group.create_task(fault_run.settle(say))
            if not fault_run.expected.races:
                await settling


def _first(failures: BaseExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _late(up: Pipeline) -> list[Notice]:
    """All that was told, once also what the last fault stirred up has had its time."""
    if up.chain is None:
        return []
    await asyncio.sleep(up.chain.group_interval)
    return list(up.chain.hook.notices)


def _attributed(fault_runs: Sequence[FaultRun], notices: Iterable[Notice]) -> dict[str | None, list[Notice]]:
    """By fault, what was told beside the alert that it should raise; under None what the prober said of itself.

    An alert is the doing of the fault that was switched on last before it began, on its target where it has one.
    """
    told: dict[str | None, list[Notice]] = {None: []} | {fault_run.fault: [] for fault_run in fault_runs}
    for notice in notices:
        if notice.status != "firing":  # also the end is told of what never was, for it was silenced by another
            continue
        if notice.name in OWN:
            told[None].append(notice)
            continue
        there = [fault_run for fault_run in fault_runs if fault_run.target == notice.labels.get("target")] or fault_runs
        latest = max(there, key=lambda run: (run.began_at <= notice.began_at, run.began_at))
        if notice.name != latest.expected.alert:
            told[latest.fault].append(notice)
    return told


def _names(notices: Iterable[Notice]) -> tuple[str, ...]:
    """Each once, with its reason where it has one."""
    return tuple(sorted({_name(notice.labels) for notice in notices}))


def _name(labels: Mapping[str, str]) -> str:
    return f"{labels['alertname']} ({labels['reason']})" if "reason" in labels else labels["alertname"]
