"""Fixtures of the endpoints' tests."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture
def other_address() -> str:
    """An address of this machine that is not of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # sends nothing: the kernel only chooses an address
        except OSError as error:
            pytest.skip(f"this machine has loopback only: {error}")
        return str(asking.getsockname()[0])
