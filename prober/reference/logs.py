"""Structured logs: one JSON object per line on stderr.

    {"time": "2026-01-31T12:00:00.000Z", "level": "warning", "logger": "prober.reference", "event": "write_conflict",
     "session_id": "wf_…", "tool": "advance_workflow", "retry_count": 1, "store": "sqlite"}

Own events: `write_conflict`, `write_gave_up`, `lock_wait`, `breaker`, `snapshot_failed`, `purge_failed`, `faults`,
`listening`, `stopped`. Arguments and results of tools are never logged: of an exception only its type and where it
passed, because its text may quote them.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

LOGGER: Final = logging.getLogger("prober.reference")

_FACTS: Final = "facts"


def log(level: int, event: str, **facts: object) -> None:
    """Log an event with its facts: names and numbers, never arguments or results."""
    LOGGER.log(level, event, extra={_FACTS: facts}, stacklevel=2)


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Own events with their facts, foreign records with their message."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, _FACTS, {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = _places(record.exc_info[1])
        return json.dumps(line, default=str)  # in ASCII: some readers take U+2028 for the end of a line


def configure(*, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send all logging of this process to a stream (stderr) as JSON lines. For whoever owns the process, once."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The SDK tells per call, at INFO, what the metrics count, and quotes what a tool answered.
    for chatty in ("mcp", "httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def _places(error: BaseException) -> str:
    """Types of an exception and its causes, each with the functions it passed, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    here = f"{type(error).__name__} at " + " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
    cause = error.__cause__ or error.__context__
    return f"{here} because of {_places(cause)}" if cause else here
