"""`drill`: switches on each fault of the reference server, and checks that the pipeline reports it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TextIO

import typer

from prober.cli.exit_codes import FAILED, INTERRUPTED, PASSED, UNKNOWN, refuse
from prober.cli.package_data import shipped
from prober.drill import EXPECTED, Alerting, DrillError, OwnRoutes, Plan, Report, drill, write_json, write_table
from prober.files import is_file

OUTPUTS: Final[Mapping[str, Callable[[Report, TextIO], None]]] = {"table": write_table, "json": write_json}

_PROMETHEUS: Final = ("prometheus",)
_ALERTMANAGER: Final = ("prometheus-alertmanager", "alertmanager")
"""Names of the program in packages; the first is Debian's."""
_DELIVERED: Final = ("http-503", "schema-drift")
"""Faults of a drill with real deliveries, if none is named: one that pages and one that warns."""
_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class DrillOptions:
    """The options of `drill`, as typed."""

    faults: Sequence[str]
    speed: float | None
    prometheus: Path | None
    alertmanager: Path | None
    alertmanager_config: Path | None
    deliver_outside: bool
    alerts: bool
    output: str


def run(options: DrillOptions) -> int:
    """Drill and report; returns the exit code."""
    if options.output not in OUTPUTS:
        refuse(f"--output {options.output}: choose one of {', '.join(OUTPUTS)}")
    own = _own_routes(options)
    plan = Plan(
        faults=_faults(options.faults or (_DELIVERED if own else ())),
        speed=options.speed,
        probes=shipped("probes").resolve(),
        alerting=_alerting(options, own),
    )
    if isinstance(plan.alerting, str):
        if own is not None:
            refuse(f"--alertmanager-config needs Prometheus and an Alertmanager: {plan.alerting}")
        _log(f"without alerts: {plan.alerting}")
    try:
        report = asyncio.run(_interruptible(plan))
    except DrillError as error:
        typer.echo(str(error), err=True)
        return UNKNOWN
    if report is None:
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    OUTPUTS[options.output](report, sys.stdout)
    if report.own:  # a drill that failed itself can neither pass nor fail the pipeline
        return UNKNOWN
    return PASSED if report.as_expected else FAILED


async def _interruptible(plan: Plan) -> Report | None:
    """The report, or None after a signal. The drill has cleaned up when this returns."""
    drilling = asyncio.ensure_future(drill(plan, _log))
    loop = asyncio.get_running_loop()
    interrupted = False

    def stop() -> None:
        nonlocal interrupted
        if not interrupted:  # a second signal must not interrupt the clean-up
            interrupted = True
            drilling.cancel()

    for number in _INTERRUPTIONS:
        loop.add_signal_handler(number, stop)
    try:
        return await drilling
    except asyncio.CancelledError:
        if interrupted:
            return None
        raise


def _log(line: str) -> None:
    typer.echo(line, err=True)


def _faults(names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in EXPECTED:
            near = get_close_matches(name, EXPECTED, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(EXPECTED)}"
            refuse(f"There is no fault {name!r}.{hint}")
    return [fault for fault in EXPECTED if not names or fault in names]


def _own_routes(options: DrillOptions) -> OwnRoutes | None:
    """The operator's file, if one is named. Only what is on this machine is contacted without `--deliver-outside`."""
    if options.alertmanager_config is None:
        if options.deliver_outside:
            refuse("--deliver-outside says to whom receivers of --alertmanager-config FILE may send: name the file")
        return None
    try:
        own = OwnRoutes.read(options.alertmanager_config)
        outside = [each for each in own.destinations if not each.is_here]
    except DrillError as error:
        refuse(str(error))
    if outside and not options.deliver_outside:
        listed = "".join(f"\n  {each}" for each in outside)
        refuse(
            "This drill would send real notifications beyond this machine, marked as a drill:"
            f"{listed}\nNothing was started. If that is meant, add --deliver-outside."
        )
    return own


def _alerting(options: DrillOptions, own: OwnRoutes | None) -> Alerting | str:
    """The programs, or why they are not used. A program from the command line must exist."""
    if not options.alerts:
        return "--no-alerts"
    prometheus = _program("--prometheus", options.prometheus, _PROMETHEUS)
    alertmanager = _program("--alertmanager", options.alertmanager, _ALERTMANAGER)
    if prometheus is None:
        return "Prometheus is not installed; say where it is: --prometheus PATH"
    if alertmanager is None:
        return "Alertmanager is not installed; say where it is: --alertmanager PATH"
    return Alerting(prometheus=prometheus, alertmanager=alertmanager, shipped=shipped("alerts").resolve(), own=own)


def _program(option: str, named: Path | None, usual: Sequence[str]) -> Path | None:
    if named is not None:
        if not (is_file(named) and os.access(named, os.X_OK)):
            refuse(f"{option} {named}: no such program")
        return named.resolve()
    found = next(filter(None, map(shutil.which, usual)), None)
    return Path(found) if found else None
