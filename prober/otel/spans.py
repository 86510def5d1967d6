"""The spans of an outcome: one for the run, and a child for each exchange.

They are made when the run is over, with the ids that its requests carried and the times that it measured.

Source: OpenTelemetry semantic conventions for MCP, spans of a client (status: development). What they have no name
for begins with `mcp_prober.`. The id of a session is left out: who knows it can go on with the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from prober import __version__
from prober.json_values import cap
from prober.metrics.results import result_of
from prober.outcome import Exchange, Family, Outcome, Reason, SpanContext, Verdict
from prober.report.untrusted import line

Attributes = dict[str, str | bool | int | float | list[str]]

SCOPE: Final = "mcp-prober"
_OWN: Final = "mcp_prober."
_SHOWN: Final = 100
_NANO: Final = 1_000_000_000
_NO_METHODS: Final = frozenset({"open", "token", "close"})
"""Steps that are no message of MCP."""
_OF_EXCHANGES: Final = frozenset({Family.TRANSPORT, Family.HTTP, Family.PROTOCOL, Family.DEADLINE})
"""Families of reasons that say of an exchange that it failed itself."""
_NAMED: Final[Mapping[str, str]] = {"tools/call": "gen_ai.tool.name", "prompts/get": "gen_ai.prompt.name"}


def spans_of_environment() -> Callable[[], SpanContext]:
    """Gives the identity of a run that begins, by the sampler of the environment, where another process exports."""
    sampler = TracerProvider(resource=Resource.get_empty(), shutdown_on_exit=False).sampler
    return lambda: _begun(sampler)


def _begun(sampler: Sampler) -> SpanContext:
    context = SpanContext.new()
    decision = sampler.should_sample(Context(), int(context.trace_id, 16), "run").decision
    return replace(context, sampled=decision is Decision.RECORD_AND_SAMPLE)


class GivenIds(IdGenerator):
    """Gives the next span the ids that the run had from its beginning."""

    def __init__(self) -> None:
        self.next = SpanContext.new()

    def generate_span_id(self) -> int:
        return int(self.next.span_id, 16)

    def generate_trace_id(self) -> int:
        return int(self.next.trace_id, 16)


class SpanWriter:
    """Makes spans by a provider whose ids are `ids`. To be used in one thread."""

    def __init__(self, provider: TracerProvider, ids: GivenIds, *, location: str | None = None) -> None:
        self._ids, self._location = ids, location
        self._sampler = provider.sampler
        self._tracer = provider.get_tracer(SCOPE, __version__)

    def begin(self) -> SpanContext:
        """The identity of a run that begins. The sampler decides now: the server will be told."""
        return _begun(self._sampler)

    def write(self, outcome: Outcome, *, maintenance: bool = False) -> None:
        """The spans of a run that is over, if it has any."""
        if outcome.span is None or not outcome.span.sampled:
            return
        self._ids.next = outcome.span
        attributes = run_attributes(outcome)
        if maintenance:
            attributes[f"{_OWN}maintenance"] = True
        if self._location is not None:
            attributes[f"{_OWN}location"] = self._location
        span = self._tracer.start_span(
            f"run {outcome.probe}",
            Context(),
            attributes=attributes,
            start_time=_nanoseconds(outcome.started_at.timestamp()),
        )
        if outcome.verdict is Verdict.FAIL:
            span.set_status(Status(StatusCode.ERROR, line(outcome.message)))
        parent = set_span_in_context(span, Context())
        failed = failed_exchange(outcome)
        for exchange in outcome.exchanges:
            self._write_exchange(outcome, exchange, parent, failed=exchange is failed)
        span.end(_nanoseconds(outcome.ended.timestamp()))

    def _write_exchange(self, outcome: Outcome, exchange: Exchange, parent: Context, *, failed: bool) -> None:
        own = exchange.span
        if own is None or outcome.span is None or own.context.span_id == outcome.span.span_id:
            return
        self._ids.next = own.context
        attributes = exchange_attributes(exchange, version=outcome.server.protocol_version)
        name = exchange.step if own.name is None else f"{exchange.step} {_text(own.name)}"
        if failed:
            attributes |= _error(outcome)
        begin = _nanoseconds(own.started_at)
        span = self._tracer.start_span(name, parent, SpanKind.CLIENT, attributes=attributes, start_time=begin)
        if failed:
            span.set_status(Status(StatusCode.ERROR, line(outcome.message)))
        span.end(begin + _nanoseconds(exchange.duration_seconds))


def run_attributes(outcome: Outcome) -> Attributes:
    """What the span of a run says."""
    server = outcome.server
    attributes: Attributes = {
        f"{_OWN}target": outcome.target,
        f"{_OWN}probe": outcome.probe,
        f"{_OWN}kind": outcome.kind,
        f"{_OWN}verdict": outcome.verdict.value,
    }
    optional = {
        f"{_OWN}step": outcome.step,
        f"{_OWN}era": server.era,
        f"{_OWN}server.name": server.name,
        f"{_OWN}server.version": server.version,
        "mcp.protocol.version": server.protocol_version,
    }
    attributes |= {name: _text(value) for name, value in optional.items() if value}
    if outcome.reason is not None:
        attributes[f"{_OWN}reason"] = outcome.reason.value
        attributes[f"{_OWN}family"] = outcome.reason.family.value
        attributes[f"{_OWN}symptom"] = result_of(outcome)
    if outcome.verdict is Verdict.FAIL and outcome.reason is not None:
        attributes["error.type"] = outcome.reason.value
    if outcome.tags:
        attributes[f"{_OWN}tags"] = list(outcome.tags)
    return attributes


def exchange_attributes(exchange: Exchange, *, version: str | None) -> Attributes:
    """What the span of an exchange says, whatever became of it."""
    own = exchange.span
    assert own is not None
    attributes: Attributes = {"network.transport": "pipe" if own.host is None else "tcp"}
    if is_method(exchange):
        attributes["mcp.method.name"] = exchange.step
    if own.name is not None:
        attributes[_NAMED[exchange.step]] = _text(own.name)
    if exchange.step == "tools/call":
        attributes["gen_ai.operation.name"] = "execute_tool"
    if own.request_id is not None:
        attributes["jsonrpc.request.id"] = str(own.request_id)
    if version is not None:
        attributes["mcp.protocol.version"] = _text(version)
    if own.host is not None:
        attributes["server.address"] = _text(own.host.strip("[]"))
    if own.port is not None:
        attributes["server.port"] = own.port
    if exchange.http_status is not None:
        attributes["http.response.status_code"] = exchange.http_status
    if exchange.http_version is not None:
        name, _, number = exchange.http_version.partition("/")
        attributes |= {"network.protocol.name": name.lower(), "network.protocol.version": number}
    attributes |= {f"{_OWN}phase.{phase.value}": seconds for phase, seconds in exchange.phases.items()}
    return attributes


def is_method(exchange: Exchange) -> bool:
    """Whether the exchange carried a message of MCP; to open a stream or to end a session is none."""
    return exchange.step not in _NO_METHODS


def error_type(outcome: Outcome) -> str:
    """What an exchange failed of: the code of a JSON-RPC error, else the reason of the run."""
    code = outcome.evidence[0].rpc_code if outcome.evidence else None
    if outcome.reason is Reason.RPC_ERROR and code is not None:
        return str(code)
    return (outcome.reason or Reason.UNDECIDED).value


def _error(outcome: Outcome) -> Attributes:
    attributes: Attributes = {"error.type": error_type(outcome)}
    if outcome.reason is Reason.RPC_ERROR:
        attributes["rpc.response.status_code"] = error_type(outcome)
    return attributes


def failed_exchange(outcome: Outcome) -> Exchange | None:
    """The exchange that failed, and the run by it: the last one of its step.

    None where an answer came that was only judged to be wrong, and where the step has a name of its own.
    """
    reason = outcome.reason
    if outcome.verdict is not Verdict.FAIL or reason is None:
        return None
    if reason.family not in _OF_EXCHANGES and reason is not Reason.TOOL_ERROR:
        return None
    return next((each for each in reversed(outcome.exchanges) if each.step == outcome.step), None)


def _text(value: str) -> str:
    """A server's text: short, and without what no encoding can write."""
    return cap(line(value), _SHOWN)


def _nanoseconds(seconds: float) -> int:
    return round(seconds * _NANO)
