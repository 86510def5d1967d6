"""Fixtures of the status page's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.pages.browser import Browser, chromium


@pytest.fixture(scope="session")
def chromium_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of this process: it takes a second to start."""
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(chromium_session: Browser) -> Iterator[Browser]:
    """A window as on a desk, light, with scripts; afterwards nothing is left to complain of."""
    chromium_session.scripts(run=True)
    chromium_session.screen(1280)
    chromium_session.complaints()
    yield chromium_session
    chromium_session.open("about:blank")
