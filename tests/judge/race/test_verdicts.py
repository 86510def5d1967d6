"""What is said of wrong histories, word for word."""

from __future__ import annotations

from typing import Final

import pytest

from tests.judge.race.test_violations import CASES
from tests.judge.race.verdicts import FILE, verdict

COMMITTED: Final = {text.partition("\n")[0]: text for text in FILE.read_text(encoding="utf-8").split("\n\n")}


@pytest.mark.parametrize("name", COMMITTED)
def test_a_verdict_is_told_as_committed(name: str) -> None:
    assert verdict(name).rstrip("\n") == COMMITTED[name].rstrip("\n")


def test_every_written_history_is_among_them() -> None:
    assert [name.split()[1] for name in COMMITTED if name.startswith("written")] == list(CASES)
