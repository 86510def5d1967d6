"""What is told, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from prober.notify.alert_groups import AlertGroups, Change, Firing, Resolved
from prober.outcome import Symptom
from prober.scheduled_run import ScheduledRun
from tests.notify.results import at, run, statuses


class Telling:
    """Alert groups, and the status store that counts failures in a row for them."""

    def __init__(self, *, after: int) -> None:
        self.groups = AlertGroups(after=after)
        self.suspect = False
        probes = ("a", "b", "c", "told", "other", *(f"p{number}" for number in range(10)))
        self.statuses = statuses(*probes, suspects=lambda: self.suspect)

    def __call__(self, result: ScheduledRun, *, suspect: bool = False) -> None:
        self.suspect = suspect
        self.statuses.record(result)
        self.groups.record(result, status=self.statuses.probe(result.outcome.probe), suspect=suspect)


def words(changes: list[Change]) -> str:
    """`+a,b:symptom` for what begins, `-a:symptom` for what ends."""
    told = []
    for change in changes:
        if isinstance(change, Firing):
            told.append(f"+{','.join(outcome.probe for outcome in change.outcomes)}:{change.symptom}")
        else:
            told.append(f"-{','.join(change.probes)}:{change.symptom}")
    return " ".join(told)


def story(runs: str, *, after: int = 3) -> str:
    """What is told after each run, `.` for nothing. A run is `[probe=]word[!][?]`: `!` maintenance, `?` self-doubt."""
    tell, told = Telling(after=after), []
    for minute, text in enumerate(runs.split()):
        probe, _, word = text.rpartition("=")
        tell(run(word.rstrip("!?"), minute, probe=probe or "a", maintenance="!" in word), suspect="?" in word)
        told.append(words(tell.groups.take()) or ".")
    return " ".join(told)


RULES: Final[Mapping[str, tuple[str, str]]] = {
    "three in a row are told, once": ("timeout timeout timeout timeout", ". . +a:no_answer ."),
    "two are not": ("timeout timeout pass timeout timeout", ". . . . ."),
    "the end is told at the first run that passes, once": (
        "timeout timeout timeout pass pass",
        ". . +a:no_answer -a:no_answer .",
    ),
    "unknown runs neither count nor interrupt": (
        "timeout unknown timeout unknown timeout unknown pass",
        ". . . . +a:no_answer . -a:no_answer",
    ),
    "three reasons of one symptom are three in a row": ("timeout connect_refused unavailable", ". . +a:no_answer"),
    "a reason that changes is no news": (
        "timeout timeout timeout unavailable timeout unavailable unavailable unavailable pass",
        ". . +a:no_answer . . . . . -a:no_answer",
    ),
    "a symptom that changes now and then is none": (
        "timeout timeout timeout tool_error timeout tool_error tool_error timeout pass",
        ". . +a:no_answer . . . . . -a:no_answer",
    ),
    "a symptom that has changed for good is": (
        "timeout timeout timeout tool_error tool_error tool_error tool_error pass",
        ". . +a:no_answer . . +a:wrong_answer . -a:wrong_answer",
    ),
    "in maintenance nothing is told, and nothing counts": (
        "timeout! timeout! timeout! timeout timeout timeout",
        ". . . . . +a:no_answer",
    ),
    "what ends in maintenance is told after it": (
        "timeout timeout timeout pass! pass! pass",
        ". . +a:no_answer . . -a:no_answer",
    ),
    "what fails while we suspect ourselves does not count": (
        "timeout timeout timeout? timeout? timeout",
        ". . . . +a:no_answer",
    ),
    "it fails again and is told again": (
        "timeout timeout timeout pass timeout timeout timeout",
        ". . +a:no_answer -a:no_answer . . +a:no_answer",
    ),
    "who joins an alert group is in it silently, and it ends with the last": (
        "a=timeout a=timeout a=timeout b=timeout b=timeout b=timeout a=pass b=pass",
        ". . +a:no_answer . . . . -a,b:no_answer",
    ),
    "another reason of the same symptom is the same group": (
        "a=timeout a=timeout a=timeout b=unavailable b=unavailable b=unavailable a=pass b=pass",
        ". . +a:no_answer . . . . -a,b:no_answer",
    ),
    "another symptom is another group": (
        "a=timeout a=timeout a=timeout b=tool_error b=tool_error b=tool_error a=pass b=pass",
        ". . +a:no_answer . . +b:wrong_answer -a:no_answer -b:wrong_answer",
    ),
    "who comes back into an alert group is not told again": (
        "a=timeout a=timeout a=timeout b=timeout b=timeout b=timeout b=pass b=timeout b=timeout b=timeout a=pass"
        " b=pass",
        ". . +a:no_answer . . . . . . . . -a,b:no_answer",
    ),
    "an alert group that all have left for another has no end": (
        "timeout timeout timeout tool_error tool_error tool_error",
        ". . +a:no_answer . . +a:wrong_answer",
    ),
}


@pytest.mark.parametrize(("runs", "told"), RULES.values(), ids=RULES)
def test_the_rules(runs: str, told: str) -> None:
    assert story(runs) == told


def test_one_failure_is_enough_where_that_is_wanted() -> None:
    assert story("timeout pass timeout", after=1) == "+a:no_answer -a:no_answer +a:no_answer"


def test_since_and_in_a_row_are_those_of_the_probe_that_failed_first() -> None:
    tell = Telling(after=2)
    for minute, text in enumerate(["a=timeout", "b=timeout", "b=timeout", "b=timeout", "a=unavailable"]):
        probe, _, word = text.partition("=")
        tell(run(word, minute, probe=probe))
    [firing] = tell.groups.take()
    assert isinstance(firing, Firing)
    assert [outcome.probe for outcome in firing.outcomes] == ["a", "b"]
    assert (firing.since, firing.streak) == (at(0), 2)


def test_another_symptom_begins_its_own_since() -> None:
    tell = Telling(after=2)
    for minute, word in enumerate(["timeout", "timeout", "tool_error", "unknown", "tool_error"]):
        tell(run(word, minute))
    firing = tell.groups.take()[-1]
    assert isinstance(firing, Firing)
    assert (firing.symptom, firing.since, firing.streak) == (Symptom.WRONG_ANSWER, at(2), 2)


def test_ten_probes_of_one_target_are_one_change_and_another_target_is_another() -> None:
    tell = Telling(after=2)
    groups = tell.groups
    names = [f"p{number}" for number in range(10)]
    for minute in range(2):
        for name in names:
            tell(run("connect_refused", minute, probe=name))
        tell(run("connect_refused", minute, probe="other", target="u"))
    first, second = groups.take()
    assert isinstance(first, Firing)
    assert isinstance(second, Firing)
    assert [outcome.probe for outcome in first.outcomes] == names
    assert (first.since, second.target) == (at(0), "u")


def test_what_passes_before_it_is_told_is_not_told() -> None:
    tell = Telling(after=1)
    groups = tell.groups
    tell(run("timeout"))
    assert groups.pending
    tell(run("pass", 1))
    assert not groups.pending
    assert groups.take() == []


def test_an_end_knows_how_long_it_lasted_and_why_the_target_still_fails() -> None:
    tell = Telling(after=1)
    groups = tell.groups
    tell(run("timeout", 1))
    tell(run("tool_error", 2, probe="b"))
    groups.take()
    tell(run("pass", 8))
    [ended] = groups.take()
    others = (Symptom.WRONG_ANSWER,)
    assert ended == Resolved(
        target="t", symptom=Symptom.NO_ANSWER, probes=("a",), since=at(1), until=at(8), others=others
    )


def test_what_is_withdrawn_has_to_fail_once_more_and_what_was_told_stays_told() -> None:
    tell = Telling(after=2)
    groups = tell.groups
    for minute in range(2):
        tell(run("timeout", minute, probe="told"))
    groups.take()
    for minute in range(2):
        tell(run("tool_error", minute))
    groups.withdraw()
    assert groups.take() == []
    tell(run("tool_error", 3), suspect=True)
    assert groups.take() == [], "in doubt it does not count"
    tell(run("tool_error", 4))
    tell(run("pass", 4, probe="told"))
    resolved, firing = groups.take()
    assert words([resolved, firing]) == "-told:no_answer +a:wrong_answer"
    assert firing.since == at(0), "which is when it began, not when it was believed"


@pytest.mark.parametrize(
    ("before", "runs", "told"),
    [
        ("timeout timeout timeout", "timeout pass", ". -a:no_answer"),
        ("timeout timeout", "timeout pass", "+a:no_answer -a:no_answer"),
        ("pass", "timeout timeout timeout", ". . +a:no_answer"),
        ("timeout! timeout! timeout!", "timeout timeout timeout", ". . +a:no_answer"),
        ("timeout timeout unavailable", "timeout pass", ". -a:no_answer"),
    ],
)
def test_after_a_restart_what_was_told_is_not_told_again(before: str, runs: str, told: str) -> None:
    known = statuses("a")
    for minute, word in enumerate(before.split()):
        known.record(run(word.rstrip("!"), minute, maintenance="!" in word))
    groups = AlertGroups(after=3)
    groups.restore(known.probes())
    assert not groups.pending
    seen = []
    for minute, word in enumerate(runs.split()):
        result = run(word, 10 + minute)
        known.record(result)
        groups.record(result, status=known.probe("a"), suspect=False)
        seen.append(words(groups.take()) or ".")
    assert " ".join(seen) == told


def test_restoring_does_not_hide_what_is_about_to_be_told() -> None:
    known = statuses("a", "b")
    tell = Telling(after=1)
    groups = tell.groups
    for name in ("a", "b"):
        known.record(run("timeout", probe=name))
    groups.record(run("timeout", probe="a"), status=known.probe("a"), suspect=False)
    groups.restore(known.probes())
    assert words(groups.take()) == "+a,b:no_answer"


def test_of_a_probe_that_is_gone_nothing_is_told() -> None:
    tell = Telling(after=1)
    groups = tell.groups
    tell(run("timeout"))
    tell(run("timeout", probe="b"))
    tell(run("timeout", probe="c", target="u"))
    groups.take()
    groups.keep({("t", "b"), ("t", "c")})  # c has moved to another target
    tell(run("pass", 1, probe="b"))
    tell(run("pass", 1, probe="c", target="u"))
    assert words(groups.take()) == "-a,b:no_answer"
