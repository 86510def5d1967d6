"""`run`: runs one pass, shows progress, and writes the reports."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from prober.cli import last_failed, selection
from prober.cli.commands.judge import check_trace, seeded, write_trace
from prober.cli.exit_codes import INTERRUPTED, PASSED, USAGE
from prober.cli.outputs import Output, write_outputs
from prober.cli.telemetry import telemetry
from prober.config.model import Config, Probe
from prober.outcome import Outcome, Verdict
from prober.report.progress import Progress
from prober.report.summary import Summary
from prober.report.untrusted import line

if TYPE_CHECKING:
    from prober.consistency.trace import Trace
    from prober.otel.telemetry import Telemetry


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What to run, how, and what to report."""

    paths: Sequence[Path]
    config: Config | None = None
    """A configuration that is in no file, instead of `paths`. What became of its probes is not remembered."""
    choice: selection.Choice
    outputs: Sequence[Output]
    concurrency: int
    verbose: bool = False
    fail_fast: bool = False
    last_failed: bool = False
    watch: bool = False
    otel: bool = False
    seed: int | None = None
    """The seed of all races."""
    trace: Path | None = None
    """Where the trace of the one race goes."""


def run(options: RunOptions) -> int:
    """Run the chosen probes and report; returns the exit code."""
    atexit.register(gc.freeze)  # else Python collects garbage at exit: a tenth of a small pass
    with telemetry(asked_for=options.otel) as sent_to:
        if not options.watch:
            return _one_pass(options, set(), sent_to)
        from prober.cli.watching import watch

        return watch(options.paths, lambda depends_on: _one_pass(options, depends_on, sent_to))


def _one_pass(options: RunOptions, depends_on: set[Path], sent_to: Telemetry | None) -> int:
    """Read the configuration and run it once. The files that it depends on are added to `depends_on`."""
    config = options.config or selection.load(options.paths, read=depends_on)
    if config.sources:
        config = with_sources(config)
    probes: Sequence[Probe] = selection.choose(config, options.choice)
    if options.last_failed:
        probes = last_failed.narrowed(probes, options.paths)
    probes = seeded(probes, options.seed)
    check_trace(options.trace, probes)

    started_at = datetime.now(UTC)
    traces: list[Trace] = []
    if sent_to is not None:
        sent_to.apply_config(config, {probe.name: probe for probe in probes})
    outcomes, interrupted = asyncio.run(_run(config, probes, options, sent_to, on_trace=traces.append))
    if options.config is None:
        last_failed.remember(outcomes, options.paths, configured=config.probes)
    all_written = write_outputs(options.outputs, outcomes, started_at=started_at, verbose=options.verbose)
    if options.trace is not None:
        write_trace(options.trace, traces)
    if interrupted:
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    code = Summary.of(outcomes, started_at=started_at).exit_code
    return USAGE if code == PASSED and not all_written else code


def with_sources(config: Config) -> Config:
    """The configuration with the targets that its sources have, and the probes for them."""
    from prober.sources.once import with_sources as found

    def tell(source: str, text: str) -> None:
        typer.echo(line(f"source {source}: {text}"), err=True)

    return asyncio.run(found(config, environ=os.environ, tell=tell))


_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)


async def _run(
    config: Config,
    probes: Sequence[Probe],
    options: RunOptions,
    sent_to: Telemetry | None,
    *,
    on_trace: Callable[[Trace], None],
) -> tuple[list[Outcome], bool]:
    """The outcomes in the order of `probes`; `not_run` for each probe that an interruption stopped."""
    from prober.engine import not_run, run_pass

    ended: dict[str, Outcome] = {}

    def start(probe: Probe) -> None:
        live.started(target=probe.target, probe=probe.name)

    def end(probe: Probe, outcome: Outcome) -> None:
        ended[probe.name] = outcome
        live.finished(outcome)
        if sent_to is not None:
            sent_to.ended(outcome)

    with Progress(total=len(probes), stream=sys.stderr) as live:
        running = asyncio.ensure_future(
            run_pass(
                config,
                probes,
                concurrency=options.concurrency,
                on_start=start,
                on_end=end,
                on_trace=on_trace,
                new_span=sent_to.new_span if sent_to is not None else lambda: None,
                ends_pass=lambda outcome: options.fail_fast and outcome.verdict is Verdict.FAIL,
            )
        )
        loop = asyncio.get_running_loop()
        for number in _INTERRUPTIONS:
            loop.add_signal_handler(number, running.cancel)
        try:
            return await running, False
        except asyncio.CancelledError:
            for number in _INTERRUPTIONS:  # a second signal must not prevent the report
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)
    return [ended.get(probe.name) or not_run(probe, "interrupted before it ended") for probe in probes], True
