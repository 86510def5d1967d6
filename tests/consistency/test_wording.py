"""Values in the sentences of violations."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from prober.consistency.wording import show


@pytest.mark.parametrize("value", ["z" * 2_000_000, {"z": [1] * 500_000}], ids=type)
def test_a_sentence_writes_out_no_more_of_a_value_than_it_shows(value: Any) -> None:
    tracemalloc.start()
    try:
        text = show(value)
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
    assert len(text) == 60
