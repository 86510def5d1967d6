"""Fixtures of the store suites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from prober.reference.stores.protocol import Store

from .opening import OPENERS, SAFE, Connect


@pytest.fixture(params=OPENERS)
async def connect(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connect]:
    """Opens instances of each store in turn."""
    async with OPENERS[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture(params=SAFE)
async def safe_connect(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connect]:
    """Opens instances of each store that keeps the promises under concurrency and across instances."""
    async with OPENERS[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture
async def store(connect: Connect) -> Store:
    """One instance of each store in turn."""
    return await connect()
