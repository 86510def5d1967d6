"""What must hold of an outcome however its server behaves, and of all that is written about it."""

from __future__ import annotations

import io
import json
import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from prober.config.model import Config, Probe, Target
from prober.daemon.logs import JsonLines, TextLines
from prober.notify.alert_groups import AlertGroups
from prober.notify.links import Links
from prober.notify.message import messages_of
from prober.outcome import Outcome, Reason, Verdict
from prober.report import REPORTS
from prober.scheduled_run import ScheduledRun
from prober.status import StatusStore
from tests.fuzz.odd_values import PARTS

_SECRET: Final = re.compile("|".join(PARTS))
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor, ends a line or turns the writing round, but for the line ends and tabs of the report itself."""


def complaints(outcome: Outcome, *, seconds: float, most: float) -> Iterator[str]:
    """What is wrong with an outcome by itself. The run took `seconds` by the loop's clock, and may take `most`."""
    if outcome.reason is Reason.INTERNAL_ERROR:
        yield f"internal_error: {outcome.message}; {outcome.evidence[0].detail if outcome.evidence else ''}"
    if (outcome.verdict is Verdict.PASS) != (outcome.reason is None):
        yield f"verdict {outcome.verdict} with reason {outcome.reason}"
    if seconds > most:
        yield f"took {seconds:.2f} s of at most {most:.2f} s"
    yield from secrets_in(repr(outcome), "the outcome")


def secrets_in(text: str, where: str) -> Iterator[str]:
    """Parts of secrets that a text shows."""
    if found := _SECRET.search(text):
        yield f"a secret is in {where}: {text[max(0, found.start() - 150) : found.end() + 60]!r}"


@dataclass(frozen=True, kw_only=True)
class Written:
    """One of the reports, as `run --output` writes it."""

    name: str
    verbose: bool


ALL_REPORTS: Final = tuple(Written(name=name, verbose=verbose) for name in REPORTS for verbose in (True, False))


def report_complaints(outcomes: Sequence[Outcome], *, reports: Sequence[Written] = ALL_REPORTS) -> Iterator[str]:
    """What is wrong with what reports, notifications and the log say of some outcomes."""
    for report in reports:
        stream = io.StringIO()
        try:
            REPORTS[report.name](outcomes, started_at=datetime.now(UTC), verbose=report.verbose, stream=stream)
            text = stream.getvalue()
            text.encode()
            _parse(report.name, text)
        except Exception as error:
            yield f"the report {report.name} cannot be written or read: {type(error).__name__}: {error}"
            continue
        yield from secrets_in(text, f"the report {report.name}")
        if report.name in ("table", "github") and (found := _CONTROL.search(text)):
            around = text[max(0, found.start() - 80) : found.end() + 20]
            yield f"{found[0]!r} is in the report {report.name}: {around!r}"
    yield from _message_complaints(outcomes)
    yield from _log_complaints(outcomes)


def _parse(name: str, text: str) -> None:
    if name in ("json", "sarif"):
        json.loads(text, parse_constant=_refuse)
    elif name == "junit":
        ET.fromstring(text)
    elif name == "prometheus":
        list(text_string_to_metric_families(text))


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _message_complaints(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Each outcome as the first failure of its probe, which goes to somebody's telephone."""
    for outcome in outcomes:
        if outcome.verdict is not Verdict.FAIL:
            continue
        groups, run, known = AlertGroups(after=1), ScheduledRun(outcome=outcome, due=outcome.started_at), StatusStore()
        probe = Probe(name=outcome.probe, target=outcome.target, kind=outcome.kind, settings=None)
        known.apply_config(Config(targets={outcome.target: Target(name=outcome.target)}, probes={probe.name: probe}))
        known.record(run)
        groups.record(run, status=known.probe(probe.name), suspect=False)
        for message in messages_of(groups.take(), Links(page=lambda: "http://127.0.0.1:9733", paths=())):
            said = f"{message.title}\n{message.text}"
            yield from secrets_in(said, "a notification")
            if found := _CONTROL.search(said):
                yield f"{found[0]!r} is in a notification: {said!r}"


def _log_complaints(outcomes: Sequence[Outcome]) -> Iterator[str]:
    from prober.daemon.verdict_log import Changes

    lines: list[str] = []

    def log(level: int, event: str, **facts: object) -> None:
        record = logging.LogRecord("prober", level, "", 0, event, None, None)
        record.__dict__["facts"] = facts
        lines.extend(form.format(record) for form in (JsonLines(), TextLines()))

    for outcome in outcomes:
        Changes(log=log).record(ScheduledRun(outcome=outcome, due=outcome.started_at))
    for line in lines:
        yield from secrets_in(line, "the log")
        if found := _CONTROL.search(line):
            yield f"{found[0]!r} is in the log: {line!r}"
        if "\n" in line:
            yield f"one event of the log has several lines: {line!r}"
