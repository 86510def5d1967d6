"""Every mistake in a file of its own, and what is said about it: the file, the place, what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from prober.client_configs.document import MAX_BYTES, read_document
from prober.config import ConfigError
from tests.client_configs.samples import HERE, SAMPLES, placed, read
from tests.client_configs.table_of_mistakes import MISTAKES


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    assert {path.name for path in (HERE / "mistakes").iterdir()} == MISTAKES.keys()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place(name: str) -> None:
    file = HERE / "mistakes" / name
    assert [message.removeprefix(str(file)) for message in mistakes_of(file)] == MISTAKES[name]


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path / "gone.json") == [f"{tmp_path / 'gone.json'}: no such file"]
    (tmp_path / "folder.json").mkdir()
    assert mistakes_of(tmp_path / "folder.json") == [f"{tmp_path / 'folder.json'}: not a file"]


def test_a_file_without_an_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert mistakes_of(tmp_path / "large.json") == [f"{tmp_path / 'large.json'}: larger than 16 MiB"]


def test_a_long_history_of_projects_is_read(tmp_path: Path) -> None:
    """Claude Code keeps megabytes of settings beside its servers."""
    history = '{"display": "a question", "pastedContents": {}}'
    projects = ",".join(f'"/srv/{n}": {{"history": [{",".join([history] * 20)}]}}' for n in range(500))
    file = tmp_path / ".claude.json"
    file.write_text(f'{{"projects": {{{projects}}}, "mcpServers": {{"a": {{"command": "uvx"}}}}}}')
    assert [server.name for server in read(file).servers] == ["a"]


ODD: Final[tuple[Any, ...]] = (None, 1, True, "x", "", [], {}, [1], [[]], {"a": 1}, {"": {}})


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES)
def test_no_odd_value_in_any_place_is_more_than_a_mistake(sample: str, tmp_path: Path) -> None:
    """Each value of a file is replaced by others in turn: the file is read, or refused with its mistakes."""
    document = read_document(placed(sample, tmp_path))
    file = document.file.with_suffix(".json")
    refused: list[ConfigError] = []
    for steps in places(document.value):
        for odd in ODD:
            file.write_text(json.dumps(replaced(document.value, steps, odd)))
            try:
                read(file)
            except ConfigError as error:
                refused.append(error)
    assert refused
    assert all(error.mistakes for error in refused)


def places(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield steps
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in below:
        yield from places(inner, (*steps, step))


def replaced(value: Any, steps: tuple[str | int, ...], odd: Any) -> Any:
    if not steps:
        return odd
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[steps[0]] = replaced(value[steps[0]], steps[1:], odd)
    return copy


def mistakes_of(file: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(file)
    return list(map(str, caught.value.mistakes))
