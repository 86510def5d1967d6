"""How long runs took, by the minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prober.config.model import Config
from prober.recent import RecentPace
from tests.notify.results import at, run

STORIES = {
    "nothing ran": ("", ()),
    "one minute": ("pass@0", (0.1,)),
    "two runs of a minute are one mean": ("pass@0 slow@0.5", (0.2,)),
    "a minute without a run is a gap": ("pass@0 pass@3", (0.1, None, None, 0.1)),
    "a failure took its time": ("timeout@0", (0.1,)),
    "a run that could not tell took none": ("unknown@0 pass@1", (0.1,)),
    "nor does one in maintenance": ("pass!@0 pass@1", (0.1,)),
    "a run that began before and ended later is drawn where the line is": ("pass@2 slow@1", (0.2,)),
}


@pytest.mark.parametrize(("told", "minutes"), STORIES.values(), ids=STORIES)
def test_minutes(told: str, minutes: tuple[float | None, ...]) -> None:
    pace = RecentPace()
    for text in told.split():
        word, _, minute = text.partition("@")
        took = 0.3 if word == "slow" else 0.1
        word = word.replace("slow", "pass")
        result = run(word.rstrip("!"), float(minute), maintenance="!" in word)
        pace.record(replace(result, outcome=replace(result.outcome, duration_seconds=took)))
    assert pace.by_the_minute("t", at(5)) == pytest.approx(minutes)


def test_half_an_hour_is_drawn_and_what_is_older_is_forgotten() -> None:
    pace = RecentPace()
    for minute in range(100):
        pace.record(run("pass", minute))
    assert len(pace.by_the_minute("t", at(99))) == 30
    assert pace.by_the_minute("t", at(200)) == ()


def test_targets_that_are_gone_are_forgotten() -> None:
    pace = RecentPace()
    pace.record(run("pass"))
    pace.apply_config(Config())
    assert pace.by_the_minute("t", at(0)) == ()
