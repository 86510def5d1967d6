"""The list of facts on a target page: what the server is, what it offers, and what is about to expire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from prober.client.stdio.kept_processes import Cause
from prober.lint.weight import tokens_of
from prober.status import TargetStatus
from prober.web.pages.failure_view import MAX_LINE
from prober.web.pages.formatting import When, ago, one_line, span

_EXPIRY_WARNING: Final = 14 * 86400.0
"""Seconds before its expiry from which a certificate is marked."""
_TOKEN_WARNING: Final = 3 * 86400.0
"""Likewise, a token that nothing renews."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A line of the list of facts. An `alarming` fact is highlighted."""

    name: str
    text: str
    when: When | None = None
    alarming: bool = False


def facts_of(target: TargetStatus, numbers: Mapping[str, float], now: datetime) -> tuple[Fact, ...]:
    """`numbers` are the latest facts of its probes, by their names."""
    server = target.server
    named = " ".join(filter(None, (server.name, server.version)))
    spoken = " · ".join(filter(None, (server.protocol_version, f"{server.era} era" if server.era else "")))
    facts = [
        Fact(name="Server", text=one_line(named, most=MAX_LINE) or "not known yet"),
        Fact(name="Protocol", text=one_line(spoken, most=MAX_LINE) or "not known yet"),
        Fact(
            name="Transport",
            text={"http": "Streamable HTTP", "sse": "HTTP with SSE", "stdio": "stdio"}[target.target.transport],
        ),
    ]
    if "tools" in numbers:
        facts.append(Fact(name="Tools", text=_tools(numbers)))
    if target.target.tags:
        facts.append(Fact(name="Tags", text=one_line(", ".join(target.target.tags), most=MAX_LINE)))
    if target.target.labels:
        given = ", ".join(f"{name}={value}" for name, value in target.target.labels.items())
        facts.append(Fact(name="Labels", text=one_line(given, most=MAX_LINE)))
    if target.target.source is not None:
        facts.append(Fact(name="Source", text=one_line(target.target.source, most=MAX_LINE)))
    facts += _expiry("Certificate", numbers.get("certificate_expiry_timestamp_seconds"), now, warning=_EXPIRY_WARNING)
    facts += _expiry("Token", numbers.get("token_expiry_timestamp_seconds"), now, warning=_TOKEN_WARNING)
    facts += _contract(numbers)
    facts += _process(target, now)
    return tuple(facts)


def _tools(numbers: Mapping[str, float]) -> str:
    weight = f", about {tokens_of(int(numbers['tools_bytes'])):,} tokens" if "tools_bytes" in numbers else ""
    return f"{int(numbers['tools']):,}{weight}"


def _expiry(name: str, timestamp: float | None, now: datetime, *, warning: float) -> list[Fact]:
    if timestamp is None:
        return []
    end = datetime.fromtimestamp(timestamp, UTC)
    text = "expires" if end > now else "expired"
    return [
        Fact(name=name, text=text, when=ago(end, now), alarming=(end - now).total_seconds() < warning),
    ]


def _contract(numbers: Mapping[str, float]) -> list[Fact]:
    counts = {
        severity: int(numbers[f"contract_changes_{severity}"])
        for severity in ("breaking", "additive", "cosmetic")
        if f"contract_changes_{severity}" in numbers
    }
    if not counts:
        return []
    changes = ", ".join(f"{count:,} {severity}" for severity, count in counts.items() if count)
    return [
        Fact(
            name="Contract",
            text=f"{changes} since it was pinned" if changes else "as pinned",
            alarming=counts.get("breaking", 0) > 0,
        )
    ]


def _process(target: TargetStatus, now: datetime) -> list[Fact]:
    reuse, ends = target.target.reuse, target.ends
    if reuse is None:
        return []
    kept = f"kept for {span(reuse)}"
    if ends is None:
        return [Fact(name="Process", text=kept)]
    counts = ", ".join(f"{ends.counts[cause]:,} {cause}" for cause in Cause if ends.counts.get(cause))
    last = ends.last.trouble or ends.last.cause.value
    return [
        Fact(
            name="Process",
            text=one_line(f"{kept}; ended: {counts}; last: {last}", most=MAX_LINE),
            when=ago(ends.at, now),
            alarming=ends.last.cause.of_itself,
        )
    ]
