"""What the receivers were told of each trouble."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.alerts.pages.troubles import TROUBLES, Trouble
from tests.alerts.receivers import Posted

PEOPLE = ("page", "chat", "mail")
"""Receivers that somebody reads; the other one gets every alert once more."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """A trouble that was: seconds since the epoch."""

    trouble: Trouble
    began: float
    ended: float
    passes: Mapping[tuple[str, str], Sequence[float]]
    """By target and probe, the scrapes in which the last run had passed."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What was told of one trouble. Seconds count from its beginning or its end, and are not divided."""

    played: Played
    incidents: Mapping[str, int]
    """By receiver, how often a group of alerts began to fire: PagerDuty pages so often."""
    messages: Mapping[str, int]
    """By receiver, notifications of what fires: a group that has grown sends another one."""
    alerts: Mapping[str, tuple[str, ...]]
    first_seconds: float | None
    over_seconds: float | None
    """From the end to the end of the last alert."""
    rounds: float | None
    """Evaluation rounds from the scrape that shows the end to the end of an alert, for the slowest of them."""
    notified_seconds: float | None
    """From the end to the last notification of it."""
    text: str

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is not one notification each for those who should hear of it, in words."""
        expected = self.played.trouble.hears
        words = []
        for receiver in PEOPLE:
            alerts, wanted = self.alerts.get(receiver, ()), expected.get(receiver, ())
            if alerts != wanted:
                words.append(
                    f"{receiver}: {', '.join(alerts) or 'nothing'} instead of {', '.join(wanted) or 'nothing'}"
                )
            if self.incidents.get(receiver, 0) > 1:
                words.append(f"{receiver}: notified {self.incidents[receiver]} times")
        if not self.played.trouble.for_an_hour and self.over_seconds is None:
            words.append("not resolved")
        return tuple(words)


def owner(labels: Mapping[str, str]) -> Trouble | None:
    """The trouble that an alert belongs to: that of its target, else that of its job or cluster."""
    owners = [each for each in TROUBLES if each.about.items() <= labels.items()]
    return min(owners, key=lambda each: "target" not in each.about, default=None)


def heard(played: Played, posted: Iterable[Posted], *, speed: float, round_seconds: float) -> Heard:
    """All of one trouble. `round_seconds` are those of an evaluation round, not divided."""
    trouble = played.trouble
    incidents: dict[str, int] = {}
    messages: dict[str, int] = {}
    alerts: dict[str, set[str]] = {}
    firing: set[tuple[str, str]] = set()
    firsts, ends, told, texts, lags = [], [], [], [], []
    for post in posted:
        receiver, mine = post.path.strip("/"), [a for a in post.document["alerts"] if owner(a["labels"]) is trouble]
        if receiver not in PEOPLE or not mine:
            continue
        group = (receiver, post.document["groupKey"])
        if post.document["status"] == "firing":
            messages[receiver] = messages.get(receiver, 0) + 1
            incidents[receiver] = incidents.get(receiver, 0) + (group not in firing)
            firing.add(group)
            alerts.setdefault(receiver, set()).update(a["labels"]["alertname"] for a in mine if a["status"] == "firing")
            firsts.append(post.at)
            texts += [(receiver != "page", post.at, a["annotations"]["summary"]) for a in mine]
        else:
            firing.discard(group)
            told.append(post.at)
        for alert in mine:
            if alert["status"] == "resolved":
                ends.append(_moment(alert["endsAt"]))
                lags.append(ends[-1] - _seen_over(played, alert["labels"]))
    over = max(ends, default=None) if not firing else None
    return Heard(
        played=played,
        incidents=incidents,
        messages=messages,
        alerts={receiver: tuple(sorted(names)) for receiver, names in alerts.items()},
        first_seconds=(firsts[0] - played.began) * speed if firsts else None,
        over_seconds=(over - played.ended) * speed if over else None,
        rounds=max(lags) * speed / round_seconds if over else None,
        notified_seconds=(told[-1] - played.ended) * speed if over and told else None,
        text=min(texts, default=(True, 0.0, ""))[2],
    )


def strays(posted: Sequence[Posted]) -> list[str]:
    """Alerts that somebody was told of and that belong to no trouble."""
    return sorted(
        {
            str(alert["labels"])
            for post in posted
            if post.path.strip("/") in PEOPLE
            for alert in post.document["alerts"]
            if owner(alert["labels"]) is None
        }
    )


def _seen_over(played: Played, labels: Mapping[str, str]) -> float:
    """The first scrape that shows the end of what an alert is about; the end itself where no probe shows it."""
    about = {key: value for key, value in labels.items() if key in ("target", "probe")}
    seen = [
        at
        for (target, probe), scrapes in played.passes.items()
        if about.items() <= {"target": target, "probe": probe}.items()
        for at in scrapes
        if at > played.ended
    ]
    return min(seen, default=played.ended) if about else played.ended


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
