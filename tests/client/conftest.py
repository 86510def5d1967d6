"""Fixtures of the client's tests."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def python() -> list[str]:
    """A command that runs the program in its next word, and starts fast."""
    return [sys.executable, "-I", "-S", "-c"]
