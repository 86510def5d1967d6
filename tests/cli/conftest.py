"""A reference server for the tests of commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reference.processes import serving


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that is right, and has a session named `probe`."""
    with serving(tmp_path_factory.mktemp("reference"), "--session", "probe") as server:
        yield server.url
