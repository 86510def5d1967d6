"""Where a run and its exchanges stand in a distributed trace. The ids are those of W3C Trace Context.

A run has a span only where somebody asked for one (`prober.otel`); nothing here knows OpenTelemetry.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanContext:
    """The identity of one span. All spans of a run have its `trace_id`."""

    trace_id: str
    span_id: str
    sampled: bool = True
    """Whether the span will be exported. A server that takes part follows it."""

    @classmethod
    def new(cls) -> SpanContext:
        """That of a run, which begins a trace of its own."""
        return cls(trace_id=secrets.token_hex(16), span_id=secrets.token_hex(8))

    def child(self) -> SpanContext:
        """That of an exchange of the run."""
        return replace(self, span_id=secrets.token_hex(8))

    @property
    def traceparent(self) -> str:
        """What a server needs to join: W3C Trace Context, section 3.2."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeSpan:
    """What the span of an exchange says beyond the exchange itself. Texts are redacted."""

    context: SpanContext
    started_at: float
    """Unix time; an exchange has only the monotonic clock's."""
    request_id: int | None = None
    """The id of the JSON-RPC request; None where no request was sent, as at the end of a session."""
    name: str | None = None
    """The tool or prompt that was asked for."""
    host: str | None = None
    """None on stdio."""
    port: int | None = None
