"""What the reasons of the families `tool` and `verdict` mean: the server answered, and the answer is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from prober.reasons.meaning import Meaning

_WRONG: Final = "McpWrongAnswer"

MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.TOOL_MISSING: Meaning(
        sentence="The server does not list a tool that the probe needs.",
        causes=("the tool was renamed or removed", "a setting of the server turns it off", "the name is misspelt"),
        next_step="Write a name in `tool` or `tools` that the server lists; the evidence has their names.",
        alert=_WRONG,
    ),
    Reason.TOOL_ERROR: Meaning(
        sentence="The tool answered with an error (`isError`) where the probe expects a result.",
        causes=("an argument is wrong", "what the tool works on is gone", "a dependency of the server is down"),
        next_step="Read the tool's answer in the evidence. Correct `arguments` of the probe {probe}, or repair what"
        " the tool needs.",
        alert=_WRONG,
    ),
    Reason.NOT_READ_ONLY: Meaning(
        sentence="The server does not declare the tool as read-only, so the prober did not call it.",
        causes=("the tool changes something", "the server declares nothing about its tools"),
        next_step="If the call may change data, write `allow_writes: true` for the probe {probe}. If the tool changes"
        " nothing, have the server declare `readOnlyHint: true`.",
        alert=_WRONG,
    ),
    Reason.OUTPUT_SCHEMA_INVALID: Meaning(
        sentence="The output schema that the server declares for the tool cannot be used as a JSON Schema.",
        causes=("the schema is written by hand", "a reference in it leads nowhere"),
        next_step="Report it to whoever maintains the server: `outputSchema` of the tool, at the path that the"
        " evidence names.",
        alert=_WRONG,
    ),
    Reason.OUTPUT_SCHEMA_MISMATCH: Meaning(
        sentence="The tool's answer contradicts the output schema that the server itself declares.",
        causes=("the tool changed and its schema did not", "a field is missing or null now and then"),
        next_step="Report it to whoever maintains the server: agents check the same schema, and refuse this answer.",
        alert=_WRONG,
    ),
    Reason.SCHEMA_MISMATCH: Meaning(
        sentence="The answer does not fit the JSON Schema that the probe names.",
        causes=("the server answers otherwise than before", "the schema is too strict"),
        next_step="Compare the answer with the schema at the path where they differ. If the answer is right, change"
        " `schema` of the probe {probe}.",
        alert=_WRONG,
    ),
    Reason.EXPECTATION_FAILED: Meaning(
        sentence="The answer does not hold what the probe expects.",
        causes=("the server answers otherwise than before", "the data behind the server changed"),
        next_step="Compare what was seen with what was expected. If the answer is right, change `expect` of the"
        " probe {probe}.",
        alert=_WRONG,
    ),
    Reason.TOO_SLOW: Meaning(
        sentence="The answer was right, and took longer than the probe's latency budget allows.",
        causes=("the server is overloaded", "a dependency of the server is slow", "the budget is too small"),
        next_step="See which phase took the time: `mcp-prober run --probe {probe} --verbose`. If the server may take"
        " this long, raise `latency.fail`.",
        alert="McpTooSlow",
    ),
    Reason.CONTRACT_BROKEN: Meaning(
        sentence="What the server offers has changed from the pinned contract in a way that breaks callers.",
        causes=("a release removed or renamed something", "an argument became required"),
        next_step="See all changes: `mcp-prober drift --target {target}`. If they are meant, pin the contract anew:"
        " `mcp-prober pin --target {target}`.",
        alert="McpContractBroken",
    ),
    Reason.SECOND_OPINION_FAILED: Meaning(
        sentence="The prober could talk to the server, and the client of the MCP SDK could not.",
        causes=(
            "the server breaks a rule that the SDK checks",
            "the server is of a version that the SDK does not speak",
        ),
        next_step="Read the SDK's words in the evidence: agents that use the SDK fail likewise.",
        alert=_WRONG,
    ),
    Reason.CLIENT_UNUSABLE: Meaning(
        sentence="A client or a model that the probe names cannot use what the server lists.",
        causes=(
            "a name or a schema is of a form that the client refuses",
            "a release changed a schema",
            "the rules of clients were updated, and know more than before",
        ),
        next_step="Have the server change what the evidence names; the source there says why. See all findings:"
        " `mcp-prober lint {target}`. If nobody uses the client with this server, name the others in `clients` of the"
        " probe {probe}.",
        alert=_WRONG,
    ),
    Reason.AUTH_NOT_ENFORCED: Meaning(
        sentence="The server served a request that it must refuse: one without credentials, or with a bad token.",
        causes=(
            "the check of tokens is turned off, or a route goes around it",
            "signature, expiry or audience of a token is not checked",
            "the server is open on purpose",
        ),
        next_step="Have the server refuse what the message names. If everybody may use the server, remove the probe"
        " {probe}.",
        alert=_WRONG,
    ),
    Reason.AUTH_CHALLENGE_WRONG: Meaning(
        sentence="The server refused a request without a good token, in a way by which clients do not learn that they"
        " need one.",
        causes=(
            "a gateway or login page answers with 403 or a redirect",
            "the 401 has no WWW-Authenticate header",
            "the server fails at a token that it cannot read",
        ),
        next_step="Have the server, or the gateway before it, answer HTTP 401 with `WWW-Authenticate: Bearer"
        ' resource_metadata="…"`.',
        alert=_WRONG,
    ),
    Reason.AUTH_METADATA_BROKEN: Meaning(
        sentence="The OAuth metadata of the server or of its authorization server is missing or wrong: a client cannot"
        " get a token.",
        causes=(
            "the server names itself by another URL than clients use, mostly behind a proxy",
            "a proxy does not pass /.well-known/ on",
            "the issuer in the metadata differs from that which the server names",
        ),
        next_step="Correct the document that the message names. If clients use another URL than the prober, write it"
        " as `resource` of the probe {probe}.",
        alert=_WRONG,
    ),
    Reason.STREAM_CUT: Meaning(
        sentence="An idle stream of the server was cut sooner than the probe expects: what the server says later is"
        " lost.",
        causes=(
            "a proxy or balancer ends connections on which nothing is said for a minute",
            "the server sends no keep-alives, or too few",
            "the server was restarted",
        ),
        next_step="Have the server send a keep-alive well before the second of the cut, or raise the idle timeout of"
        " the proxy before it. If clients can live with the cut, lower `expect_open` of the probe {probe}.",
        alert=_WRONG,
    ),
}
