"""Structured logs of the daemon: an event and its facts, as JSON lines or as text for a terminal.

    {"time": "2026-01-31T12:00:00.000Z", "level": "warning", "event": "probe_failing", "target": "notes", …}

Events: `ready`, `open_to_all`, `public_page`, `reloaded`, `reload_failed`, `stopping`, `drained`, `probe_failing`,
`probe_recovered`, `probe_unknown`, `history_trouble`, `history_well`, `history_moved_aside`, `suspects_itself`,
`trusts_itself`, `process_ended`, `telemetry_trouble`, `telemetry_well`, `source_trouble`, `source_well`,
`targets_changed`; with workers `worker_started`, `worker_ended`, `worker_not_started`, `worker_stuck`,
`results_given_up`.
Single runs are not logged.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from prober.report.formatting import rfc3339
from prober.report.untrusted import line

LOGGER: Final = logging.getLogger("prober.daemon")
Format = Literal["json", "text"]

_FACTS: Final = "facts"
_QUOTED: Final = re.compile(r'[\s="\\]')
_MOST_REPEATED: Final = 5
_PERIOD: Final = 60.0
"""Seconds in which a library may log the same message as often as that."""
_MOST_MESSAGES: Final = 1000
"""Different messages that are counted."""
_QUIET: Final = ("apscheduler", "uvicorn", "httpx", "httpcore", "mcp", "authlib", "apprise", "asyncio")
"""Libraries that log each request or quote texts of servers; only their warnings are logged."""


def log(level: int, event: str, **facts: object) -> None:
    """Log an event; facts that are None are left out."""
    LOGGER.log(level, event, extra={_FACTS: {name: fact for name, fact in facts.items() if fact is not None}})


def trouble_log(part: str, *, level: int = logging.ERROR, **facts: object) -> Callable[[str | None], None]:
    """Logs the trouble that it is called with as `…_trouble`, and the end of it, None, as `…_well`."""

    def tell(trouble: str | None) -> None:
        if trouble is None:
            log(logging.INFO, f"{part}_well", **facts)
        else:
            log(level, f"{part}_trouble", **facts, message=trouble)

    return tell


def configure(form: Format, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send all logging of this process to standard error. Called once, by the process's main."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(Repeated())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class Repeated(logging.Filter):
    """Holds back what a library logs again and again: out of descriptors, asyncio and uvicorn fill a disk in minutes.

    The daemon's own events are logged when something changes, and are never held back.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since: dict[tuple[str, object], float] = {}
        self._count: dict[tuple[str, object], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log the record. The first of the next period says how many were held back."""
        if record.name == LOGGER.name:
            return True
        now, key = self._clock(), (record.name, record.msg)
        if len(self._since) > _MOST_MESSAGES:
            self._since.clear()
            self._count.clear()
        if now - self._since.setdefault(key, now) >= _PERIOD:
            held_back = self._count.pop(key, 0) - _MOST_REPEATED
            self._since[key] = now
            if held_back > 0:
                record.__dict__[_FACTS] = {"held_back": held_back}
        self._count[key] = self._count.get(key, 0) + 1
        return self._count[key] <= _MOST_REPEATED


class JsonLines(logging.Formatter):
    """A record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_facts(record),
        }
        if record.name != LOGGER.name:
            entry["logger"] = record.name
        return json.dumps(entry, default=str)  # in ASCII: some parsers take U+2028 for the end of a line


class TextLines(logging.Formatter):
    """A record as one line for a person."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={_written(fact)}" for name, fact in _facts(record).items())
        return f"{_time(record)} {record.levelname.lower():7} {line(record.getMessage())} {facts}".rstrip()


def _written(fact: object) -> str:
    """A fact on one line; in quotes where it could be taken for more than one fact."""
    text = line(str(fact))
    return json.dumps(text, ensure_ascii=False) if _QUOTED.search(text) or not text else text


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts = dict(getattr(record, _FACTS, {}))
    if record.exc_info and record.exc_info[1]:
        # The stack of functions without the text: the text of an exception may quote a server.
        error = record.exc_info[1]
        frames = traceback.extract_tb(error.__traceback__)
        facts["exception"] = f"{type(error).__name__} at " + " > ".join(f"{f.name}:{f.lineno}" for f in frames)
    return facts


def _time(record: logging.LogRecord) -> str:
    return rfc3339(datetime.fromtimestamp(record.created, UTC))
