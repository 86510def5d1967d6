"""How often a probe failed in a row: the one count that pages, API, notifications, metrics and rules read."""

from __future__ import annotations

import pytest

from prober.outcome import Reason, Verdict
from prober.scheduled_run import Remembered
from prober.status import ProbeStatus, StatusStore
from tests.notify.results import at, run, statuses

STREAKS = {
    "nothing has run": ("", 0),
    "a pass is no failure": ("pass", 0),
    "failures of one symptom are counted whatever their reasons": ("timeout connect_refused unavailable", 3),
    "a failure with another symptom begins anew": ("timeout timeout connect_refused tool_error", 1),
    "and counts on with its own": ("timeout tool_error output_schema_mismatch rpc_error", 3),
    "an unknown run between two of one symptom changes nothing": ("timeout unknown connect_refused", 2),
    "a pass ends them": ("timeout timeout pass", 0),
    "and they begin anew": ("timeout timeout pass timeout", 1),
    "an unknown run neither counts nor ends them": ("timeout unknown timeout unknown", 2),
    "an unknown run begins none": ("unknown unknown", 0),
    "a failure in maintenance is not counted and ends them": ("timeout timeout timeout!", 0),
    "a pass in maintenance ends them": ("timeout pass!", 0),
    "after maintenance they begin anew": ("timeout timeout timeout! timeout", 1),
    "in doubt a failure does not count": ("timeout timeout? timeout?", 1),
    "after the doubt they go on": ("timeout timeout? timeout", 2),
    "in doubt a pass ends them": ("timeout timeout pass?", 0),
}


SINCE = {
    "a streak began with its first failure": ("pass timeout unavailable", 1),
    "whatever could not be told between": ("timeout unknown timeout", 0),
    "another symptom begins anew": ("timeout timeout tool_error tool_error", 2),
    "also where both are one long": ("timeout tool_error", 1),
    "a failure in doubt is not its beginning": ("pass timeout? timeout", 2),
    "after maintenance it begins anew": ("timeout timeout! timeout", 2),
    "a pass has none": ("timeout pass", None),
}


@pytest.mark.parametrize(("runs", "minute"), SINCE.values(), ids=SINCE)
def test_a_streak_is_known_by_its_first_failure(runs: str, minute: int | None) -> None:
    doubt = False
    known = statuses("a", suspects=lambda: doubt)
    for number, word in enumerate(runs.split()):
        doubt = "?" in word
        known.record(run(word.rstrip("!?"), number, maintenance="!" in word))
    assert known.probe("a").streak_since == (None if minute is None else at(minute))


def test_what_people_read_of_a_failure_is_since_its_streak_began() -> None:
    known = statuses("a")
    for minute, word in enumerate(("pass", "timeout", "unavailable")):
        known.record(run(word, minute))
    assert (known.probe("a").since, known.probe("a").stands_since) == (at(2), at(1))
    assert known.target("t").stands_since == at(1)
    known.record(run("pass", 3))
    assert known.target("t").stands_since == at(3)


@pytest.mark.parametrize(("runs", "streak"), STREAKS.values(), ids=STREAKS)
def test_failures_in_a_row_are_counted(runs: str, streak: int) -> None:
    """A run is a word: `!` is maintenance, `?` is self-doubt."""
    doubt = False
    known = statuses("a", suspects=lambda: doubt)
    for minute, word in enumerate(runs.split()):
        doubt = "?" in word
        known.record(run(word.rstrip("!?"), minute, maintenance="!" in word))
    assert known.probe("a").streak == streak


def test_the_count_goes_on_where_the_process_before_ended() -> None:
    known = statuses("a", "b")
    known.restore(
        [
            Remembered(target="t", probe="a", last=run("timeout", 1), since=at(0), streak=2, streak_since=at(-3)),
            Remembered(target="elsewhere", probe="b", last=run("timeout", 1), since=at(0), streak=9),
        ]
    )
    known.record(run("timeout", 2))
    assert (known.probe("a").streak, known.probe("a").since, known.probe("a").streak_since) == (3, at(0), at(-3))
    assert known.probe("b") == ProbeStatus(probe=known.probe("b").probe)


def test_since_is_when_the_present_verdict_and_reason_were_first_seen() -> None:
    known = statuses("a")
    for minute, word in enumerate(("pass", "timeout", "timeout", "connect_refused", "connect_refused")):
        known.record(run(word, minute))
    status = known.probe("a")
    assert (status.verdict, status.reason, status.since, status.streak) == (
        *(Verdict.FAIL, Reason.CONNECT_REFUSED),
        *(at(3), 4),
    )


def test_a_result_of_a_probe_that_moved_to_another_target_is_dropped() -> None:
    known: StatusStore = statuses("a")
    known.record(run("timeout", target="u"))
    assert known.probe("a").last is None
    assert known.find("u", "a") is None
    assert known.find("t", "a") is known.probe("a")
