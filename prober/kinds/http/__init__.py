"""`kind: http`: what the server does with requests of web pages, of clients that accept less, and of no sense."""

from __future__ import annotations

from typing import Final

from prober.config.fields.field_types import Choice, ListOf, Text
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.config.kind import ProbeKind
from prober.kinds.broken_rules import RULES_METRIC
from prober.outcome import Reason

RULES: Final = ("origin", "host", "unknown-method", "notification", "content-type", "get")


@settings
class HttpSettings:
    """Send what a server has to refuse, and what the operator says that it has to serve."""

    cors: str | None = key(
        Text(wanted="an origin such as https://app.example.com", pattern="^https?://[^/?#@\\s]+$"),
        "The origin of a web page whose scripts must be able to use the server: its preflight has to allow it.",
        default=None,
    )
    accept: tuple[str, ...] = key(
        ListOf(item=Choice(("json", "events")), wanted="a list of json and events", least=1),
        "Clients that must be served although they accept `json` alone, or `events` alone.",
        default=(),
    )
    skip: tuple[str, ...] = key(
        ListOf(item=Choice(RULES), wanted="a list of rules", least=1),
        "Rules that are not tried: what the server is known to break.",
        default=(),
    )


def _reasons(settings: HttpSettings) -> set[Reason]:
    expected = {Reason.EXPECTATION_FAILED} if settings.cors is not None or settings.accept else set()
    return {Reason.ORIGIN_UNCHECKED, Reason.HTTP_RULE_BROKEN} | expected


KIND: Final = ProbeKind(
    rank=14,
    help="Send requests as foreign web pages, odd clients and browsers send them, and judge status and headers.",
    settings=mapping_of(HttpSettings),
    reasons=_reasons,
    needs_http=True,
    metrics=(RULES_METRIC,),
    next_steps={
        Reason.EXPECTATION_FAILED: "Allow in the server's CORS settings what the evidence expects, or have it answer"
        " in the form that the client accepts. If nobody needs it, remove `cors` or `accept` from the probe {probe}.",
    },
)
