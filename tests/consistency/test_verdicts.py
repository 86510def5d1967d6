"""What is said of wrong traces, word for word."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from prober.consistency.wording import line, show
from tests.consistency.table_of_traces import TRACES
from tests.consistency.test_violations import CASES
from tests.consistency.verdicts import FILE, verdict
from tests.consistency.writing import trace

COMMITTED: Final = {text.partition("\n")[0]: text for text in FILE.read_text(encoding="utf-8").split("\n\n")}


@pytest.mark.parametrize("name", COMMITTED)
def test_a_verdict_is_told_as_committed(name: str) -> None:
    assert verdict(name).rstrip("\n") == COMMITTED[name].rstrip("\n")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("3 read 12-15 value=7 version=2", "read #0 (12.0 to 15.0 ms): ok, value 7, version 2"),
        ("3 !write 12-15 element=a given=4", 'write #0 (12.0 to 15.0 ms) of "a" given 4: fail'),
        ("3 ?write 12-15 element=é value=7 version=2", 'write #0 (12.0 to 15.0 ms) of "é": unknown'),
        ("3 read 0-1 version=2 value=[1,2,3]", "read #0 (0.0 to 1.0 ms): ok, value [1, 2, 3], version 2"),
        ("3 read 0-1 version=2 value=[1,2,3,4]", "read #0 (0.0 to 1.0 ms): ok, value 4 elements, version 2"),
    ],
)
def test_an_operation_is_one_line_of_all_that_is_known(written: str, told: str) -> None:
    [operation] = trace("register", written).operations
    assert line(operation) == f"client 3's {told}"
    assert line(replace(operation, process=2)) == f"client 3's {told} [process 2]"


@pytest.mark.parametrize(("length", "shown"), [(58, f'"{"x" * 58}"'), (59, f'"{"x" * 58}…')])
def test_a_long_text_is_cut(length: int, shown: str) -> None:
    assert show("x" * length) == shown


def test_every_written_trace_is_among_them() -> None:
    assert [name.split()[1] for name in COMMITTED if name.startswith("written")] == list(CASES)
    assert [name.split()[1] for name in COMMITTED if name.startswith("more")] == list(TRACES)
