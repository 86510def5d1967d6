"""The report for programs: one JSON document, stable within its `version`.

`schema/run.schema.json` beside this file is its schema. Every key is always there, in the same order; an unknown value
is null or empty. Only `exchanges` needs `verbose`. Texts are as the server sent them (capped and redacted), escaped to
ASCII, so that the document is harmless in a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, TextIO

from prober.outcome import Evidence, Exchange, Failure, Outcome, Phase, ServerInfo
from prober.report.formatting import rfc3339
from prober.report.next_step import next_step
from prober.report.summary import Summary, by_name
from prober.report.untrusted import scalar

VERSION: Final = 1


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    json.dump(document(outcomes, started_at=started_at, verbose=verbose), stream, indent=2, allow_nan=False)
    stream.write("\n")


def document(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool) -> dict[str, Any]:
    """The whole document, with the results by target and probe."""
    summary = Summary.of(outcomes, started_at=started_at)
    return {
        "version": VERSION,
        "started_at": rfc3339(started_at),
        "summary": {"pass": summary.passed, "fail": summary.failed, "unknown": summary.unknown},
        "results": [result_fields(outcome, verbose=verbose) for outcome in by_name(outcomes)],
    }


def result_fields(outcome: Outcome, *, verbose: bool) -> dict[str, Any]:
    """One result; with its exchanges only if `verbose`."""
    result = {
        "target": outcome.target,
        "probe": outcome.probe,
        "kind": outcome.kind,
        "tags": list(outcome.tags),
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "step": text_or_null(outcome.step),
        "message": text_or_null(outcome.message),
        "next": next_step(outcome) or None,
        "duration_seconds": rounded(outcome.duration_seconds),
        "phases": _phases(outcome.phases),
        **server_fields(outcome.server),
        "evidence": [evidence_fields(evidence) for evidence in outcome.evidence],
        "warnings": [text_or_null(warning) for warning in outcome.warnings],
    }
    if verbose:
        begin = min((exchange.started_at for exchange in outcome.exchanges), default=0.0)
        result["exchanges"] = [_exchange(exchange, begin=begin) for exchange in outcome.exchanges]
    return result


def server_fields(server: ServerInfo) -> dict[str, Any]:
    return {
        "protocol": {"era": server.era, "version": text_or_null(server.protocol_version)},
        "server": {"name": text_or_null(server.name), "version": text_or_null(server.version)},
    }


def failure_fields(failure: Failure) -> dict[str, Any]:
    """Why a server could not be asked."""
    return {
        "reason": failure.reason,
        "step": text_or_null(failure.step),
        "message": text_or_null(failure.message),
        "evidence": [evidence_fields(each) for each in (failure.evidence, *failure.further)],
    }


def evidence_fields(evidence: Evidence) -> dict[str, Any]:
    """The fields of the evidence that are known."""
    values = ((field.name, getattr(evidence, field.name)) for field in fields(evidence))
    known = ((name, value) for name, value in values if value is not None)
    return {name: text_or_null(value) if isinstance(value, str) else value for name, value in known}


def _exchange(exchange: Exchange, *, begin: float) -> dict[str, Any]:
    return {
        "step": text_or_null(exchange.step),
        "offset_seconds": rounded(exchange.started_at - begin),
        "duration_seconds": rounded(exchange.duration_seconds),
        "phases": _phases(exchange.phases),
        "http_status": exchange.http_status,
        "content_type": text_or_null(exchange.content_type),
        "bytes_sent": exchange.bytes_sent,
        "bytes_received": exchange.bytes_received,
        "sent": text_or_null(exchange.sent),
        "received": text_or_null(exchange.received),
    }


def _phases(phases: Mapping[Phase, float]) -> dict[str, float]:
    return {phase.value: rounded(phases[phase]) for phase in Phase if phase in phases}


def rounded(seconds: float) -> float:
    """To the microsecond: further digits are noise."""
    return round(seconds, 6)


def text_or_null(text: str | None) -> str | None:
    return None if text is None else scalar(text)
