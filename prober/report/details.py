"""The details of one outcome: the same words on a terminal, in a log, in JUnit XML and on the status page.

Every text that this module returns is safe to show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prober.outcome import Evidence, Exchange, Failure, Outcome, Phase
from prober.report.formatting import duration, size
from prober.report.json_layout import laid_out
from prober.report.untrusted import block, line


@dataclass(frozen=True, kw_only=True)
class Note:
    """One fact with its label, such as `seen` and `null`. The text may have several lines."""

    label: str
    text: str


def cause(outcome: Outcome) -> str:
    """Reason and step: `schema_mismatch at tools/call`; empty for a probe that passed."""
    parts = [outcome.reason or "", f"at {line(outcome.step)}" if outcome.step else ""]
    return " ".join(filter(None, parts)) if outcome.reason else ""


def table_row(outcome: Outcome) -> tuple[str, ...]:
    """Verdict, target, probe, kind and duration."""
    names = (line(outcome.target), line(outcome.probe), line(outcome.kind))
    return (outcome.verdict.value, *names, duration(outcome.duration_seconds))


def headline(outcome: Outcome) -> str:
    """Cause and message on one line; empty for a probe that passed."""
    return ": ".join(filter(None, (cause(outcome), line(outcome.message))))


def all_notes(outcome: Outcome, *, verbose: bool) -> Iterator[Note]:
    """Evidence, the next step and warnings; with `verbose` the exchanges as well."""
    yield from evidence_notes(outcome)
    yield from next_notes(outcome)
    yield from warning_notes(outcome)
    if verbose:
        yield from exchange_notes(outcome)


def evidence_notes(outcome: Outcome) -> Iterator[Note]:
    """The evidence, without the parts that the message repeats: nobody wants to read them twice."""
    yield from _proof(outcome.evidence, outcome.message)


def told(failure: Failure) -> Iterator[str]:
    """The evidence of a failure outside of a run, as plain lines."""
    return filter(str.strip, as_lines(_proof((failure.evidence, *failure.further), failure.message)))


def _proof(pieces: Iterable[Evidence], message: str) -> Iterator[Note]:
    for evidence in pieces:
        yield from _mismatch_notes(evidence, message)
        yield from _answer_notes(evidence, message)
        if evidence.detail and not _mentions(message, evidence.detail):
            yield Note(label="detail", text=block(evidence.detail).strip("\n"))


def next_notes(outcome: Outcome) -> Iterator[Note]:
    """What to do now, for a probe that did not pass."""
    if outcome.reason is not None:
        from prober.report.next_step import next_step  # only here: a pass in which all is well needs no explanations

        yield Note(label="next", text=next_step(outcome))


def warning_notes(outcome: Outcome) -> Iterator[Note]:
    for warning in outcome.warnings:
        yield Note(label="warning", text=line(warning))


def exchange_notes(outcome: Outcome) -> Iterator[Note]:
    """Each exchange: one line of figures, then the excerpts of both sides."""
    for exchange in outcome.exchanges:
        yield Note(label="exchange", text=figures(exchange))
        for label, excerpt in (("sent", exchange.sent), ("received", exchange.received)):
            if text := laid_out(block(excerpt).strip("\n")):
                yield Note(label=label, text=text)


def as_lines(notes: Iterable[Note]) -> Iterator[str]:
    """Notes as plain lines, `label: text`; the second and later lines of a text are indented."""
    for note in notes:
        first, *rest = note.text.split("\n")
        yield f"{note.label}: {first}".rstrip()
        yield from (f"  {further}".rstrip() for further in rest)


def _mismatch_notes(evidence: Evidence, message: str) -> Iterator[Note]:
    compared = evidence.expected is not None or evidence.seen is not None
    if compared and all(_mentions(message, part) for part in _mismatch_parts(evidence)):
        return
    if evidence.pointer is not None:
        rule = f" ({evidence.keyword})" if evidence.keyword else ""
        yield Note(label="at", text=line((evidence.pointer or "(root)") + rule))
    elif evidence.keyword is not None:
        yield Note(label="rule", text=line(evidence.keyword))
    if evidence.expected is not None:
        yield Note(label="expected", text=block(evidence.expected))
    if evidence.seen is not None:
        yield Note(label="seen", text=block(evidence.seen))


def _mismatch_parts(evidence: Evidence) -> Iterator[str]:
    yield from filter(None, (evidence.pointer, evidence.keyword))
    if evidence.expected is not None:
        yield f"expected {evidence.expected}"
    if evidence.seen is not None:
        yield f"seen {evidence.seen}"


def _answer_notes(evidence: Evidence, message: str) -> Iterator[Note]:
    facts = []
    if evidence.http_status is not None and not _mentions(message, f"HTTP {evidence.http_status}"):
        facts.append(f"HTTP {evidence.http_status}")
    if evidence.rpc_code is not None and not _mentions(message, f"error {evidence.rpc_code}"):
        facts.append(f"JSON-RPC error {evidence.rpc_code}")
    if facts:
        yield Note(label="answer", text=", ".join(facts))


def _mentions(message: str, phrase: str) -> bool:
    """Whether the message holds the phrase as whole words."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", message) is not None


def figures(exchange: Exchange) -> str:
    """`tools/call: HTTP 200 application/json, 312 B sent, 1.2 KiB received, 12 ms (connect 1.0 ms, wait 10 ms)`."""
    status = f"HTTP {exchange.http_status} " if exchange.http_status is not None else ""
    answer = (status + line(exchange.content_type or "")).strip()
    traffic = f"{size(exchange.bytes_sent)} sent, {size(exchange.bytes_received)} received"
    phases = ", ".join(f"{p} {duration(exchange.phases[p])}" for p in Phase if p in exchange.phases)
    took = duration(exchange.duration_seconds) + (f" ({phases})" if phases else "")
    return f"{line(exchange.step)}: " + ", ".join(filter(None, (answer, traffic, took)))
