"""Values as the file has them: times in microseconds, verdicts as numbers, the texts of a run as JSON.

The texts are what a run said, what proves it and who answered. They are capped here; they were redacted before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from prober.outcome import Evidence, Outcome, ServerInfo, Symptom, Verdict
from prober.outcome.masking import masked_evidence, masked_server
from prober.redaction import masked_before

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = 1_000_000
"""Microseconds."""
HOUR_US: Final = 3_600 * SECOND
DAY_HOURS: Final = 24
VERDICTS: Final = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)
CODES: Final = {verdict: code for code, verdict in enumerate(VERDICTS)}
PASSED: Final = CODES[Verdict.PASS]
LATENCY: Final = "latency_seconds"
"""The fact that has a column of its own."""

LONGEST: Final = 16_384
"""Bytes of the details of one run: a hundred failures are never more than the page can bear."""

_CAPS: Final = ((4_000, 10), (1_000, 5), (200, 2), (60, 1))
"""Characters of a text and pieces of evidence; the next pair is tried where the one before was too much."""
_EVIDENCE: Final = tuple(field.name for field in fields(Evidence))
_LONGEST_US: Final = 1 << 47
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970; an earlier time counts as 1970."""
    return max(0, (moment - EPOCH) // _MICROSECOND)


def moment(microseconds_since: int) -> datetime:
    """The inverse of `microseconds`."""
    return EPOCH + timedelta(microseconds=microseconds_since)


def duration_us(seconds: float) -> int:
    """A duration as it is kept. Raises ValueError and OverflowError of what is no number."""
    return min(max(0, round(seconds * SECOND)), _LONGEST_US)


def to_json(outcome: Outcome, *, streak_of: Symptom | None = None, streak_since: datetime | None = None) -> str:
    """At most LONGEST bytes, all of them ASCII: half a surrogate pair in a server's answer could not be stored else.

    `streak_of` is the symptom of the failures in a row that the run is one of, or stands behind; `streak_since` is when
    they began.
    """
    streak = {"streak_of": streak_of, "streak_since": streak_since and microseconds(streak_since)}
    text = ""
    for characters, pieces in _CAPS:
        text = json.dumps(_plain(outcome, streak, characters, pieces), separators=(",", ":"))
        if len(text) <= LONGEST:
            break
    return text


def _plain(outcome: Outcome, streak: Mapping[str, Any], characters: int, pieces: int) -> dict[str, Any]:
    """Whatever is empty is left out."""

    def cut(text: str) -> str:
        return text if len(text) <= characters else f"{text[:characters]}… ({len(text) - characters} more)"

    evidence = [
        {k: cut(v) if isinstance(v, str) else v for k, v in vars(piece).items() if v is not None}
        for piece in outcome.evidence[:pieces]
    ]
    server = {k: cut(v) for k, v in vars(outcome.server).items() if v is not None}
    plain = {
        "kind": cut(outcome.kind),
        "step": cut(outcome.step) if outcome.step else None,
        "message": cut(outcome.message),
        "evidence": [piece for piece in evidence if piece],
        "warnings": [cut(text) for text in outcome.warnings[:pieces]],
        "server": server,
        "facts": {cut(name): value for name, value in list(outcome.facts.items())[: 10 * pieces] if name != LATENCY},
        **streak,
    }
    return {name: value for name, value in plain.items() if value}


def streak_of(text: str) -> Symptom | None:
    """The symptom that `to_json` was given; None too for one that a later version knows."""
    with suppress(ValueError):
        return Symptom(json.loads(text).get("streak_of"))
    return None


def streak_since(text: str) -> datetime | None:
    """When the failures in a row began that `to_json` was given; None of what an older version wrote."""
    since = json.loads(text).get("streak_since")
    return moment(since) if isinstance(since, int) else None


def from_json(text: str) -> dict[str, Any]:
    """The way back, as fields of an Outcome. What a later version wrote of a kind unknown here is passed over."""
    plain = json.loads(text)
    server = plain.get("server", {})
    return {
        "kind": plain.get("kind", ""),
        "step": plain.get("step"),
        "message": masked_before(plain.get("message", "")),
        "evidence": tuple(
            masked_evidence(Evidence(**{name: piece[name] for name in _EVIDENCE if name in piece}), masked_before)
            for piece in plain.get("evidence", ())
        ),
        "warnings": tuple(map(masked_before, plain.get("warnings", ()))),
        "server": masked_server(
            ServerInfo(**{field.name: server.get(field.name) for field in fields(ServerInfo)}), masked_before
        ),
        "facts": plain.get("facts", {}),
    }
