"""Fixtures: `real_server` is each of them in turn; the others are one each, by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real import servers
from tests.real.servers import SERVERS, RealServer


@pytest.fixture(params=SERVERS)
def real_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealServer]:
    with SERVERS[request.param](tmp_path) as server:
        yield server


@pytest.fixture
def everything_stdio(tmp_path: Path) -> Iterator[RealServer]:
    with servers.everything_stdio(tmp_path) as server:
        yield server


@pytest.fixture
def everything_http(tmp_path: Path) -> Iterator[RealServer]:
    with servers.everything_http(tmp_path) as server:
        yield server


@pytest.fixture
def everything_sse(tmp_path: Path) -> Iterator[RealServer]:
    with servers.everything_sse(tmp_path) as server:
        yield server


@pytest.fixture
def filesystem_server(tmp_path: Path) -> Iterator[RealServer]:
    with servers.filesystem(tmp_path) as server:
        yield server


@pytest.fixture
def memory_server(tmp_path: Path) -> Iterator[RealServer]:
    with servers.memory(tmp_path) as server:
        yield server


@pytest.fixture
def time_server(tmp_path: Path) -> Iterator[RealServer]:
    with servers.clock(tmp_path) as server:
        yield server


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[RealServer]:
    with servers.git(tmp_path) as server:
        yield server


@pytest.fixture
def sdk_http(tmp_path: Path) -> Iterator[RealServer]:
    with servers.sdk_http(tmp_path) as server:
        yield server


@pytest.fixture
def sdk_stdio(tmp_path: Path) -> Iterator[RealServer]:
    with servers.sdk_stdio(tmp_path) as server:
        yield server
