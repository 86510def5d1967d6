"""What there is to tell of one probe beneath its line: the same words on a terminal, in a log and in JUnit XML.

Every text that leaves here is safe to show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prober.outcome import Evidence, Exchange, Failure, Outcome, Phase
from prober.report.formatting import duration, size
from prober.report.untrusted import block, line


@dataclass(frozen=True, kw_only=True)
class Note:
    """One fact with its name, such as `seen` and `null`. The text may have several lines."""

    label: str
    text: str


def cause(outcome: Outcome) -> str:
    """Why the probe did not pass and where: `schema_mismatch at tools/call`; empty for one that passed."""
    parts = [outcome.reason or "", f"at {line(outcome.step)}" if outcome.step else ""]
    return " ".join(filter(None, parts)) if outcome.reason else ""


def proof(outcome: Outcome) -> Iterator[Note]:
    """The evidence, without what the message says already: nobody wants to read it twice."""
    yield from _proof(outcome.evidence, outcome.message)


def told(failure: Failure) -> Iterator[str]:
    """The evidence of a failure outside of a run, as plain lines."""
    return filter(str.strip, as_lines(_proof((failure.evidence, *failure.further), failure.message)))


def _proof(pieces: Iterable[Evidence], message: str) -> Iterator[Note]:
    for evidence in pieces:
        yield from _judged(evidence, message)
        yield from _answered(evidence, message)
        if evidence.detail and not _says(message, evidence.detail):
            yield Note(label="detail", text=block(evidence.detail).strip("\n"))


def warnings(outcome: Outcome) -> Iterator[Note]:
    for warning in outcome.warnings:
        yield Note(label="warning", text=line(warning))


def conversation(outcome: Outcome) -> Iterator[Note]:
    """Each exchange: what it was and cost on one line, then the excerpts of what was sent and received."""
    for exchange in outcome.exchanges:
        yield Note(label="exchange", text=_head(exchange))
        for label, excerpt in (("sent", exchange.sent), ("received", exchange.received)):
            if text := block(excerpt).strip("\n"):
                yield Note(label=label, text=text)


def as_lines(notes: Iterable[Note]) -> Iterator[str]:
    """Notes as plain lines, `label: text`; the further lines of a text are indented."""
    for note in notes:
        first, *rest = note.text.split("\n")
        yield f"{note.label}: {first}".rstrip()
        yield from (f"  {further}".rstrip() for further in rest)


def _judged(evidence: Evidence, message: str) -> Iterator[Note]:
    wanted = evidence.expected is not None or evidence.seen is not None
    if wanted and all(_says(message, part) for part in _judged_parts(evidence)):
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


def _judged_parts(evidence: Evidence) -> Iterator[str]:
    yield from filter(None, (evidence.pointer, evidence.keyword))
    if evidence.expected is not None:
        yield f"expected {evidence.expected}"
    if evidence.seen is not None:
        yield f"seen {evidence.seen}"


def _answered(evidence: Evidence, message: str) -> Iterator[Note]:
    facts = []
    if evidence.http_status is not None and not _says(message, f"HTTP {evidence.http_status}"):
        facts.append(f"HTTP {evidence.http_status}")
    if evidence.rpc_code is not None and not _says(message, f"error {evidence.rpc_code}"):
        facts.append(f"JSON-RPC error {evidence.rpc_code}")
    if facts:
        yield Note(label="answer", text=", ".join(facts))


def _says(message: str, phrase: str) -> bool:
    """Whether the phrase stands in the message, not as a mere part of a longer word or number."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", message) is not None


_PHASES: Final = tuple(Phase)


def _head(exchange: Exchange) -> str:
    """`tools/call: HTTP 200 application/json, 312 B sent, 1.2 KiB received, 12 ms (connect 1.0 ms, wait 10 ms)`."""
    status = f"HTTP {exchange.http_status} " if exchange.http_status is not None else ""
    answer = (status + line(exchange.content_type or "")).strip()
    traffic = f"{size(exchange.bytes_sent)} sent, {size(exchange.bytes_received)} received"
    phases = ", ".join(f"{p} {duration(exchange.phases[p])}" for p in _PHASES if p in exchange.phases)
    took = duration(exchange.duration_seconds) + (f" ({phases})" if phases else "")
    return f"{line(exchange.step)}: " + ", ".join(filter(None, (answer, traffic, took)))
