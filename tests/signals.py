"""Interrupting a program that a test has started."""

from __future__ import annotations

import signal


def take_interruptions() -> None:
    """For `preexec_fn`. Who runs the tests in the background may ignore SIGINT, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
