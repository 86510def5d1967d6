"""An alert group in words, for people on a telephone: who fails, why, since when, and what proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from prober.json_values import cap
from prober.notify.alert_groups import Change, Firing, Resolved
from prober.outcome import Outcome
from prober.report.details import as_lines, cause, evidence_notes
from prober.report.formatting import duration
from prober.report.untrusted import line

MOST: Final = 1500
"""Characters of a text: some services take no more than 2,000."""

MOST_AT_ONCE: Final = 10
"""Changes at one time that have a message each."""

_TITLE: Final = 150
_STORY: Final = 500
_EVIDENCE: Final = 150
_LINES: Final = 4
"""Lines of evidence, of as many characters each."""
_NAMED: Final = 5
_LISTED: Final = 20


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent. `bad` is whether something fails, or is well again."""

    title: str
    text: str
    bad: bool


def messages_of(changes: Sequence[Change]) -> list[Message]:
    """The messages of what changed at one time: one each, or all in two if nobody would read so many."""
    if len(changes) <= MOST_AT_ONCE:
        return [message_of(change) for change in changes]
    began = [change for change in changes if isinstance(change, Firing)]
    ended = [change for change in changes if isinstance(change, Resolved)]
    messages = []
    if began:
        messages.append(_digest(_sentence(began, "fail"), began, bad=True))
    if ended:
        messages.append(_digest(_sentence(ended, "no longer fail"), ended, bad=False))
    return messages


def message_of(change: Change) -> Message:
    """The message of a change."""
    if isinstance(change, Firing):
        return _message(f"{change.target} fails: {change.reason}", _firing(change), bad=True)
    text = [
        _named(change.probes),
        f"failed for {duration((change.until - change.since).total_seconds())}: from {_time(change.since)}"
        f" to {_time(change.until)}",
    ]
    if change.others:
        text.append(f"the target still fails: {', '.join(change.others)}")
        return _message(f"{change.target} no longer fails: {change.reason}", text, bad=False)
    return _message(f"{change.target} is well again, it failed: {change.reason}", text, bad=False)


def _digest(title: str, changes: Sequence[Change], *, bad: bool) -> Message:
    lines = [f"{change.target}: {change.reason}" for change in changes[:_LISTED]]
    more = len(changes) - len(lines)
    return _message(title, [*lines, *([f"and {more} more"] if more else [])], bad=bad)


def _sentence(changes: Sequence[Change], verb: str) -> str:
    count = len({change.target for change in changes})
    return f"{count} targets {verb}" if count > 1 else f"{changes[0].target} {verb}s"


def _firing(change: Firing) -> list[str]:
    first = change.outcomes[0]
    evidence = [cap(text, _EVIDENCE) for text in as_lines(evidence_notes(_decisive(first)))]
    return [
        _named([outcome.probe for outcome in change.outcomes]),
        cap(": ".join(filter(None, (cause(first), line(first.message)))), _STORY),
        *evidence[:_LINES],
        f"{change.streak} failures in a row, since {_time(change.since)}"
        if change.streak > 1
        else f"since {_time(change.since)}",
    ]


def _decisive(outcome: Outcome) -> Outcome:
    """With the piece of evidence that decides, and no more."""
    return replace(outcome, evidence=outcome.evidence[:1])


def _named(probes: Sequence[str]) -> str:
    names = ", ".join(line(name) for name in probes[:_NAMED])
    more = f" and {len(probes) - _NAMED} more" if len(probes) > _NAMED else ""
    return f"probe{'s' if len(probes) > 1 else ''}: {names}{more}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _message(title: str, text: Sequence[str], *, bad: bool) -> Message:
    return Message(title=cap(line(title), _TITLE), text=cap("\n".join(text), MOST), bad=bad)
