"""Fixtures of the store suites."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_state.protocol import Store

from .opening import OPENERS, SAFE, Connect
from .worlds import WORLDS, World

EXTERNAL = {"redis"}


def stores(names: Iterable[str]) -> list[Any]:
    """Parameters of a fixture that opens each store in turn."""
    return [pytest.param(name, marks=[pytest.mark.external] if name in EXTERNAL else []) for name in names]


@pytest.fixture(params=stores(OPENERS))
async def connect(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connect]:
    """Opens instances of each store in turn."""
    async with OPENERS[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture(params=stores(SAFE))
async def safe_connect(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connect]:
    """Opens instances of each store that keeps the promises under concurrency and across instances."""
    async with OPENERS[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture
async def store(connect: Connect) -> Store:
    """One instance of each store in turn."""
    return await connect()


@pytest.fixture(params=stores(WORLDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The state of each store in turn that keeps the promises."""
    with WORLDS[request.param](tmp_path) as opened:
        yield opened
