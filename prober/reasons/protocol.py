"""What the reasons of the family `protocol` mean: the answer breaks the rules of MCP or JSON-RPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from prober.reasons.meaning import Meaning

_DOWN: Final = "McpTargetDown"
_WRONG: Final = "McpWrongAnswer"
_SHOW: Final = "See what came back: `mcp-prober run --probe {probe} --verbose`."

MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.MALFORMED_JSON: Meaning(
        sentence="The answer is not valid JSON.",
        causes=("the server prints other text among its messages", "the answer was cut off", "another program answers"),
        next_step=f"{_SHOW} The server has to write JSON in UTF-8 and nothing else.",
        alert=_DOWN,
    ),
    Reason.MALFORMED_MESSAGE: Meaning(
        sentence="The answer is JSON, but not a message of JSON-RPC 2.0 as MCP allows it.",
        causes=("a gateway answers in a format of its own", "the server's own code makes the messages"),
        next_step=f"{_SHOW} An MCP SDK in the server makes these messages right.",
        alert=_DOWN,
    ),
    Reason.WRONG_ID: Meaning(
        sentence="The answer has the id of another request.",
        causes=("the server mixes up its clients' answers", "a proxy or cache mixes up answers", "a bug in the server"),
        next_step=f"{_SHOW} Report it to whoever maintains the server: a response has the id of its request.",
        alert=_DOWN,
    ),
    Reason.NO_RESPONSE: Meaning(
        sentence="The server accepted the request and sent no result.",
        causes=("the server takes the request for a notification", "the server answers on another stream"),
        next_step="Check `transport` of the target: an older server with a stream at `/sse` wants `transport: sse`.",
        alert=_DOWN,
    ),
    Reason.STREAM_ENDED: Meaning(
        sentence="The event stream ended without the answer.",
        causes=("the server crashed while it answered", "a proxy ends idle or buffered streams"),
        next_step="Look in the server's log at this time. A proxy before the server must not buffer or cut streams.",
        alert=_DOWN,
    ),
    Reason.VERSION_UNSUPPORTED: Meaning(
        sentence="The server and the prober have no version of the protocol in common, or not the one that is"
        " expected.",
        causes=(
            "the server is newer than this prober",
            "the server is older than 2024-11-05",
            "`expect_version` is old",
        ),
        next_step="Update the prober or the server. If the probe has `expect_version`, change it to the version that"
        " was negotiated.",
        alert=_DOWN,
    ),
    Reason.SESSION_LOST: Meaning(
        sentence="The server forgot the session that it had opened a moment before.",
        causes=("several instances without shared sessions", "the server restarted between two requests"),
        next_step="Have the balancer send each session to one instance (by the `Mcp-Session-Id` header), or keep the"
        " sessions in a shared store.",
        alert=_DOWN,
    ),
    Reason.RPC_ERROR: Meaning(
        sentence="The server answered with a JSON-RPC error instead of a result.",
        causes=("the method or its arguments are not known to the server", "an exception in the server"),
        next_step="Read the error; its details are in the server's log at this time.",
        alert=_WRONG,
    ),
    Reason.BAD_RESULT: Meaning(
        sentence="The result does not have the shape that the protocol defines.",
        causes=("the server's own code makes the results", "the server answers by another version of the protocol"),
        next_step=f"{_SHOW} Report it to whoever maintains the server, with the path and the rule that it breaks.",
        alert=_WRONG,
    ),
    Reason.INPUT_REQUIRED: Meaning(
        sentence="The server wants input from a person before it answers, and the prober is none.",
        causes=("the tool asks for a confirmation", "the server wants somebody to log in"),
        next_step="Give the probe all arguments that the tool asks for, or probe a tool that needs nobody.",
        alert=_WRONG,
    ),
    Reason.TOO_LARGE: Meaning(
        sentence="The answer is larger than the target's limits allow.",
        causes=("the tool lists everything there is", "the server repeats itself without end"),
        next_step="Ask for less in the `arguments` of the probe. If such answers are right, raise `limits` of the"
        " target.",
        alert=_WRONG,
    ),
    Reason.BAD_ENDPOINT: Meaning(
        sentence="The event stream named no address for messages, or one of another host, where nothing is sent.",
        causes=("a proxy changes host or port", "the server is not of the transport HTTP+SSE"),
        next_step="Have the server name a path only, or the host of `url`. If the server speaks Streamable HTTP, write"
        " `transport: http`.",
        alert=_DOWN,
    ),
}
