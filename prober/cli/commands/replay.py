"""`replay`: runs the probe of a stored failure once more, and says whether the failure still happens."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import typer

from prober.cli import selection
from prober.cli.commands.run import with_sources
from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, refuse
from prober.client.target_cache import cache_of
from prober.config.fields.urls import without_query
from prober.config.model import Config, Probe
from prober.outcome import Outcome, Verdict
from prober.redaction import Redactor
from prober.replay.curl import curl_of
from prober.replay.differences import differences
from prober.replay.repeating import NotRepeatableError, Repetition, configured, repetition_of
from prober.replay.stored import StoredError, StoredExchange, StoredRun, stored_runs
from prober.report.details import all_notes, as_lines, headline
from prober.report.formatting import parse_rfc3339, rfc3339
from prober.report.untrusted import line

_SECONDS: Final = 30.0
"""What the daemon or its history may take to answer."""
_FAILURES: Final = 100_000
"""Of one probe: more than the history keeps."""
_RUNS: Final = 100
"""That may have begun in one millisecond."""
_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """The options of `replay`, as typed."""

    failure: str
    """The id of a run, or a file."""
    config: Sequence[Path] | None
    probe: str | None
    daemon: str | None
    history: Path | None
    yes: bool
    curl: bool


def replay(options: ReplayOptions) -> int:
    """Repeat the run of the failure and compare; returns the exit code."""
    run = _the_one(_stored(options), options)
    config = selection.load(options.config)
    if run.probe not in config.probes and config.sources:
        config = with_sources(config)
    try:
        probe = configured(run, config)
        target, redact = config.targets[probe.target], _redactor(config, probe)
        if options.curl:
            typer.echo(redact(curl_of(run, target)), nl=False)
            return PASSED
        repetition = repetition_of(run, probe, redact)
    except NotRepeatableError as error:
        refuse(line(f"Nothing was run: {error}."))
    _refuse_writes(probe, options)
    now = asyncio.run(_run(config, repetition.probe))
    for text in _told(run, repetition, now, redact):
        typer.echo(text)
    code, conclusion = _conclusion(run, now)
    typer.echo(conclusion)
    return code


async def _run(config: Config, probe: Probe) -> Outcome:
    from prober.engine import run_pass

    [outcome] = await run_pass(replace(config, probes={probe.name: probe}), [probe])
    return outcome


def _redactor(config: Config, probe: Probe) -> Redactor:
    redact = cache_of(config.targets[probe.target]).redact
    for secret in probe.secrets:
        redact.add(secret.reveal())
    return redact


def _refuse_writes(probe: Probe, options: ReplayOptions) -> None:
    if probe.allow_writes and not options.yes:
        refuse(f"Nothing was run: the probe {probe.name} may write. To run it again all the same: --yes")


def _told(run: StoredRun, repetition: Repetition, now: Outcome, redact: Redactor) -> Iterator[str]:
    cause = " at ".join(filter(None, (run.reason, run.step)))
    then = ": ".join(filter(None, (run.verdict, cause, run.message)))
    yield redact(line(f"then  {run.run_id or 'at a time that the file does not say'}: {then}"))
    yield line(f"now   {rfc3339(now.started_at)}: {': '.join(filter(None, (now.verdict, headline(now))))}")
    yield from (f"  {text}" for text in as_lines(all_notes(now, verbose=False)))
    for note in repetition.notes:
        yield f"repeated: {line(note)}"
    before = run.deciding
    after = _same_step(now, before)
    if before is None or after is None:
        yield "answers: not compared, of one of them nothing was kept"
        return
    if not before.received and not after:
        yield "answers: there was none, neither then nor now"
        return
    found = differences(before.received, after)
    for each in found:
        yield redact(line(f"answers differ: {each}"))
    if not found:
        yield "answers: the same, as far as they are kept"


def _same_step(now: Outcome, before: StoredExchange | None) -> str | None:
    """What was received at the same step of the new run, the last time."""
    found = [each.received for each in now.exchanges if before is not None and each.step == before.step]
    return found[-1] if found else None


def _conclusion(run: StoredRun, now: Outcome) -> tuple[int, str]:
    if now.verdict is Verdict.UNKNOWN:
        return UNKNOWN, "it could not be found out whether it still happens"
    if now.verdict is Verdict.PASS:
        return PASSED, f"does not happen any more: the probe {line(run.probe)} passed this once"
    if now.reason == run.reason:
        step = "" if now.step == run.step else f", at {line(now.step or '')} instead of {line(run.step or '')}"
        return FAILED, line(f"still happens: {now.reason}{step}")
    return FAILED, line(f"fails for another reason: {now.reason} instead of {run.reason}")


def _the_one(runs: Sequence[StoredRun], options: ReplayOptions) -> StoredRun:
    """The one stored failure that is meant."""
    where, probe = without_query(options.failure), options.probe
    if not runs:
        refuse(line(f"{where}: there is no such run"))
    failed = [run for run in runs if run.failed and probe in (None, run.probe)]
    if not failed:
        refuse(line(f"{where}: no failure{f' of a probe {probe!r}' if probe else ''} is in it, of {len(runs)} runs"))
    if len(failed) > 1:
        names = sorted({run.probe for run in failed})
        if len(names) == 1:
            return failed[0]  # the API has the newest first
        refuse(line(f"{where}: {len(failed)} failures are in it. Choose one with --probe: {', '.join(names)}"))
    return failed[0]


def _stored(options: ReplayOptions) -> list[StoredRun]:
    word = options.failure
    shown = without_query(word)  # it may be an address, by mistake
    began = parse_rfc3339(word)
    if began is not None:
        wanted = rfc3339(began)
        read = _of_daemon(options.daemon, wanted) if options.daemon is not None else _of_history(options, began)
        return [run for run in read if run.run_id == wanted]
    if options.daemon is not None or options.history is not None:
        refuse(f"{shown}: --daemon and --history want the id of a run, such as 2026-01-31T12:00:00.000Z")
    return _parsed(shown, _of_file(word, shown))


def _parsed(where: str, text: str) -> list[StoredRun]:
    try:
        return stored_runs(text)
    except StoredError as error:
        refuse(line(f"{where}: {error}"))


def _of_file(word: str, shown: str) -> str:
    try:
        with sys.stdin.buffer if word == "-" else Path(word).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        refuse(f"{shown}: neither the id of a run, such as 2026-01-31T12:00:00.000Z, nor a file: {error.strerror}")
    if len(content) > _MOST_BYTES:
        refuse(f"{shown}: larger than {_MOST_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode()
    except UnicodeDecodeError:
        refuse(f"{shown}: not UTF-8")


def _of_daemon(address: str, run_id: str) -> list[StoredRun]:
    """The runs with that id that the daemon has in memory, with their exchanges."""
    import httpx

    shown = f"--daemon {without_query(address)}"
    try:
        with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
            answer = client.get(f"{address.rstrip('/')}/api/v1/runs", params={"run": run_id})
    except httpx.InvalidURL:  # its text quotes the address
        refuse(line(f"{shown}: no URL"))
    except httpx.HTTPError as error:
        refuse(line(f"{shown}: {type(error).__name__}: {error}"))
    if answer.status_code != 200:
        refuse(
            f"{shown}: HTTP {answer.status_code}. Where it wants a password, save /api/v1/runs?run={run_id}"
            " with another program, and give the file to replay"
        )
    return _parsed(shown, answer.text)


def _of_history(options: ReplayOptions, began: datetime) -> list[StoredRun]:
    """The failures with that id that the daemon has written down, without exchanges."""
    from prober.cli.history_file import ask_history
    from prober.history import PastFailure
    from prober.history.queries import failures, results

    def ask(connection: sqlite3.Connection) -> list[PastFailure]:
        until = began + timedelta(milliseconds=1)
        runs = results(connection, target=None, probe=options.probe, since=began, until=until, limit=_RUNS)
        return [
            failure
            for target, probe in {(run.target, run.probe) for run in runs}
            for failure in failures(connection, target=target, probe=probe, limit=_FAILURES)
            if began <= failure.started_at < until
        ]

    without = ". --history FILE names another one; --daemon URL asks a daemon"
    found = ask_history(options.history, ask, seconds=_SECONDS, without=without)
    return [
        StoredRun(
            target=each.target,
            probe=each.probe,
            kind=each.kind,
            verdict=each.verdict,
            reason=each.reason,
            step=each.step,
            message=each.message,
            run_id=rfc3339(each.started_at.astimezone(UTC)),
            details=tuple(piece.detail for piece in each.evidence if piece.detail is not None),
        )
        for each in found
    ]
