"""The text of an alert group, for people on a telephone: which probes fail, why, since when, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from prober.json_values import cap
from prober.notify.alert_groups import Change, Firing, Resolved
from prober.notify.defusing import defused
from prober.report.details import as_lines, cause, evidence_notes
from prober.report.formatting import duration
from prober.report.next_step import next_step
from prober.report.untrusted import line

MAX_TEXT: Final = 1500
"""Characters: some services take no more than 2,000."""

MAX_MESSAGES: Final = 10
"""Changes at one time that have a message each; more changes go into a digest."""

_MAX_TITLE: Final = 150
_MAX_CAUSE: Final = 500
_MAX_EVIDENCE_LINE: Final = 150
_MAX_EVIDENCE_LINES: Final = 4
_MAX_NEXT: Final = 400
_MAX_PROBES: Final = 5
_MAX_DIGEST_LINES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Message:
    """One notification. `bad` is whether it reports a failure or its end."""

    title: str
    text: str
    bad: bool


def messages_of(changes: Sequence[Change]) -> list[Message]:
    """The messages of the changes at one time: one each, or at most two digests where the changes are many."""
    if len(changes) <= MAX_MESSAGES:
        return [message_of(change) for change in changes]
    firing = [change for change in changes if isinstance(change, Firing)]
    resolved = [change for change in changes if isinstance(change, Resolved)]
    messages = []
    if firing:
        messages.append(_digest(_headline(firing, "fail"), firing, bad=True))
    if resolved:
        messages.append(_digest(_headline(resolved, "no longer fail"), resolved, bad=False))
    return messages


def message_of(change: Change) -> Message:
    """The message of a change."""
    if isinstance(change, Firing):
        return _message(f"{change.target} fails: {change.reason}", _firing_text(change), bad=True)
    text = [
        _probes(change.probes),
        f"failed for {duration((change.until - change.since).total_seconds())}: from {_time(change.since)}"
        f" to {_time(change.until)}",
    ]
    if change.others:
        text.append(f"the target still fails: {', '.join(change.others)}")
        return _message(f"{change.target} no longer fails: {change.reason}", text, bad=False)
    return _message(f"{change.target} is well again, it failed: {change.reason}", text, bad=False)


def _digest(title: str, changes: Sequence[Change], *, bad: bool) -> Message:
    lines = [f"{change.target}: {change.reason}" for change in changes[:_MAX_DIGEST_LINES]]
    more = len(changes) - len(lines)
    return _message(title, [*lines, *([f"and {more} more"] if more else [])], bad=bad)


def _headline(changes: Sequence[Change], verb: str) -> str:
    count = len({change.target for change in changes})
    return f"{count} targets {verb}" if count > 1 else f"{changes[0].target} {verb}s"


def _firing_text(change: Firing) -> list[str]:
    first = change.outcomes[0]
    decisive = replace(first, evidence=first.evidence[:1])
    evidence = [cap(text, _MAX_EVIDENCE_LINE) for text in as_lines(evidence_notes(decisive))]
    return [
        _probes([outcome.probe for outcome in change.outcomes]),
        defused(cap(": ".join(filter(None, (cause(first), line(first.message)))), _MAX_CAUSE)),
        *map(defused, evidence[:_MAX_EVIDENCE_LINES]),
        defused(f"next: {cap(next_step(first), _MAX_NEXT)}"),
        f"{change.streak} failures in a row, since {_time(change.since)}"
        if change.streak > 1
        else f"since {_time(change.since)}",
    ]


def _probes(probes: Sequence[str]) -> str:
    names = ", ".join(line(name) for name in probes[:_MAX_PROBES])
    more = f" and {len(probes) - _MAX_PROBES} more" if len(probes) > _MAX_PROBES else ""
    return f"probe{'s' if len(probes) > 1 else ''}: {names}{more}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _message(title: str, text: Sequence[str], *, bad: bool) -> Message:
    return Message(title=cap(line(title), _MAX_TITLE), text=cap("\n".join(text), MAX_TEXT), bad=bad)
