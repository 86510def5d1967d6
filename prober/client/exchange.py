"""Records each exchange with a server: step, phases, status, bytes and a redacted excerpt of both sides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from prober.outcome import Exchange, ExchangeSpan, Phase, Situation, SpanContext
from prober.redaction import Redactor

EXCERPT: Final = 2000
"""Characters kept of the request and of the response."""

_ORDER: Final = tuple(Phase)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a request goes, without what may be secret: user, query, fragment. `path` is empty for the root.

    It stays as it was written: a secret in a path would not be recognized once it is percent-encoded.
    """

    scheme: str = ""
    host: str = ""
    port: str = ""
    """With its colon; empty for the port of the scheme."""
    path: str = ""

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises ValueError for what is no URL."""
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = f":{parts.port}" if parts.port is not None else ""
        return cls(scheme=parts.scheme, host=host, port=port, path="" if parts.path == "/" else parts.path)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.port}{self.path}"

    @property
    def port_number(self) -> int | None:
        """The port that is meant; None where nothing says so."""
        return int(self.port[1:]) if self.port else {"http": 80, "https": 443}.get(self.scheme)

    def with_scheme(self, scheme: str) -> str:
        return str(replace(self, scheme=scheme))

    def with_path(self, path: str) -> str:
        return str(replace(self, path=path))


class ExchangeRecorder:
    """Records one exchange while it runs. A log has one open exchange at a time."""

    def __init__(self, step: str, *, span: SpanContext | None = None):
        self.step = step
        self.span = span
        """What the server is told, so that its own spans join; None where runs have no spans."""
        self.request_id: int | None = None
        self.name: str | None = None
        """The tool or prompt that is asked for."""
        self.started_at = time.monotonic()
        self._wall = time.time()
        self.phase: Phase | None = None
        self.http_status: int | None = None
        self.http_version: str | None = None
        self.tls_version: str | None = None
        self.content_type: str | None = None
        self.retry_after_seconds: float | None = None
        self.bytes_sent = 0
        self.bytes_received = 0
        self.sent = b""
        self.received = b""
        self.head = b""
        """The first bytes of the response, to distinguish a protocol other than HTTP from HTTP that was cut off."""
        self.starved = False
        """Whether the exchange ended while it waited for a resource of the prober: it says nothing about the target."""
        self.confidential = False
        """Whether the response is a secret: then its bytes are counted, and not kept."""
        self.address = Address()
        self.credentials = False
        """Whether the request carries credentials."""
        self.by_proxy = False
        self.on_stray: Callable[[Mapping[str, Any]], None] | None = None
        """Takes an answer to another request, on a stream of several; None where that is a failure."""
        self.awaited = "the answer"
        """What the prober waits for, as an error message names it."""
        self.if_late: Situation | None = None
        """The situation if it does not come in time."""
        self._phases: dict[Phase, float] = {}
        self._since = self.started_at
        self._arrived: float | None = None

    @property
    def beginning(self) -> str:
        """`head` as text."""
        return self.head.decode("latin-1") + "…"

    def enter(self, phase: Phase | None, *, at: float | None = None) -> None:
        """End the running phase and begin another, or none. `at` is the time, by default now.

        The phase `receive` ends with the last byte: the time for reading the response is not the server's.
        """
        now = time.monotonic() if at is None else at
        if self.phase is not None:
            end = self._arrived if self.phase is Phase.RECEIVE and self._arrived is not None else now
            self._phases[self.phase] = self._phases.get(self.phase, 0.0) + max(0.0, end - self._since)
        self.phase, self._since = phase, now

    def starve(self) -> None:
        """Note that the exchange ended while it waited for a resource of the prober."""
        self.starved = True

    def expect_bytes(self) -> None:
        """Note that the prober waits for more bytes from here on."""
        self._arrived = None

    def note_arrival(self, at: float) -> None:
        """Note when the bytes arrived, by the monotonic clock."""
        self._arrived = at

    def merge_into(self, phase: Phase) -> None:
        """Add the time of all later phases so far to `phase`."""
        self.enter(None)
        later = [each for each in self._phases if _ORDER.index(each) > _ORDER.index(phase)]
        for each in later:
            self._phases[phase] = self._phases.get(phase, 0.0) + self._phases.pop(each)

    def saw(self, chunk: bytes) -> None:
        """Count received bytes, and keep the first ones."""
        self.bytes_received += len(chunk)
        if len(self.received) < EXCERPT and not self.confidential:
            self.received += chunk[: EXCERPT - len(self.received)]

    def freeze(self, redact: Redactor) -> Exchange:
        self.enter(None)
        return Exchange(
            step=self.step,
            started_at=self.started_at,
            duration_seconds=time.monotonic() - self.started_at,
            phases=dict(self._phases),
            http_status=self.http_status,
            http_version=self.http_version,
            tls_version=self.tls_version,
            content_type=redact(self.content_type) if self.content_type is not None else None,
            retry_after_seconds=self.retry_after_seconds,
            bytes_sent=self.bytes_sent,
            bytes_received=self.bytes_received,
            sent=redact(_text(self.sent[:EXCERPT])),
            received=redact(_text(self.received)),
            span=self._exchange_span(self.span, redact) if self.span is not None else None,
        )

    def _exchange_span(self, context: SpanContext, redact: Redactor) -> ExchangeSpan:
        return ExchangeSpan(
            context=context,
            started_at=self._wall,
            request_id=self.request_id,
            name=redact(self.name) if self.name is not None else None,
            host=redact(self.address.host) if self.address.host else None,
            port=self.address.port_number,
        )


def _text(data: bytes) -> str:
    """Decode UTF-8 that may be cut within a character: half a character would hide a cut secret from redaction."""
    return data.decode("utf-8", "replace").rstrip("\N{REPLACEMENT CHARACTER}")


class ExchangeLog:
    """The exchanges of one run, in order."""

    def __init__(self, redact: Redactor, *, span: SpanContext | None = None, own_spans: bool = True):
        self.redact = redact
        self.span = span
        """That of the run; None where runs have no spans."""
        self.own_spans = own_spans
        """Whether an exchange that begins now has a span of its own. Without, the server joins that of the run."""
        self.finished: list[Exchange] = []
        self.on_stray: Callable[[Mapping[str, Any]], None] | None = None
        """That of all exchanges from now on."""
        self.last: ExchangeRecorder | None = None
        """The latest exchange: after a deadline it shows where the time went."""

    @contextmanager
    def exchange(self, step: str) -> Iterator[ExchangeRecorder]:
        """Record the block as one exchange, however it ends."""
        span = self.span.child() if self.span is not None and self.own_spans else self.span
        recorder = self.last = ExchangeRecorder(step, span=span)
        recorder.on_stray = self.on_stray
        try:
            yield recorder
        finally:
            stopped_in = recorder.phase
            self.finished.append(recorder.freeze(self.redact))
            recorder.phase = stopped_in

    def phases(self) -> dict[Phase, float]:
        """Seconds per phase, summed over all exchanges of the run."""
        total: dict[Phase, float] = {}
        for exchange in self.finished:
            for phase, seconds in exchange.phases.items():
                total[phase] = total.get(phase, 0.0) + seconds
        return total
