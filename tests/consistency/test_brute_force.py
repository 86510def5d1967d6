"""The judges agree with a search that tries every order of effects. `exhaustive.py` does the same on many more."""

from __future__ import annotations

import os

import pytest

from prober.consistency import MODELS
from tests.consistency.exhaustive import GOAL, tally

TRACES = int(os.environ.get("RACE_TRACES", "3000"))


@pytest.mark.parametrize("model", MODELS)
def test_no_right_trace_is_called_wrong_and_wrong_ones_are_caught(model: str) -> None:
    result = tally(model, TRACES)
    print(result)
    assert result.false_alarms == []
    assert result.bad > TRACES / 20
    assert result.met, result.missed


@pytest.mark.parametrize("model", MODELS)
def test_where_a_clock_is_coarse_equal_times_count_as_overlapping(model: str) -> None:
    result = tally(model, TRACES // 3, tick=0.5)
    print(result)
    assert result.false_alarms == []
    assert result.bad > TRACES / 100
    assert result.share >= (0.9 if model in {"lock", "record"} else GOAL), result.missed
