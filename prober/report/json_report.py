"""The report for programs: one JSON document, stable within its `version`.

Its shape is `schema/run.schema.json` beside this file. Every key is always there, in the same order; what is not known
is null or empty. Only `exchanges` comes with `verbose` alone. Texts are as the server sent them (capped and redacted),
escaped to ASCII, so that the document does no harm in a terminal either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, TextIO

from prober.outcome import Evidence, Exchange, Outcome, Phase
from prober.report.formatting import rfc3339
from prober.report.summary import Summary, by_name
from prober.report.untrusted import scalar

VERSION: Final = 1
_DIGITS: Final = 6


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    json.dump(document(outcomes, started_at=started_at, verbose=verbose), stream, indent=2, allow_nan=False)
    stream.write("\n")


def document(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool) -> dict[str, Any]:
    """The whole document, its results by target and probe."""
    summary = Summary.of(outcomes, started_at=started_at)
    return {
        "version": VERSION,
        "started_at": rfc3339(started_at),
        "summary": {"pass": summary.passed, "fail": summary.failed, "unknown": summary.unknown},
        "results": [_result(outcome, verbose=verbose) for outcome in by_name(outcomes)],
    }


def _result(outcome: Outcome, *, verbose: bool) -> dict[str, Any]:
    result = {
        "target": outcome.target,
        "probe": outcome.probe,
        "kind": outcome.kind,
        "outcome": outcome.verdict,
        "reason": outcome.reason,
        "step": _text(outcome.step),
        "message": _text(outcome.message),
        "duration_seconds": _seconds(outcome.duration_seconds),
        "phases": _phases(outcome.phases),
        "protocol": {"era": outcome.server.era, "version": _text(outcome.server.protocol_version)},
        "server": {"name": _text(outcome.server.name), "version": _text(outcome.server.version)},
        "evidence": [_evidence(evidence) for evidence in outcome.evidence],
        "warnings": [_text(warning) for warning in outcome.warnings],
    }
    if verbose:
        begin = min((exchange.started_at for exchange in outcome.exchanges), default=0.0)
        result["exchanges"] = [_exchange(exchange, begin=begin) for exchange in outcome.exchanges]
    return result


def _evidence(evidence: Evidence) -> dict[str, Any]:
    known = ((name, value) for name, value in asdict(evidence).items() if value is not None)
    return {name: _text(value) if isinstance(value, str) else value for name, value in known}


def _exchange(exchange: Exchange, *, begin: float) -> dict[str, Any]:
    return {
        "step": _text(exchange.step),
        "offset_seconds": _seconds(exchange.started_at - begin),
        "duration_seconds": _seconds(exchange.duration_seconds),
        "phases": _phases(exchange.phases),
        "http_status": exchange.http_status,
        "content_type": _text(exchange.content_type),
        "bytes_sent": exchange.bytes_sent,
        "bytes_received": exchange.bytes_received,
        "sent": _text(exchange.sent),
        "received": _text(exchange.received),
    }


def _phases(phases: Mapping[Phase, float]) -> dict[str, float]:
    return {phase.value: _seconds(phases[phase]) for phase in Phase if phase in phases}


def _seconds(seconds: float) -> float:
    return round(seconds, _DIGITS)


def _text(text: str | None) -> str | None:
    return None if text is None else scalar(text)
