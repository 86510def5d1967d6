"""What the operator says that the server has to serve: browsers of one origin, and clients that accept one form."""

from __future__ import annotations

from typing import Final

from prober.assertions.result_shapes import HANDSHAKE
from prober.client.http.bare_http import BareHttp, Reply
from prober.client.http.http_response import EVENTS, JSON
from prober.kinds.broken_rules import BrokenRules
from prober.kinds.context import ProbeContext
from prober.kinds.speaker import Speaker, evidence_of
from prober.outcome import Evidence, Reason

_FORMS: Final = {"json": JSON, "events": EVENTS}
_SENT: Final = {
    HANDSHAKE: ("content-type", "mcp-protocol-version", "mcp-session-id"),
    "modern": ("content-type", "mcp-protocol-version", "mcp-method", "mcp-name"),
}
"""Headers that a page's script has to be allowed, by era."""


async def expect_accept(speaker: Speaker, connection: BareHttp, broken: BrokenRules, form: str) -> None:
    wanted = _FORMS[form]
    step = f"{speaker.harmless} (accepts {form})"
    reply = await speaker.ask(connection, speaker.harmless, headers={"Accept": wanted}, step=step)
    if reply.result is not None and reply.content_type == wanted:
        return
    seen = f"{reply} as {reply.content_type}" if reply.result is not None else str(reply)
    broken.add(
        Reason.EXPECTATION_FAILED,
        f"a client that accepts {wanted} alone is answered {seen}",
        step=speaker.harmless,
        evidence=evidence_of(reply, rule="accept", expected=wanted),
    )


async def expect_cors(
    context: ProbeContext, speaker: Speaker, connection: BareHttp, broken: BrokenRules, origin: str
) -> None:
    """The preflight of a browser, and what a page may read of the answer."""
    asked = [*_SENT[speaker.era], *(["authorization"] if _has_credentials(context) else [])]
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(asked),
    }
    reply = await connection.ask("preflight", headers=headers, method="OPTIONS")
    lacks = _lacks(reply, origin, asked)
    if not lacks:
        answer = await speaker.ask(
            connection, speaker.harmless, headers={"Origin": origin}, step=f"{speaker.harmless} (from {origin})"
        )
        lacks = _unreadable(answer, origin, session=False)
        if not lacks and speaker.session_id is not None:
            async with speaker.another().session(connection, headers={"Origin": origin}) as began:
                lacks = _unreadable(began, origin, session=True)
    if lacks:
        broken.add(
            Reason.EXPECTATION_FAILED,
            f"a page of {origin} cannot use the server: {lacks}",
            step="preflight",
            evidence=Evidence(keyword="cors", expected=origin, seen=lacks, http_status=reply.status),
        )


def _has_credentials(context: ProbeContext) -> bool:
    return context.target.auth is not None or any(name.lower() == "authorization" for name in context.target.headers)


def _lacks(reply: Reply, origin: str, asked: list[str]) -> str | None:
    """What the preflight does not allow (Fetch standard, "CORS-preflight fetch")."""
    if not 200 <= reply.status < 300:
        return f"OPTIONS is answered {reply}"
    if (allowed := _allowed_origin(reply)) not in ("*", origin):
        return f"the preflight allows the origin {allowed or 'nobody'}"
    headers = _listed(reply, "access-control-allow-headers")
    missing = [name for name in asked if name not in headers and ("*" not in headers or name == "authorization")]
    return f"the preflight does not allow the header {missing[0]}" if missing else None


def _unreadable(reply: Reply, origin: str, *, session: bool) -> str | None:
    """What keeps a page from reading an answer."""
    if (allowed := _allowed_origin(reply)) not in ("*", origin):
        return f"the answer itself allows the origin {allowed or 'nobody'}"
    exposed = _listed(reply, "access-control-expose-headers")
    if session and not exposed & {"*", "mcp-session-id"}:
        return "the answer does not expose Mcp-Session-Id, without which a page loses its session"
    return None


def _allowed_origin(reply: Reply) -> str:
    return reply.headers.get("access-control-allow-origin", "")[:100]


def _listed(reply: Reply, name: str) -> set[str]:
    return {each.strip().lower() for each in reply.headers.get(name, "").split(",") if each.strip()}
