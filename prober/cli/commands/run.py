"""`run`: runs one pass, shows progress, and writes the report."""

from __future__ import annotations

import asyncio
import atexit
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from prober.cli.commands.judge import write_trace
from prober.cli.exit_codes import INTERRUPTED, refuse
from prober.config.model import Config, Probe
from prober.outcome import Outcome
from prober.report import REPORTS
from prober.report.progress import Progress
from prober.report.summary import Summary

if TYPE_CHECKING:
    from prober.consistency.trace import Trace


def check_output(output: str) -> None:
    if output not in REPORTS:
        refuse(f"--output {output}: choose one of {', '.join(REPORTS)}")


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run and what to report."""

    concurrency: int
    output: str
    verbose: bool
    trace: Path | None = None
    """Where the trace of the one race goes."""


def run(config: Config, probes: Sequence[Probe], options: RunOptions) -> int:
    """Run the probes and report on standard output; returns the exit code."""
    atexit.register(gc.freeze)  # else Python collects garbage at exit: a tenth of a small pass
    started_at = datetime.now(UTC)
    traces: list[Trace] = []
    running = _run(config, probes, concurrency=options.concurrency, on_trace=traces.append)
    outcomes, interrupted = asyncio.run(running)
    REPORTS[options.output](outcomes, started_at=started_at, verbose=options.verbose, stream=sys.stdout)
    if options.trace is not None:
        write_trace(options.trace, traces)
    if interrupted:
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    return Summary.of(outcomes, started_at=started_at).exit_code


_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)


async def _run(
    config: Config, probes: Sequence[Probe], *, concurrency: int, on_trace: Callable[[Trace], None]
) -> tuple[list[Outcome], bool]:
    """The outcomes in the order of `probes`; `not_run` for each probe that an interruption stopped."""
    from prober.engine import not_run, run_pass

    ended: dict[str, Outcome] = {}
    interrupted = False

    def start(probe: Probe) -> None:
        live.started(target=probe.target, probe=probe.name)

    def end(probe: Probe, outcome: Outcome) -> None:
        ended[probe.name] = outcome
        live.finished(outcome)

    with Progress(total=len(probes), stream=sys.stderr) as live:
        running = asyncio.ensure_future(
            run_pass(config, probes, concurrency=concurrency, on_start=start, on_end=end, on_trace=on_trace)
        )
        loop = asyncio.get_running_loop()
        for number in _INTERRUPTIONS:
            loop.add_signal_handler(number, running.cancel)
        try:
            await running
        except asyncio.CancelledError:
            interrupted = True
            for number in _INTERRUPTIONS:  # a second signal must not prevent the report
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)
    return [ended.get(probe.name) or not_run(probe, "interrupted before it ended") for probe in probes], interrupted
