"""One reference server for all tests of a worker: its faults are switched off again by each that switches one on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.races.reference import Reference, reference


@pytest.fixture(scope="session")
def shared_reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("reference")) as server:
        yield server


@pytest.fixture
def right(shared_reference: Reference) -> Iterator[Reference]:
    """The server without faults; whatever a test switches on is off after it."""
    shared_reference.switch()
    yield shared_reference
    shared_reference.switch()
