"""The report for code scanning: SARIF 2.1.0, a rule for each reason and a result for each probe that did not pass.

A result stands at the line of the probe's YAML. Its fingerprint is made of target, probe and reason: the same failure
is the same alert, wherever its probe moves and whatever the message says. A probe that passed has no result, which
closes its alert; an unknown verdict is a warning, for it says nothing about the server.
Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Final, TextIO
from urllib.parse import quote

from prober import __version__
from prober.outcome import Outcome, Reason, Verdict
from prober.reasons import filled, meaning_of
from prober.report.details import as_lines, evidence_notes, headline
from prober.report.formatting import rfc3339
from prober.report.json_report import text_or_null
from prober.report.source_place import source_place
from prober.report.summary import Summary, by_name
from prober.report.untrusted import scalar

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "mcpProber/v1"
_LINKING: Final = re.compile(r"[\\\[\]]")
_LEVEL: Final = {Verdict.FAIL: "error", Verdict.UNKNOWN: "warning"}


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:  # noqa: ARG001
    """Writes the log. It holds no exchanges."""
    json.dump(document(outcomes, started_at=started_at), stream, indent=2, allow_nan=False)
    stream.write("\n")


def document(outcomes: Sequence[Outcome], *, started_at: datetime) -> dict[str, Any]:
    """The whole log, with one run."""
    summary = Summary.of(outcomes, started_at=started_at)
    ended = started_at + timedelta(seconds=summary.duration_seconds)
    invocation = {
        "executionSuccessful": not summary.unknown,
        "startTimeUtc": rfc3339(started_at),
        "endTimeUtc": rfc3339(ended),
    }
    driver = {"name": "mcp-prober", "semanticVersion": __version__, "rules": [_rule(reason) for reason in Reason]}
    results = [_result(outcome, outcome.reason) for outcome in by_name(outcomes) if outcome.reason is not None]
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"pass": summary.passed, "fail": summary.failed, "unknown": summary.unknown},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(reason: Reason) -> dict[str, Any]:
    name = "".join(word.capitalize() for word in reason.value.split("_"))
    meaning = meaning_of(reason)
    return {
        "id": reason.value,
        "name": name,
        "shortDescription": {"text": reason.value.replace("_", " ").capitalize()},
        "fullDescription": {"text": meaning.sentence},
        "help": {"text": f"{meaning.sentence} Next: {filled(meaning.next_step, {})}"},
        "defaultConfiguration": {"level": _LEVEL[reason.verdict]},
        "properties": {"tags": ["mcp", reason.family.value]},
    }


def _result(outcome: Outcome, reason: Reason) -> dict[str, Any]:
    lines = (headline(outcome), *as_lines(evidence_notes(outcome)))
    identity = "\0".join((outcome.target, outcome.probe, reason.value))
    return {
        "ruleId": reason.value,
        "ruleIndex": list(Reason).index(reason),
        "level": _LEVEL[outcome.verdict],
        "message": {"text": message_text("\n".join(lines))},
        "locations": [_location(outcome)],
        "partialFingerprints": {FINGERPRINT: hashlib.sha256(identity.encode()).hexdigest()[:32]},
        "properties": {"kind": outcome.kind, "step": text_or_null(outcome.step), "tags": list(outcome.tags)},
    }


def message_text(text: str) -> str:
    """A text as it stands in a message, where `[words](address)` would be a link (section 3.11.6)."""
    return _LINKING.sub(r"\\\g<0>", scalar(text))


def _location(outcome: Outcome) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"name": outcome.probe, "fullyQualifiedName": f"{outcome.target}/{outcome.probe}"}]
    }
    place = source_place(outcome)
    if place is None:
        return location
    artifact = (
        {"uri": quote(place.path), "uriBaseId": "%SRCROOT%"}
        if place.inside
        else {"uri": PurePosixPath(place.path).as_uri()}
    )
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": place.line}}, **location}
