"""Measures time as it is without coverage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def untraced() -> Iterator[None]:
    """Without what counts lines: it doubles the time of a loop, and more. `pytest.mark.no_cover` stops one of two such
    counters where pytest-xdist starts processes."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
