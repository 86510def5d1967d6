"""`session`: one session over fresh connections, every address of the name, and what has to be refused."""

from __future__ import annotations

from typing import Final

from prober.assertions.result_shapes import HANDSHAKE
from prober.client.http.bare_http import Reply
from prober.kinds.broken_rules import BrokenRules
from prober.kinds.context import ProbeContext
from prober.kinds.session import SessionSettings
from prober.kinds.session.addresses import ask_every_address
from prober.kinds.session.dead_sessions import try_dead_sessions
from prober.kinds.session.get_rule import try_get
from prober.kinds.session.header_rules import try_handshake_version, try_headers, try_versions
from prober.kinds.speaker import Speaker, answered, evidence_of, refused, says_nothing, speaker_for
from prober.outcome import Evidence, Failure, Reason

_UNKNOWN_SESSION: Final = (200, 400, 404)
"""Statuses with which servers say that they do not know a session."""


async def run(context: ProbeContext, settings: SessionSettings) -> None:
    speaker, capabilities = await speaker_for(context)
    if settings.addresses == "all":
        await ask_every_address(context, speaker)
    broken = BrokenRules()
    if speaker.era == HANDSHAKE:
        await _in_handshake_era(context, settings, speaker, broken)
    else:
        await _use_connections(context, settings, speaker)
        async with speaker.connection() as connection:
            if "headers" not in settings.skip:
                await try_headers(context, speaker, connection, broken, tools="tools" in capabilities)
            if "versions" not in settings.skip:
                await try_versions(context, speaker, connection, broken)
    broken.conclude(context.facts)


async def _in_handshake_era(
    context: ProbeContext, settings: SessionSettings, speaker: Speaker, broken: BrokenRules
) -> None:
    async with speaker.connection() as connection, speaker.session(connection):
        await _use_connections(context, settings, speaker)
        if "get" not in settings.skip:
            await try_get(context, speaker, broken)
        if "versions" not in settings.skip:
            await try_handshake_version(context, speaker, connection, broken)
        if "dead-session" not in settings.skip:
            await try_dead_sessions(context, speaker, connection, broken)


async def _use_connections(context: ProbeContext, settings: SessionSettings, speaker: Speaker) -> None:
    """The same request over fresh connections: behind a balancer, they may lead to several instances."""
    method = speaker.harmless
    lost: list[tuple[int, Reply]] = []
    for number in range(1, settings.connections + 1):
        async with speaker.connection() as connection:
            reply = await speaker.ask(connection, method)
        if answered(reply):
            continue
        if says_nothing(reply) or speaker.era != HANDSHAKE or reply.status not in _UNKNOWN_SESSION:
            raise refused(reply, step=method, where=f"connection {number} of {settings.connections}: ")
        lost.append((number, reply))
    context.facts["session_connections_known"] = settings.connections - len(lost)
    context.facts["session_connections_lost"] = len(lost)
    if lost:
        raise await _lost(speaker, lost, settings.connections)


async def _lost(speaker: Speaker, lost: list[tuple[int, Reply]], connections: int) -> Failure:
    """The session was not known over some connections: to other instances, or for want of its header."""
    number, reply = lost[0]
    known = f"the session is not known over {len(lost)} of {connections} fresh connections, first over number {number}"
    hint = ""
    if len(lost) == connections and speaker.session_id is not None:
        async with speaker.connection() as connection:
            without = await speaker.ask(connection, "ping", headers={"Mcp-Session-Id": None})
        if (without.status, without.code, str(without)) == (reply.status, reply.code, str(reply)):
            hint = "; a request without Mcp-Session-Id gets the same answer: a proxy may drop the header"
    return Failure(
        Reason.SESSION_LOST,
        f"{known}: {reply}{hint}",
        step="ping",
        evidence=evidence_of(reply, rule="connections", expected="an answer over each connection"),
        further=tuple(Evidence(keyword="connections", seen=f"{each}: {other}") for each, other in lost[1:20]),
    )
