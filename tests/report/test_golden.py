"""Every report, word for word."""

from __future__ import annotations

import pytest

from tests.report.golden import FOLDER, GOLDEN


@pytest.mark.parametrize("name", GOLDEN)
def test_a_report_is_the_committed_one(name: str) -> None:
    assert GOLDEN[name]() == (FOLDER / name).read_text(encoding="utf-8")


def test_no_committed_report_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDEN)
