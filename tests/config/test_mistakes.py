"""Every mistake in a file of its own, and what is said about it, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from prober.config import ConfigError, Mistake
from prober.loader import load
from tests.config.conftest import ENVIRON, HERE, TOKEN, told
from tests.config.table_of_mistakes import MISTAKES


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    assert {path.stem for path in (HERE / "mistakes").glob("*.yaml")} == MISTAKES.keys()


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_is_told_with_its_line_path_and_help(name: str, mistakes: Path) -> None:
    seen = told(mistakes / f"{name}.yaml")
    expected = MISTAKES[name]
    cut = [
        line[: len(wanted) - 1] + "…" if wanted.endswith("…") and len(line) >= len(wanted) else line
        for line, wanted in zip(seen, expected, strict=False)
    ]
    assert cut + seen[len(cut) :] == expected


def test_all_mistakes_of_all_files_are_told_at_once(mistakes: Path) -> None:
    expected = {
        (file.name, mistake.line, mistake.path) for file in mistakes.glob("*.yaml") for mistake in _mistakes_of(file)
    }
    together = _mistakes_of(mistakes)
    assert len(expected) > 150
    assert expected <= {(mistake.file.name, mistake.line, mistake.path) for mistake in together}


def test_mistakes_are_told_in_the_order_of_files_and_lines(mistakes: Path) -> None:
    order = [(mistake.file, mistake.line) for mistake in _mistakes_of(mistakes)]
    assert order == sorted(order)


def test_no_message_goes_over_a_line_or_shows_a_secret(mistakes: Path) -> None:
    for mistake in _mistakes_of(mistakes):
        assert str(mistake).isprintable()
        assert TOKEN not in str(mistake)
        assert "hunter2" not in str(mistake)  # a password that was written into a URL


def test_a_mistake_is_one_line_of_file_line_path_and_message(mistakes: Path) -> None:
    file = mistakes / "duration-a-number.yaml"
    with pytest.raises(ConfigError) as caught:
        load([file], environ=ENVIRON)
    message = "probes.one.interval: a duration needs a unit; write 5s"
    assert str(caught.value) == f"{file}:4: {message}"
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.path) == (file, 4, "probes.one.interval")


def _mistakes_of(path: Path) -> list[Mistake]:
    with pytest.raises(ConfigError) as caught:
        load([path], environ=ENVIRON)
    return list(caught.value.mistakes)
