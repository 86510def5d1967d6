"""What the reasons mean that probes of the transport's own rules find: the server answers, and clients come to harm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from prober.reasons.meaning import Meaning

_WRONG: Final = "McpWrongAnswer"

MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.DEAD_SESSION: Meaning(
        sentence="A request in a session that does not live is answered otherwise than by HTTP 404, the one sign at"
        " which clients begin a new session.",
        causes=(
            "the server's own code answers unknown sessions by 400",
            "a gateway answers 401 or 403 for sessions that it does not know",
            "the server goes on with sessions that a client ended",
        ),
        next_step="Answer 404 to every request whose `Mcp-Session-Id` names no living session. Until then agents stay"
        " cut off after each restart of the server.",
        alert=_WRONG,
    ),
    Reason.HTTP_RULE_BROKEN: Meaning(
        sentence="The server answers an HTTP request in another way than the transport demands.",
        causes=("the framework answers a method that has no handler", "a proxy answers in the server's place"),
        next_step="Answer as the evidence expects. If the rule cannot be kept now, name it in `skip` of the probe"
        " {probe}.",
        alert=_WRONG,
    ),
    Reason.HEADERS_UNCHECKED: Meaning(
        sentence="A request whose headers contradict its body, or of a version that nobody speaks, is not refused as"
        " the protocol demands.",
        causes=("the server reads only the body", "an SDK older than the header", "a gateway answers from its routes"),
        next_step="Have the server refuse what the evidence names: a proxy that goes by the headers and a server that"
        " goes by the body can be led apart.",
        alert=_WRONG,
    ),
    Reason.ORIGIN_UNCHECKED: Meaning(
        sentence="A request from a foreign web page (`Origin`) is answered as any other: a page that somebody visits"
        " can use the server.",
        causes=(
            "the SDK's protection against DNS rebinding is off",
            "the CORS settings allow every origin",
            "the server allows every Origin that equals the Host, which DNS rebinding makes equal",
            "a proxy drops Origin",
        ),
        next_step="Allow only the origins that are wanted, and answer 403 to all others. The SDKs have a setting for"
        " it.",
        alert=_WRONG,
    ),
    Reason.CACHE_LEAK: Meaning(
        sentence="Two credentials get different lists that both say `cacheScope: public`: a shared cache gives one"
        " caller's list to the other.",
        causes=("the list is filtered by caller, the hint is the default for all", "a gateway adds the hint"),
        next_step="Say `cacheScope: private` for every list that depends on who asks.",
        alert=_WRONG,
    ),
}
