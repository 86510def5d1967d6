"""Structured logs of the daemon: an event and its facts, as JSON lines or as text for a terminal.

    {"time": "2026-01-31T12:00:00.000Z", "level": "warning", "event": "probe_failing", "target": "notes", …}

Events: `ready`, `open_to_all`, `reloaded`, `reload_failed`, `stopping`, `drained`, `probe_failing`, `probe_recovered`,
`probe_unknown`, `history_trouble`, `history_well`, `history_moved_aside`, `suspects_itself`, `trusts_itself`,
`process_ended`.
Single runs are not logged.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from prober.report.formatting import rfc3339
from prober.report.untrusted import line

LOGGER: Final = logging.getLogger("prober.daemon")
Format = Literal["json", "text"]

_FACTS: Final = "facts"
_QUIET: Final = ("apscheduler", "uvicorn", "httpx", "httpcore", "mcp", "authlib", "apprise", "asyncio")
"""Libraries that log each request or quote texts of servers; only their warnings are logged."""


def log(level: int, event: str, **facts: object) -> None:
    """Log an event; facts that are None are left out."""
    LOGGER.log(level, event, extra={_FACTS: {name: fact for name, fact in facts.items() if fact is not None}})


def configure(form: Format, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send all logging of this process to standard error. Called once, by the process's main."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


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
        facts = " ".join(f"{name}={line(str(fact))}" for name, fact in _facts(record).items())
        return f"{_time(record)} {record.levelname.lower():7} {line(record.getMessage())} {facts}".rstrip()


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
