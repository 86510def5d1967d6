"""A parser for Server-Sent Events, with a limit on the size of one event.

It follows the event stream format of the HTML standard. It is our own because the limit must hold while an event is
incomplete: a stream that never ends a line must not fill our memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prober.json_values import cap
from prober.outcome import Failure, Reason

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_COLON: Final = b":"


@dataclass(frozen=True, kw_only=True)
class Event:
    type: str
    data: bytes


class EventParser:
    """Takes chunks and yields complete events. Comments, `id` and `retry` are ignored.

    `limit` is in bytes. It holds for every line, and for the lines of one event together, without comments and line
    ends. How the bytes are cut into chunks makes no difference.
    """

    def __init__(self, limit: int):
        self._limit = limit
        self._unfinished = bytearray()
        self._after_cr = False
        self._at_start = True
        self._type = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that the chunk completes, in linear time. Raises Failure with `too_large`."""
        for line in self._lines(chunk):
            if not line:
                event = self._dispatch()
                if event is not None:
                    yield event
            elif len(line) > self._limit:
                raise self._too_large()
            elif not line.startswith(_COLON):
                self._add_field(line)
        comment = self._unfinished.startswith(_COLON)
        if len(self._unfinished) + (0 if comment else self._size) > self._limit:
            raise self._too_large()

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that the chunk completes; a line ends with LF, CR or CRLF."""
        if not chunk:
            return []
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._unfinished += chunk
            return []
        first, *others = chunk.split(b"\n")
        lines = [bytes(self._unfinished + first), *others]
        self._unfinished = bytearray(lines.pop())
        if self._at_start:
            self._at_start = False
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
        return lines

    def _add_field(self, line: bytes) -> None:
        self._size += len(line)
        if self._size > self._limit:
            raise self._too_large()
        name, _, value = line.partition(_COLON)
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._type = cap(value[:400].decode("utf-8", "replace"), 100)

    def _dispatch(self) -> Event | None:
        if not self._size:
            return None
        event = Event(type=self._type or "message", data=b"\n".join(self._data)) if self._data else None
        self._type, self._data, self._size = "", [], 0
        return event

    def _too_large(self) -> Failure:
        return Failure(Reason.TOO_LARGE, f"one event of the stream is larger than the limit of {self._limit} bytes")
