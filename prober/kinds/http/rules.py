"""What the protocol says of odd requests. A rule that it only recommends makes a warning.

Origin and DNS rebinding: 2025-11-25 and 2026-07-28, Streamable HTTP, "Security" (403). Unknown methods: 2026-07-28,
"Protocol Version Header" (404 with -32601). Notifications: 2025-11-25, "Sending Messages", 4 (202).
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from prober.assertions.result_shapes import HANDSHAKE
from prober.client.http.bare_http import BareHttp, Reply
from prober.client.http.http_response import EVENTS
from prober.client.jsonrpc import METHOD_NOT_FOUND
from prober.kinds.broken_rules import BrokenRules
from prober.kinds.context import ProbeContext
from prober.kinds.speaker import Speaker, evidence_of, says_nothing
from prober.outcome import Failure, Reason

_NOBODY: Final = "page.mcp-prober.invalid"
"""A host that can be nobody's: the name cannot exist (RFC 6761)."""
_FOREIGN: Final = f"https://{_NOBODY}"
_HUNG_UP: Final = frozenset({Reason.CONNECTION_CLOSED, Reason.CONNECTION_RESET})
_NO_METHOD: Final = "mcp-prober/no-such-method"
_PATIENCE: Final = 3.0


async def try_origin(context: ProbeContext, speaker: Speaker, connection: BareHttp, broken: BrokenRules) -> None:
    """A request of a page that nobody has allowed."""
    step = f"{speaker.harmless} (foreign Origin)"
    reply = await speaker.ask(connection, speaker.harmless, headers={"Origin": _FOREIGN}, step=step)
    if reply.status == 403 or says_nothing(reply):
        return
    if reply.result is None:
        context.warnings.append(f"a request with a foreign Origin is refused by {reply}, not by HTTP 403")
    elif _takes_all(reply) and not _is_near(context.target.url or ""):
        context.warnings.append("every web page may use the server: that is what its CORS headers say")
    else:
        broken.add(
            Reason.ORIGIN_UNCHECKED,
            f"a request with a foreign Origin is answered {reply}, not HTTP 403",
            step=speaker.harmless,
            evidence=evidence_of(reply, rule="origin", expected="HTTP 403"),
        )


async def try_host(context: ProbeContext, speaker: Speaker, broken: BrokenRules) -> None:
    """A request as DNS rebinding makes it, of a server that only some can reach and that refuses foreign origins.

    A page has its own name lead to the server: to the browser, page and server are then one origin. A server that holds
    the Origin against the Host finds nothing wrong with that; the name of the host is not its own.
    """
    url = urlsplit(context.target.url or "")
    if not _is_near(context.target.url or ""):
        return
    host = _NOBODY if url.port is None else f"{_NOBODY}:{url.port}"
    step = f"{speaker.harmless} (foreign Host)"
    rebound = {"Host": host, "Origin": f"{url.scheme}://{host}"}
    try:
        async with speaker.connection() as connection:
            reply = await speaker.ask(connection, speaker.harmless, headers=rebound, step=step)
    except Failure as failure:
        if failure.reason in _HUNG_UP:
            return  # a refusal, as nginx makes it by `return 444`
        raise
    if reply.result is None:
        return
    broken.add(
        Reason.ORIGIN_UNCHECKED,
        f"a request with a foreign Host, and an Origin that matches it, is answered {reply}: a web page can use the"
        " server by DNS rebinding",
        step=speaker.harmless,
        evidence=evidence_of(reply, rule="host", expected="HTTP 403 or 421"),
    )


def _takes_all(reply: Reply) -> bool:
    """Whether the server has looked at the origin and finds every one right: its policy, and no oversight."""
    return reply.headers.get("access-control-allow-origin") in ("*", _FOREIGN)


def _is_near(url: str) -> bool:
    """Whether the server is of a kind that DNS rebinding is about: one that only some can reach."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


async def try_unknown_method(
    context: ProbeContext, speaker: Speaker, connection: BareHttp, broken: BrokenRules
) -> None:
    reply = await speaker.ask(connection, _NO_METHOD, step="unknown method")
    right = reply.code == METHOD_NOT_FOUND and (speaker.era == HANDSHAKE or reply.status == 404)
    if right or says_nothing(reply):
        return
    wanted = f"error {METHOD_NOT_FOUND}" + ("" if speaker.era == HANDSHAKE else " with HTTP 404")
    message = f"an unknown method is answered {reply}, not {wanted}"
    if reply.message is None or (speaker.era == HANDSHAKE and reply.result is None):
        context.warnings.append(message)  # it may be a proxy that knows the methods; the old era only recommends
        return
    evidence = evidence_of(reply, rule="unknown-method", expected=wanted)
    broken.add(Reason.HTTP_RULE_BROKEN, message, step="unknown method", evidence=evidence)


def try_notification(speaker: Speaker, broken: BrokenRules) -> None:
    """What was answered to `notifications/initialized`; the modern era has no notifications of clients."""
    reply = speaker.accepted
    if reply is None or reply.status == 202:
        return
    broken.add(
        Reason.HTTP_RULE_BROKEN,
        f"a notification is accepted by {reply}, not by HTTP 202",
        step="notifications/initialized",
        evidence=evidence_of(reply, rule="notification", expected="HTTP 202 without a body"),
    )


async def try_content_type(context: ProbeContext, speaker: Speaker, connection: BareHttp) -> None:
    """A POST of `text/plain`: browsers send it for any page, without asking by a preflight."""
    step = f"{speaker.harmless} (text/plain)"
    reply = await speaker.ask(connection, speaker.harmless, headers={"Content-Type": "text/plain"}, step=step)
    if reply.result is not None:
        context.warnings.append("a POST of text/plain is taken for JSON: browsers send it without a preflight")


async def try_get(context: ProbeContext, speaker: Speaker) -> None:
    """GET in the modern era, where it has no meaning. In the handshake era a probe of the kind `session` tries it."""
    if speaker.era == HANDSHAKE:
        return
    patience = min(_PATIENCE, context.deadline.left() / 3)
    try:
        async with speaker.connection() as connection, asyncio.timeout(patience):
            reply = await connection.ask("get", headers={"Accept": EVENTS}, method="GET")
    except TimeoutError:
        return  # a stream for clients of the handshake era, perhaps
    speaks_both = reply.status == 400 or reply.content_type == EVENTS  # without a session, an older server says 400
    if reply.status != 405 and not speaks_both and not says_nothing(reply):
        context.warnings.append(f"GET is answered {reply}: 405 would say that there is no stream")
