"""`handshake`: reach the server, negotiate, close. Optionally the official SDK's client does the same."""

from __future__ import annotations

from prober.kinds.context import ProbeContext
from prober.kinds.handshake import HandshakeSettings
from prober.outcome import Evidence, Failure, Reason


async def run(context: ProbeContext, settings: HandshakeSettings) -> None:
    async with context.session(explicit=True, require_clean_close=True) as session:
        server, token = session.server, session.token
    expected = settings.expect_version
    if expected is not None and server.protocol_version != expected:
        raise Failure(
            Reason.VERSION_UNSUPPORTED,
            f"negotiated {server.protocol_version}, expected {expected}",
            step="initialize" if server.era == "handshake" else "server/discover",
            evidence=Evidence(expected=expected, seen=server.protocol_version),
        )
    if settings.second_opinion:
        from prober.client.sdk_check import second_opinion

        await second_opinion(context.target, token=token, deadline=context.deadline, redact=context.target_cache.redact)
