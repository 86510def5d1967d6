"""Fixture: `real_server` is each of the real servers in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.servers import SERVERS, RealServer


@pytest.fixture(params=SERVERS)
def real_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealServer]:
    with SERVERS[request.param](tmp_path) as server:
        yield server
