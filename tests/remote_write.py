"""Samples for a Prometheus by its remote-write protocol, a million in a second: for pasts too long for text.

A request is a protobuf message in Snappy's block format. Snappy may leave bytes as they are, so no library is needed.
Many series share their values, so the samples of a stretch of time are written once for all of them.
"""

from __future__ import annotations

import struct
import urllib.request
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

_STALE: Final = struct.pack("<Q", 0x7FF0000000000002)
"""What Prometheus writes at the end of a series: one of the many floats that are not a number."""
_SAMPLE: Final = b"\x12\x10\x09"
_LITERAL: Final = 65_536
_REQUEST: Final = 8_000_000
_BOUND: Final = 120.0


def _number(value: int) -> bytes:
    """A varint."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _field(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + _number(len(content)) + content


def labelled(name: str, labels: Mapping[str, str]) -> bytes:
    """The labels of a series, sorted as Prometheus wants them."""
    pairs = sorted({"__name__": name, **labels}.items())
    return b"".join(_field(0x0A, _field(0x0A, key.encode()) + _field(0x12, text.encode())) for key, text in pairs)


def valued(samples: Iterable[tuple[float, float | None]]) -> bytes:
    """Samples: Unix seconds, in their order, and values; None says that the series has ended."""
    return b"".join(_SAMPLE + _value(value) + _moment(moment) for moment, value in samples)


@lru_cache(maxsize=4096)
def _moment(seconds: float) -> bytes:
    """Since 2004 and until 2109 six bytes long, and with them a sample is 16 bytes."""
    written = b"\x10" + _number(round(seconds * 1000))
    assert len(written) == 7
    return written


def _value(value: float | None) -> bytes:
    return _STALE if value is None else struct.pack("<d", value)


def write(url: str, series: Iterable[tuple[bytes, bytes]]) -> None:
    """Send series, each as its labels and its samples."""
    waiting: list[bytes] = []
    size = 0
    for labels, samples in series:
        waiting.append(_field(0x0A, labels + samples))
        size += len(waiting[-1])
        if size > _REQUEST:
            _send(url, b"".join(waiting))
            waiting, size = [], 0
    if waiting:
        _send(url, b"".join(waiting))


def _send(url: str, message: bytes) -> None:
    literals = (message[at : at + _LITERAL] for at in range(0, len(message), _LITERAL))
    body = _number(len(message)) + b"".join(b"\xf4" + struct.pack("<H", len(each) - 1) + each for each in literals)
    headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    request = urllib.request.Request(f"{url}/api/v1/write", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=_BOUND):
        pass
