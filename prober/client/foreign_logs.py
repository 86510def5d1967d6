"""Drops log records that libraries write during a probe, because they quote addresses, headers and answers.

No logger's level is set. The process may belong to somebody else, who wants to read what the same libraries do for him.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final

_probing: Final = ContextVar("probing", default=False)


class _NotOfProbes(logging.Filter):
    """Drops records that a probe causes, unless they are of the level `keep` or above."""

    def __init__(self, keep: int):
        super().__init__()
        self._keep = keep

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._keep or not _probing.get()


@contextmanager
def probing() -> Iterator[None]:
    """What is logged in this block, and in the tasks that it starts, is a probe's."""
    before = _probing.get()
    _probing.set(True)
    try:
        yield
    finally:
        _probing.set(before)  # not by token: a generator that is closed late may be closed in another context


@cache
def keep_back(library: str, *, keep: int = logging.WARNING) -> None:
    """Have the loggers of a library drop what a probe causes. A filter is not inherited, so each logger gets its own.

    The library has to be imported before, because its loggers are made by then.
    """
    for name in list(logging.root.manager.loggerDict):
        if name == library or name.startswith(f"{library}."):
            logging.getLogger(name).addFilter(_NotOfProbes(keep))
