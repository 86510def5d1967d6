"""A source that fails, shrinks or is half written keeps its last targets and says so; a restart remembers them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from prober.config.model import Config, TargetSource
from prober.sources import watcher
from prober.sources.expansion import expanded
from prober.sources.memory import Memory
from prober.sources.reading import document_of
from prober.sources.watcher import Watcher
from tests.peers.threaded import say
from tests.sources.making import configured
from tests.sources.registry_double import serving
from tests.waiting import until


class Watched:
    """A watcher, and what it said."""

    def __init__(self, folder: Path | None) -> None:
        self.changes = 0
        self.troubles: list[str | None] = []
        self.watcher = Watcher(
            Memory(folder), on_change=self._changed, on_trouble=lambda _, why: self.troubles.append(why), environ={}
        )

    def _changed(self) -> None:
        self.changes += 1

    @property
    def names(self) -> list[str]:
        return [*self.watcher.targets["it"]]

    async def come(self, count: int) -> None:
        await until(lambda: _true(len(self.names) == count))


async def _true(value: bool) -> bool:
    return value


@asynccontextmanager
async def watching(config: Config, folder: Path | None = None) -> AsyncIterator[Watched]:
    watched = Watched(folder)
    await watched.watcher.apply(config.sources)
    try:
        yield watched
    finally:
        await watched.watcher.stop()


def write(file: Path, count: int) -> None:
    file.write_text(json.dumps([{"targets": [f"https://h{n}.example.com/mcp" for n in range(count)]}]))


async def test_targets_come_and_go_with_the_file(tmp_path: Path) -> None:
    write(tmp_path / "groups.json", 3)
    config = configured(tmp_path, file="groups.json", refresh="50ms")
    async with watching(config) as watched:
        await watched.come(3)
        write(tmp_path / "groups.json", 5)
        await watched.come(5)
        write(tmp_path / "groups.json", 4)
        await watched.come(4)
        made = expanded(config, watched.watcher.targets)
    assert watched.changes == 3
    assert watched.troubles == []
    assert [*made.probes] == [f"h{n}.example.com-handshake" for n in range(4)]
    assert {probe.target for probe in made.probes.values()} == {*made.targets}


async def test_a_file_half_written_missing_or_emptied_keeps_the_fleet_and_a_reload_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "groups.json"
    write(file, 30)
    config = configured(tmp_path, file="groups.json", refresh="50ms")
    async with watching(config) as watched:
        await watched.come(30)
        for spoil in (lambda: file.write_text('[{"targets": ["https://'), file.unlink, lambda: write(file, 0)):
            watched.troubles.clear()
            spoil()
            await until(lambda: _true(watched.watcher.states["it"].trouble is not None))
            assert len(watched.names) == 30
            write(file, 30)
            await until(lambda: _true(watched.watcher.states["it"].trouble is None))
            assert [why is None for why in watched.troubles] == [False, True]  # once each, not at every look
        write(file, 10)
        await until(lambda: _true("only 10 targets of 30" in str(watched.watcher.states["it"].trouble)))
        assert len(watched.names) == 30
        await watched.watcher.apply(config.sources)
        await watched.come(10)


async def test_a_registry_that_is_down_changes_nothing_not_even_over_a_restart(tmp_path: Path) -> None:
    with serving() as registry:
        for number in range(25):
            registry.put(f"io.example/s{number}", f"https://s{number}.example.com/mcp")
        config = configured(tmp_path, registry=registry.url, refresh="50ms")
        async with watching(config, tmp_path / "kept") as watched:
            await watched.come(25)
        registry.fault = lambda handler: say(handler, 503, b"")
        async with watching(config, tmp_path / "kept") as watched:
            assert len(watched.names) == 25  # at once, before any look
            await until(lambda: _true(watched.troubles != []))
            assert len(watched.names) == 25
        registry.fault = None
        registry.queries.clear()
        async with watching(config, tmp_path / "kept") as watched:
            await until(lambda: _true(len(registry.queries) > 0))
            assert "updated_since" in registry.queries[0]  # the fleet was remembered, so only changes are asked for
            await asyncio.sleep(0.1)
            assert len(watched.names) == 25
        text = "".join(file.read_text() for file in (tmp_path / "kept").iterdir())
    assert registry.url not in text


async def test_what_was_kept_of_another_address_is_not_taken(tmp_path: Path) -> None:
    with serving() as one, serving() as other:
        one.put("io.example/a", "https://a.example.com/mcp")
        async with watching(configured(tmp_path, registry=one.url), tmp_path / "kept") as watched:
            await watched.come(1)
        other.fault = lambda handler: say(handler, 503, b"")
        async with watching(configured(tmp_path, registry=other.url), tmp_path / "kept") as watched:
            assert watched.names == []


async def test_a_file_that_has_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    async def noting(source: TargetSource, known: Any) -> Any:
        read.append(source.name)
        return await document_of(source, known)

    monkeypatch.setattr(watcher, "document_of", noting)
    write(tmp_path / "groups.json", 3)
    async with watching(configured(tmp_path, file="groups.json", refresh="20ms")) as watched:
        await watched.come(3)
        state = watched.watcher.states["it"]
        first = state.looked_at
        await until(lambda: _true(state.looked_at != first))
        assert read == ["it"]
        write(tmp_path / "groups.json", 4)
        await watched.come(4)
    assert read == ["it"] * 2


async def test_a_mistake_of_the_prober_costs_a_look_and_none_of_those_that_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = True

    async def mistaken(source: TargetSource, known: Any) -> Any:
        if wrong:
            raise KeyError("s3cret")
        return await document_of(source, known)

    monkeypatch.setattr(watcher, "document_of", mistaken)
    write(tmp_path / "groups.json", 3)
    async with watching(configured(tmp_path, file="groups.json", refresh="20ms")) as watched:
        await until(lambda: _true(watched.troubles != []))
        [trouble] = watched.troubles
        assert str(trouble).startswith("a mistake of the prober itself, KeyError")
        wrong = False
        await watched.come(3)
        assert watched.troubles[-1] is None
    assert "a look at the source it failed" in caplog.text
    assert "s3cret" not in str(trouble)


async def test_what_was_kept_and_cannot_be_used_is_as_good_as_nothing(tmp_path: Path) -> None:
    with serving() as registry:
        registry.put("io.example/a", "https://a.example.com/mcp")
        config = configured(tmp_path, registry=registry.url)
        Memory(tmp_path / "kept").keep(config.sources["it"], {"entries": 7})
        async with watching(config, tmp_path / "kept") as watched:
            await watched.come(1)
