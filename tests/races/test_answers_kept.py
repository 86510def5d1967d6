"""What the record of a race keeps of its answers: no more than the race has made, and what proves a violation."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from prober.consistency import judge_trace
from prober.consistency.trace import Operation, Result, Trace
from prober.kinds.race import RaceCall, RaceSettings
from prober.kinds.race.answers_kept import LONGEST, MOST_STRANGERS, AnswersKept
from prober.kinds.race.models import MODELS
from prober.kinds.race.recorder import Recorder
from prober.outcome import Reason

MADE = 5
WRITES = {"set": "add", "log": "append", "record": "write", "queue": "enqueue"}


def recorded(model: str, *told: Any) -> Trace:
    """The trace of a race that writes `MADE` elements, and then is told these."""
    seconds = count()
    recorder = Recorder(tag="probe-now", model=model, limit=100, clock=lambda: float(next(seconds)))
    operations = MODELS[model].operations
    [asks] = operations.keys() - {WRITES[model]}
    for number in range(MADE + len(told)):
        writes = number < MADE
        element = recorder.new_element() if writes else None
        recorder.add(
            Operation(
                id=number,
                client=0,
                kind=WRITES[model] if writes else asks,
                invoked=recorder.now(),
                returned=recorder.now(),
                result=Result.OK,
                element=element,
                value=None if writes else told[number - MADE],
            )
        )
    settings = RaceSettings(model=model, calls={name: RaceCall(tool="t") for name in operations})
    return recorder.trace(settings, seed=1, about="")


def reasons(trace: Trace) -> set[Reason]:
    return {violation.reason for violation in judge_trace(trace).violations}


OWN = [f"probe-now-{number}" for number in range(MADE)]
FOREIGN = [f"probe-before-{number}" for number in range(50_000)]
PRETENDED = [f"probe-now-{number}" for number in range(MADE, 50_000)]


@pytest.mark.parametrize("model", ["set", "log"])
@pytest.mark.parametrize(
    ("told", "most", "expected"),
    [
        pytest.param([*FOREIGN, *OWN], MADE, set(), id="foreign"),
        pytest.param([*OWN, *PRETENDED], MADE + MOST_STRANGERS, {Reason.PHANTOM_VALUE}, id="pretended"),
        pytest.param(OWN * 10_000, MADE + 1, {Reason.DUPLICATE_EFFECT}, id="repeated"),
    ],
)
def test_of_a_collection_no_more_is_kept_than_was_made_and_what_proves_a_violation(
    model: str, told: list[str], most: int, expected: set[Reason]
) -> None:
    trace = recorded(model, told, told)
    assert [len(each.value) for each in trace.operations if each.kind == "read"] == [most, most]
    assert reasons(trace) == expected


def test_of_sets_that_are_told_in_any_order_the_same_is_left() -> None:
    trace = recorded("set", [*OWN, *PRETENDED], [*reversed(PRETENDED), *OWN])
    one, other = (each.value for each in trace.operations if each.kind == "read")
    assert set(one) == set(other)
    assert reasons(trace) == {Reason.PHANTOM_VALUE}


def test_an_element_that_is_told_before_it_is_made_is_told_of_and_shared_by_all_answers() -> None:
    kept = AnswersKept(tag="probe-now")
    first, second = kept.make(1.0), kept.make(3.0)
    early = kept.collection([first, second], at=2.0)
    late = kept.collection(["".join(first), "".join((second[:5], second[5:]))], at=4.0)
    assert early == late == [first, second]
    assert all(one is other for one, other in zip(early, late, strict=True))


def test_a_long_element_out_of_a_queue_is_told_of_and_kept_short() -> None:
    one, other = (f"probe-now-{letter * 100_000}" for letter in "yz")
    told = [one, other, one + "y", one]
    trace = recorded("queue", *told, "probe-before-" + one)
    values = [each.value for each in trace.operations if each.kind == "dequeue"]
    assert [values.index(value) for value in values] == [0, 1, 2, 0], "equal ones are, and no others"
    assert max(map(len, values)) < 2 * LONGEST
    assert reasons(trace) == {Reason.PHANTOM_VALUE, Reason.DUPLICATE_EFFECT}


LONG: dict[str, tuple[Any, Any]] = {
    "text": ("x" * 100_000, "x" * 100_001),
    "object": ({"x": ["y" * 100] * 1_000}, {"x": ["y" * 100] * 1_001}),
    "list": ([0] * 100_000, [*[0] * 99_999, 1]),
}


@pytest.mark.parametrize(("field", "another"), LONG.values(), ids=LONG)
def test_long_fields_of_a_record_are_kept_short_and_told_apart(field: Any, another: Any) -> None:
    trace = recorded("record", [field, field], [field, another], [another, field])
    (one, same), (again, other), swapped = (each.value for each in trace.operations if each.kind == "read")
    assert one == same == again != other
    assert swapped == [other, one]
    assert len(one) < 2 * LONGEST
    assert reasons(trace) >= {Reason.LOST_UPDATE}


def test_what_is_nested_too_deeply_to_be_written_out_is_kept_as_a_text() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert isinstance(AnswersKept(tag="probe-now").short(deep), str)
