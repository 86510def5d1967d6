"""Large documents: what they mean, that they let others run meanwhile, and what no list of targets is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from prober.sources.found import Found, SourceError
from prober.sources.memory import Memory
from prober.sources.parsing import MOST_BYTES, StrangeError, parsed
from prober.sources.reading import document_of
from prober.sources.target_groups import take_groups
from tests.assertions.ticking import ticking
from tests.sources.making import source_of

SOME: Final = 300_000
"""Bytes that are too many for the scanner in C."""


def groups(count: int) -> list[dict[str, Any]]:
    return [{"targets": [f"https://a{n}.example/{n}"], "labels": {"target": f"x{n}", "a": "b"}} for n in range(count)]


def odd_groups() -> list[Any]:
    odd: list[Any] = [1.5, -7, 1e300, True, None, '\ud800 \U0001f600 \\ " \n', {}, [], [[{"a": [0]}]]]
    return [{"targets": [f"t{n}"], "labels": {"odd": odd}} for n in range(4000)]


@pytest.mark.parametrize("document", [groups(4000), odd_groups()], ids=["usual", "odd"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_large_document_means_what_the_standard_library_says(document: Any, indent: int | None) -> None:
    body = json.dumps(document, indent=indent).encode()
    assert len(body) > SOME
    assert parsed(body) == document


async def test_the_loop_goes_on_while_a_large_document_is_read() -> None:
    body = json.dumps(groups(50_000)).encode()
    async with ticking() as ticks:
        await asyncio.to_thread(parsed, body)
    assert ticks.count > 20


STRANGE: Final[dict[str, bytes]] = {
    "empty lists": b"[" + b"[]," * 100_000 + b"1]",
    "empty lists between two texts": b'["a",' + b"[]," * 100_000 + b'"b"]',
    "large numbers": b"[" + (b"9" * 4300 + b",") * 100 + b"1]",
    "one number": b'["a", 1.' + b"9" * SOME + b"]",
    "nothing at all": b'["a",' + b" " * SOME + b'"b"]',
    "nothing at the end": b'["a"]' + b" " * SOME,
    "one text": b'["' + b"a" * SOME + b'"]',
    "one text of escapes": b'["' + b'\\"' * SOME + b'"]',
    "one text without end": b'["' + b"a" * SOME,
    "one name": b'{"' + b"a" * SOME + b'": 1}',
    "many small values": b"[" + b'{"a":1},' * 700_000 + b'""]',
    "many empty texts": b"[" + b'"" ' * 2_100_000 + b"]",
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE)
def test_what_no_list_of_targets_is_is_not_read(body: bytes) -> None:
    assert SOME <= len(body) <= MOST_BYTES
    with pytest.raises(StrangeError):
        parsed(body)


@pytest.mark.parametrize("body", [b'["\xff' + b'a", "' * SOME + b'"]', b'["a", ' * SOME], ids=["not UTF-8", "nested"])
def test_a_large_document_that_is_no_json_is_refused_as_a_small_one(body: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parsed(body)


async def test_a_strange_file_says_what_is_strange(tmp_path: Path) -> None:
    (tmp_path / "groups.json").write_bytes(STRANGE["empty lists"])
    with pytest.raises(SourceError, match=r"groups\.json: more than 65,535 bytes"):
        await document_of(source_of(tmp_path, file="groups.json"), None)


def test_a_large_document_is_remembered(tmp_path: Path) -> None:
    source, memory = source_of(tmp_path, file="groups.json"), Memory(tmp_path / "kept")
    memory.keep(source, groups(4000))
    assert memory.recall(source) == groups(4000)


def test_names_that_all_want_to_be_the_same_are_numbered_without_counting_again(tmp_path: Path) -> None:
    class Counted(dict[str, Any]):
        looked = 0

        def __contains__(self, name: object) -> bool:
            Counted.looked += 1
            return super().__contains__(name)

    found = Found(source=source_of(tmp_path, file="x.json", most=5000))
    found.targets = Counted()
    take_groups(
        [{"targets": [f"https://a.example/{n}"], "labels": {"target": "x"}} for n in range(2000)], found, where=""
    )
    assert [*found.targets] == ["x", *(f"x-{n}" for n in range(2, 2001))]
    assert Counted.looked < 3 * 2000


def test_a_label_that_is_no_scalar_is_none(tmp_path: Path) -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    found = Found(source=source_of(tmp_path, file="x.json"))
    take_groups([{"targets": ["https://a.example/"], "labels": {"deep": deep, "a": 5}}], found, where="")
    assert next(iter(found.targets.values())).labels == {"a": "5"}
