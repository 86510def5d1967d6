"""What a path selects as values, and that no answer makes selecting hold up the event loop."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from prober.assertions.checks import Instance
from prober.assertions.expectations import SelectionError, compile_path
from prober.assertions.judge import Judge
from prober.assertions.selection import MOST_SELECTED, Selection, one_of, select, written
from prober.config.model import Limits
from prober.outcome import Failure, Reason
from tests.assertions.ticking import PROMISE, ticking

AMPLE: Final = 20.0
ITEMS: Final = {"items": [{"id": number, "text": f"text {number}"} for number in range(30_000)]}
DEEP: Final[list[Any]] = []
for _ in range(300):
    DEEP[:] = [[*DEEP], 0]


def selection(path: str, value: Any, most: int | None = None) -> Selection:
    return Selection(path=compile_path(path), instance=Instance(value=value), most=most)


async def selected(judge: Judge, path: str, value: Any, most: int | None = None) -> list[Any]:
    deadline = asyncio.get_running_loop().time() + AMPLE
    return await judge.select(selection(path, value, most), deadline=deadline)


def test_one_node_is_one_and_no_other_number() -> None:
    wanted = selection("$.a.b", {"a": {"b": None}})
    assert one_of(select(wanted), wanted) is None
    wanted = selection("$.a.b", {"a": {"b": [1]}})
    assert one_of(select(wanted), wanted) == [1]
    none = selection("$.a.c", {"a": {"b": 1}})
    with pytest.raises(SelectionError, match=r'^\$\.a\.c selects nothing in \{"a": \{"b": 1\}\}$'):
        one_of(select(none), none)
    many = selection("$[*]", [1, 2], 2)
    with pytest.raises(SelectionError, match=r"^\$\[\*\] selects more than one node of \[1, 2\]$"):
        one_of(select(many), many)


def test_nodes_are_written_as_an_array_unless_it_is_too_long() -> None:
    assert written([]) == "[]"
    assert written([1, "a", {"b": None}]) == '[1, "a", {"b": null}]'
    assert written([1, "a"], most=10) == '[1, "a"]'
    assert written([1, "a"], most=7) is None


def test_as_much_can_be_selected_as_an_answer_may_have() -> None:
    answer = Limits().body
    assert written(["x" * (answer // 2)]) is not None
    assert written(["x" * (answer - 6)]) is not None
    assert written(["x" * answer]) is None


@pytest.mark.parametrize(
    ("path", "value", "cheap"),
    [
        ("$.items[29999].id", ITEMS, True),
        ("$.items", ITEMS, True),
        ("$.items[*].id", ITEMS, False),
        ("$.items[*].id", {"items": [{"id": 1}] * 100}, True),
        ("$..id", {"id": 1}, False),
        ("$[?@.id]", [{"id": 1}], False),
    ],
)
def test_what_goes_straight_or_through_little_is_cheap(path: str, value: Any, *, cheap: bool) -> None:
    assert selection(path, value).cheap is cheap


@pytest.mark.slow
@pytest.mark.parametrize("path", ["$.items[*].id", "$..id", "$.items[?@.id >= 0].id"])
async def test_a_worker_finds_what_would_be_found_here(path: str) -> None:
    async with Judge(allowance=AMPLE) as judge:
        async with ticking() as ticks:
            found = await selected(judge, path, ITEMS)
        assert len(judge.pids) == 1
        assert await selected(judge, path, ITEMS, 2) == [0, 1]
        assert await selected(judge, path.replace("id", "nothing"), ITEMS) == []
    assert found == list(range(30_000))
    assert ticks.longest < PROMISE


HOSTILE: Final = {
    "a pattern without an end": (
        "$[?search(@, '(a|aa)*c')]",
        ["a" * 400 + "!c"],
        "it was not finished after the 0.5 s",
    ),
    "down from everywhere": ("$..*..*..*..*..nothing", DEEP, "it was not finished after the 0.5 s"),
}


@pytest.mark.parametrize(("path", "value", "why"), HOSTILE.values(), ids=HOSTILE)
async def test_a_search_without_an_end_is_given_up(path: str, value: Any, why: str) -> None:
    async with Judge(allowance=0.5) as judge, ticking() as ticks:
        with pytest.raises(Failure, match=why) as caught:
            await selected(judge, path, value)
    assert caught.value.reason is Reason.UNDECIDED
    assert ticks.longest < PROMISE


@pytest.mark.slow
async def test_more_than_an_answer_can_hold_is_not_handed_over() -> None:
    async with Judge(allowance=AMPLE) as judge:
        with pytest.raises(Failure, match=f"larger than {MOST_SELECTED} characters") as caught:
            await selected(judge, "$..*", ["x" * 300, [["y" * 1000] * 300] * 3, DEEP] * 20)
    assert caught.value.reason is Reason.UNDECIDED
