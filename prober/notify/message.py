"""The text of an alert group, for people on a telephone: what fails, why, since when, evidence, links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from prober.json_values import cap
from prober.notify.alert_groups import Change, Firing, Resolved
from prober.notify.defusing import defused
from prober.notify.links import Links
from prober.report.details import as_lines, cause, evidence_notes
from prober.report.formatting import duration
from prober.report.next_step import next_step
from prober.report.untrusted import line

MAX_TEXT: Final = 1800
"""Characters: some services take no more than 2,000."""

MAX_MESSAGES: Final = 10
"""Changes at one time that have a message each; more changes go into a digest."""

_MAX_TITLE: Final = 150
_MAX_CAUSE: Final = 500
_MAX_EVIDENCE_LINE: Final = 150
_MAX_EVIDENCE_LINES: Final = 4
_MAX_NEXT: Final = 400
_MAX_PROBES: Final = 5
_MAX_REASONS: Final = 3
_LEAST_SAID: Final = 200
"""Characters of what failed, however long the links are."""
_MAX_DIGEST_LINES: Final = 20
_MAX_LABEL: Final = 60

LabelsOf = Callable[[str], Mapping[str, str]]
"""The labels of a target, by its name."""
NO_LABELS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, kw_only=True)
class Message:
    """One notification. `bad` is whether it reports a failure or its end."""

    title: str
    text: str
    bad: bool


def messages_of(changes: Sequence[Change], links: Links, labels_of: LabelsOf = lambda _target: {}) -> list[Message]:
    """The messages of the changes at one time: one each, or at most two digests where the changes are many."""
    if len(changes) <= MAX_MESSAGES:
        return [message_of(change, links, labels_of(change.target)) for change in changes]
    firing = [change for change in changes if isinstance(change, Firing)]
    resolved = [change for change in changes if isinstance(change, Resolved)]
    messages = []
    if firing:
        messages.append(_digest(_headline(firing, "fail"), firing, links, bad=True))
    if resolved:
        messages.append(_digest(_headline(resolved, "no longer fail"), resolved, links, bad=False))
    return messages


def message_of(change: Change, links: Links, labels: Mapping[str, str] = NO_LABELS) -> Message:
    """The message of a change; `labels` are those of its target."""
    if isinstance(change, Firing):
        title = f"{change.target} fails: {change.symptom} ({', '.join(_reasons(change)[:_MAX_REASONS])})"
        return _message(title, _firing_text(change), [*_labels(labels), *_ways(change, links)], bad=True)
    text = [
        _probes(change.probes),
        f"failed for {duration((change.until - change.since).total_seconds())}: from {_time(change.since)}"
        f" to {_time(change.until)}",
    ]
    page = [*_labels(labels), *_page(links.to_target(change.target))]
    if change.others:
        text.append(f"the target still fails: {', '.join(change.others)}")
        return _message(f"{change.target} no longer fails: {change.symptom}", text, page, bad=False)
    return _message(f"{change.target} is well again, it failed: {change.symptom}", text, page, bad=False)


def _digest(title: str, changes: Sequence[Change], links: Links, *, bad: bool) -> Message:
    lines = [f"{change.target}: {change.symptom}" for change in changes[:_MAX_DIGEST_LINES]]
    more = len(changes) - len(lines)
    front = links.page()
    return _message(
        title, [*lines, *([f"and {more} more"] if more else [])], _page(f"{front}/" if front else None), bad=bad
    )


def _headline(changes: Sequence[Change], verb: str) -> str:
    count = len({change.target for change in changes})
    return f"{count} targets {verb}" if count > 1 else f"{changes[0].target} {verb}s"


def _firing_text(change: Firing) -> list[str]:
    first = change.outcomes[0]
    decisive = replace(first, evidence=first.evidence[:1])
    evidence = [cap(text, _MAX_EVIDENCE_LINE) for text in as_lines(evidence_notes(decisive))]
    reasons = _reasons(change)
    return [
        _probes([outcome.probe for outcome in change.outcomes]),
        *([f"reasons: {', '.join(reasons[:_MAX_REASONS])}"] if len(reasons) > 1 else []),
        cap(": ".join(filter(None, (cause(first), line(first.message)))), _MAX_CAUSE),
        *evidence[:_MAX_EVIDENCE_LINES],
        f"next: {cap(next_step(first), _MAX_NEXT)}",
    ]


def _reasons(change: Firing) -> list[str]:
    """The most frequent first."""
    counted = Counter(outcome.reason for outcome in change.outcomes if outcome.reason is not None)
    return [reason.value for reason, _ in counted.most_common()]


def _ways(change: Firing, links: Links) -> list[str]:
    """Our own lines, which no text of a server pushes out of the message."""
    first = change.outcomes[0]
    lasted = duration(max(0.0, (first.ended - change.since).total_seconds()))
    in_a_row = f"{change.streak} failures in a row, for {lasted}: " if change.streak > 1 else ""
    run = links.to_run(first)
    return [
        f"{in_a_row}since {_time(change.since)}",
        f"run: {links.run_line(first.probe)}",
        *([f"failure: {run}"] if run else []),
        *_page(links.to_target(change.target)),
    ]


def _labels(labels: Mapping[str, str]) -> list[str]:
    """They stand among our own lines, and a source may have given them: inert like the words of a server."""
    shown = [f"{name}={cap(line(value), _MAX_LABEL)}" for name, value in labels.items()]
    return [defused(cap(f"labels: {', '.join(shown)}", _MAX_CAUSE))] if shown else []


def _page(url: str | None) -> list[str]:
    return [f"page: {url}"] if url else []


def _probes(probes: Sequence[str]) -> str:
    names = ", ".join(line(name) for name in probes[:_MAX_PROBES])
    more = f" and {len(probes) - _MAX_PROBES} more" if len(probes) > _MAX_PROBES else ""
    return f"probe{'s' if len(probes) > 1 else ''}: {names}{more}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _message(title: str, text: Sequence[str], ways: Sequence[str], *, bad: bool) -> Message:
    """All but `ways` may hold words of others, which a messenger must not act on; the links among `ways` are meant."""
    last = "".join(f"\n{way}" for way in ways)
    said = cap(defused("\n".join(text)), max(MAX_TEXT - len(last), _LEAST_SAID))
    return Message(title=cap(defused(line(title)), _MAX_TITLE), text=said + last, bad=bad)
