"""What the reasons of the family `http` mean: HTTP answered, but no MCP server did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from prober.reasons.meaning import Meaning

_DOWN: Final = "McpTargetDown"
_REJECTED: Final = "McpTokenRejected"

MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.UNAUTHORIZED: Meaning(
        sentence="The server answered HTTP 401: it does not accept the credentials, or wants some.",
        causes=("no token is configured", "the token has expired or was replaced"),
        next_step="Write `auth: {bearer: ${TOKEN}}` for the target, or `headers: {NAME: ${KEY}}`, and set the"
        " variable to a valid token.",
        alert=_REJECTED,
    ),
    Reason.FORBIDDEN: Meaning(
        sentence="The server answered HTTP 403: it knows who asks, and does not allow it.",
        causes=("the token lacks a scope or role", "the server does not allow this host name or origin", "a firewall"),
        next_step="Give the token's account the right that the answer names. If the server checks host names, allow the"
        " host of `url` in its configuration.",
        alert=_REJECTED,
    ),
    Reason.NOT_FOUND: Meaning(
        sentence="The server answered HTTP 404: there is nothing at the path of the target's URL.",
        causes=("the path is wrong", "a deployment moved it", "a balancer has no rule for the path"),
        next_step="Correct the path in `url`. MCP servers mostly answer at `/mcp`, older ones at `/sse` with"
        " `transport: sse`.",
        alert=_DOWN,
    ),
    Reason.RATE_LIMITED: Meaning(
        sentence="The server answered HTTP 429: it has had too many requests.",
        causes=("the probes ask more often than the server allows", "agents use up the same limit"),
        next_step="Raise `interval` of the target's probes, or give the target a `budget` of requests.",
        alert="McpRateLimited",
    ),
    Reason.CLIENT_ERROR: Meaning(
        sentence="The server answered with a status between 400 and 499: it takes the request for wrong.",
        causes=("the path belongs to something else", "the server wants another transport", "a proxy objects"),
        next_step="Read the answer in the evidence. Check path and `transport` of the target against the server's"
        " manual.",
        alert=_DOWN,
    ),
    Reason.SERVER_ERROR: Meaning(
        sentence="The server answered with a status of 500 or more: it failed.",
        causes=(
            "an exception in the server",
            "a dependency of the server is down",
            "the server behind a proxy is down",
        ),
        next_step="Look in the server's log at this time: the exception is there.",
        alert=_DOWN,
    ),
    Reason.UNAVAILABLE: Meaning(
        sentence="The server answered HTTP 503: it is not ready to serve.",
        causes=("the server is starting or shutting down", "the balancer has no healthy instance", "it is overloaded"),
        next_step="See whether an instance of the server runs and is healthy. For planned work, give the target a"
        " `maintenance` window.",
        alert=_DOWN,
    ),
    Reason.REDIRECTED: Meaning(
        sentence="The server answered with a redirect, which the prober does not follow: it could lead anywhere.",
        causes=("the path lacks or has a slash at its end", "the server moved, or wants https", "a login page"),
        next_step="If the address is the server's own, write it: `url: {address}`.",
        alert=_DOWN,
    ),
    Reason.BAD_CONTENT_TYPE: Meaning(
        sentence="The answer is neither JSON nor an event stream, so it holds no MCP message.",
        causes=("a web page answers at this path", "a proxy or login page stands before the server"),
        next_step="Correct the path in `url`: MCP servers mostly answer at `/mcp`. Read the beginning of the answer in"
        " the evidence.",
        alert=_DOWN,
    ),
    Reason.BAD_ENCODING: Meaning(
        sentence="The answer is compressed in a way that was not asked for, or cannot be decompressed.",
        causes=("a proxy compresses wrongly", "the answer was cut off"),
        next_step="Look at the compression of the server and of the proxy before it: `gzip` and `deflate` are asked"
        " for.",
        alert=_DOWN,
    ),
    Reason.TOKEN_FAILED: Meaning(
        sentence="The token endpoint gave no access token, so the server was not asked.",
        causes=("client id or secret is wrong", "the scope or audience is not allowed", "the token service is down"),
        next_step="Check `token_url`, `client_id`, `client_secret`, `scope` and `audience` in `auth.client_credentials`"
        " of the target.",
        alert=_REJECTED,
    ),
}
