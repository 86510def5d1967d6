"""Structured logs: one JSON object per line on stderr.

    {"time": "2026-01-31T12:00:00.000Z", "level": "warning", "logger": "mcp_state", "event": "write_conflict",
     "session_id": "wf_…", "tool": "advance_workflow", "retry_count": 1, "store": "sqlite"}

The events: `write_conflict`, `write_gave_up`, `write_failed`, `read_failed`, `lock_wait`, `release_failed`, `breaker`,
`snapshot_failed`, `eviction_unknown`, `push_failed`, `export_failed`, and those that a server logs itself. Arguments
and results of tools are never logged. An exception is logged as its type and its stack of functions, because its text
may quote arguments.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

LOGGER: Final = logging.getLogger("mcp_state")

_FACTS: Final = "facts"


def log(level: int, event: str, **facts: object) -> None:
    """Log an event with its facts: names and numbers, never arguments or results."""
    LOGGER.log(level, event, extra={_FACTS: facts}, stacklevel=2)


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Events with their facts; records of libraries with their message."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, _FACTS, {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = _stack(record.exc_info[1])
        return json.dumps(line, default=str)  # in ASCII: some readers take U+2028 for the end of a line


def configure(*, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send all logging of this process to a stream (stderr) as JSON lines. Called once, by the process's main."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The SDK logs each call at INFO and quotes the tool's result; the metrics count calls already.
    for chatty in ("mcp", "httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def _stack(error: BaseException) -> str:
    """The types of an exception and its causes, each with its stack of functions, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    here = f"{type(error).__name__} at " + " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
    cause = error.__cause__ or error.__context__
    return f"{here} because of {_stack(cause)}" if cause else here
