"""A Server-Sent Events parser: bytes in, events out, with a bound on one event.

Follows the event stream format of the HTML standard. An own one because the bound must hold while an event is still
incomplete: a stream that never ends a line is the server's fault and must not become our memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prober.outcome import Failure, Reason


@dataclass(frozen=True, kw_only=True)
class Event:
    type: str
    data: bytes


class EventParser:
    """Feed it chunks; it yields the events that have become complete. Comments, `id` and `retry` are passed over."""

    def __init__(self, limit: int):
        self._limit = limit
        self._buffer = bytearray()
        self._scanned = 0
        self._data: list[bytes] = []
        self._size = 0
        self._type = "message"
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Raises Failure with `too_large` when one event, or one unfinished line, outgrows the limit."""
        self._buffer += chunk
        if self._at_start and len(self._buffer) >= 3:
            self._at_start = False
            if self._buffer.startswith(b"\xef\xbb\xbf"):
                del self._buffer[:3]
        for line in self._lines():
            event = self._take(line)
            if event is not None:
                yield event
        if self._size + len(self._buffer) > self._limit:
            raise self._too_large()

    def _lines(self) -> Iterator[bytes]:
        """Complete lines, ended by LF, CR or CRLF; what was searched once is not searched again."""
        start = 0
        buffer = self._buffer
        while True:
            if self._after_cr and start < len(buffer):
                self._after_cr = False
                if buffer[start] == 0x0A:
                    start += 1
            begin = max(start, self._scanned)
            ends = [i for i in (buffer.find(b"\n", begin), buffer.find(b"\r", begin)) if i >= 0]
            if not ends:
                break
            end = min(ends)
            self._after_cr = buffer[end] == 0x0D
            yield bytes(buffer[start:end])
            start = self._scanned = end + 1
        del buffer[:start]
        self._scanned = len(buffer)

    def _take(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._size += len(value)
            if self._size > self._limit:
                raise self._too_large()
            self._data.append(value)
        elif name == b"event":
            self._type = value[:100].decode("utf-8", "replace")
        return None

    def _dispatch(self) -> Event | None:
        data, self._data = self._data, []
        kind, self._type = self._type, "message"
        self._size = 0
        return Event(type=kind or "message", data=b"\n".join(data)) if data else None

    def _too_large(self) -> Failure:
        return Failure(Reason.TOO_LARGE, f"one event of the stream is larger than the limit of {self._limit} bytes")
