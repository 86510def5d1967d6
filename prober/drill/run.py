"""A whole drill: all faults, one at a time on each server, on several servers side by side.

The next fault of a server waits until the alert of the previous one is resolved: alerts of one target inhibit each
other. Races are the exception: their alerts fire for long, inhibit nothing, and differ by probe. So the next race fault
begins as soon as the probe of the previous one passes, unless its own alert still fires for an earlier fault. On a
server with other faults they come last: in a group that fires, a new alert is held back for `group_interval`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from prober.drill import timescale
from prober.drill.clients import RequestError
from prober.drill.deliveries import Delivery, deliveries
from prober.drill.expected import CALLS, ECHOES, EXPECTED, RACES, RULES, SELF_ALERTS
from prober.drill.fault_run import FaultRun
from prober.drill.findings import Report
from prober.drill.machine import SLOWEST, fitting_speed, slowdown
from prober.drill.pipeline import Alerting, Chain, Pipeline, Say, pipeline
from prober.drill.probes import Probed
from prober.drill.processes import DrillError
from prober.drill.webhook import Notification

_LOOK_EVERY: Final = 0.5
_SERVERS: Final = {
    CALLS: ("reference-1", "reference-2"),
    RULES: ("reference-rules",),
    RACES: ("reference-races",),
}
"""By file of probes, the servers that share its faults."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of a drill."""

    faults: Sequence[str]
    """Names in EXPECTED."""
    speed: float | None
    """The divisor of every duration behind the daemon; None for what fits this machine."""
    probes: Path
    """The folder with the shipped probes."""
    alerting: Alerting | str
    """The programs, or why the drill runs without them."""


async def drill(plan: Plan, say: Say) -> Report:
    """Run a drill. All its processes have ended when this function returns or is cancelled.

    Raises:
        DrillError: the drill has no result.
    """
    started_at, start = datetime.now(UTC), monotonic()
    speed = plan.speed
    if speed is None:
        slower = slowdown()
        speed = fitting_speed(slower)
        if speed < timescale.USUAL_SPEED:
            say(f"this machine is busy, programs take {slower:.1f} times longer: time is divided by {speed:g}")
    # What went to an operator's receivers is not sent twice.
    once = plan.speed is not None or (isinstance(plan.alerting, Alerting) and plan.alerting.own is not None)
    while True:
        try:
            report = await _drill(plan, speed, say, gives_up=speed > SLOWEST and not once)
        except _TooBusyError as busy:
            speed = max(speed / 2, SLOWEST)
            say(f"{busy}: this machine is too busy for that speed; once more, with time divided by {speed:g}")
            continue
        except RequestError as error:
            raise DrillError(str(error)) from None
        return replace(report, started_at=started_at, seconds=monotonic() - start)


class _TooBusyError(Exception):
    """An alert about the prober itself, by its name: a fault of a server raises none."""


async def _drill(plan: Plan, speed: float, say: Say, *, gives_up: bool) -> Report:
    """One drill. Raises _TooBusyError if it `gives_up` at an alert about the prober itself."""
    started_at, start = datetime.now(UTC), monotonic()
    assigned = _assigned(plan.faults)
    alerting = plan.alerting if isinstance(plan.alerting, Alerting) else None
    async with pipeline(_targets(assigned), probes=plan.probes, alerting=alerting, speed=speed, say=say) as up:
        fault_runs = await _run_all(assigned, up, say, gives_up=gives_up)
        notifications = await _all_notifications(up)
        delivered = _delivered(alerting, up)
    by_fault = {fault_run.fault: fault_run for fault_run in fault_runs}
    unexpected = _unexpected(fault_runs, notifications)
    own = _names(unexpected[None])
    if own and gives_up:
        raise _TooBusyError(", ".join(own))
    return Report(
        started_at=started_at,
        seconds=monotonic() - start,
        speed=speed,
        chain=None if alerting is not None else str(plan.alerting),
        findings=tuple(
            by_fault[fault].finding(
                echoes=_names(each for each in unexpected[fault] if each.name in ECHOES),
                wrong=_names(each for each in unexpected[fault] if each.name not in ECHOES),
            )
            for fault in plan.faults
        ),
        own=own,
        deliveries=delivered,
    )


def _assigned(faults: Iterable[str]) -> dict[str, list[str]]:
    """By target, its faults."""
    assigned: dict[str, list[str]] = {}
    for file, servers in _SERVERS.items():
        of_file = sorted((fault for fault in faults if EXPECTED[fault].file == file), key=lambda f: EXPECTED[f].lingers)
        assigned |= {name: of_file[first :: len(servers)] for first, name in enumerate(servers)}
    return {target: queue for target, queue in assigned.items() if queue}


def _targets(assigned: Mapping[str, Sequence[str]]) -> dict[str, Probed]:
    """By target, the probes that look at it: all of calls, as faults show in several; else those that are needed."""
    expected = {target: [EXPECTED[fault] for fault in faults] for target, faults in assigned.items()}
    return {
        target: Probed(
            file=queue[0].file, probes=None if queue[0].file == CALLS else frozenset(each.probe for each in queue)
        )
        for target, queue in expected.items()
    }


async def _run_all(assigned: Mapping[str, Sequence[str]], up: Pipeline, say: Say, *, gives_up: bool) -> list[FaultRun]:
    reasons = await next(iter(up.references.values())).reasons()
    fault_runs = {
        target: [FaultRun(fault, EXPECTED[fault], reasons[fault], target=target, pipeline=up) for fault in faults]
        for target, faults in assigned.items()
    }
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(up.watch())
            doubting = group.create_task(_doubt(up.chain if gives_up else None))
            async with asyncio.TaskGroup() as queues:
                for queue in fault_runs.values():
                    queues.create_task(_run_queue(queue, say))
            watching.cancel()
            doubting.cancel()
    except ExceptionGroup as failures:
        raise _first(failures) from None
    return [fault_run for queue in fault_runs.values() for fault_run in queue]


async def _doubt(chain: Chain | None) -> None:
    """Raises _TooBusyError at the first alert about the prober itself. Returns where nothing is to be watched."""
    while chain is not None:
        if own := {each.name for each in chain.webhook.notifications if each.name in SELF_ALERTS}:
            raise _TooBusyError(", ".join(sorted(own)))
        await asyncio.sleep(_LOOK_EVERY)


async def _run_queue(queue: Sequence[FaultRun], say: Say) -> None:
    async with asyncio.TaskGroup() as group:
        for fault_run in queue:
            await fault_run.wait_for_quiet()
            await fault_run.inject(say)
            settling = group.create_task(fault_run.settle(say))
            if not fault_run.expected.lingers:
                await settling


def _first(failures: BaseExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _all_notifications(up: Pipeline) -> list[Notification]:
    """All notifications, after a wait for late alerts of the last fault."""
    if up.chain is None:
        return []
    await asyncio.sleep(up.chain.group_interval)
    return list(up.chain.webhook.notifications)


def _delivered(alerting: Alerting | None, up: Pipeline) -> tuple[Delivery, ...]:
    if alerting is None or alerting.own is None or up.chain is None:
        return ()
    return deliveries(
        alerting.own.destinations, up.chain.alertmanager.log.read_text(encoding="utf-8", errors="replace")
    )


def _unexpected(
    fault_runs: Sequence[FaultRun], notifications: Iterable[Notification]
) -> dict[str | None, list[Notification]]:
    """By fault, the alerts beside the expected one; under None the alerts about the prober itself.

    An alert belongs to the latest fault that was injected before the alert began, on the alert's target if it has one.
    """
    unexpected: dict[str | None, list[Notification]] = {None: []} | {fault_run.fault: [] for fault_run in fault_runs}
    for notification in notifications:
        if notification.status != "firing":  # an inhibited alert has a resolved notification only
            continue
        if notification.name in SELF_ALERTS:
            unexpected[None].append(notification)
            continue
        target = notification.labels.get("target")
        candidates = [fault_run for fault_run in fault_runs if fault_run.target == target] or fault_runs
        began_at = notification.began_at
        latest = max(candidates, key=lambda run: (run.injected_at <= began_at, run.injected_at))
        if notification.name != latest.expected.alert:
            unexpected[latest.fault].append(notification)
    return unexpected


def _names(notifications: Iterable[Notification]) -> tuple[str, ...]:
    """The names of the alerts, each once."""
    return tuple(sorted({each.name for each in notifications}))
