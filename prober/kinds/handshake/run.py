"""`handshake`: reach the server, negotiate, close. Optionally the official SDK's client does the same."""

from __future__ import annotations

from contextlib import nullcontext

from prober.deadline import Deadline
from prober.kinds.context import ProbeContext
from prober.kinds.handshake import HandshakeSettings
from prober.outcome import Evidence, Failure, Reason


async def run(context: ProbeContext, settings: HandshakeSettings) -> None:
    starts_process = context.target.transport == "stdio"
    clean = settings.expect_clean_exit if starts_process else True
    async with context.session(explicit=True, require_clean_close=clean) as session:
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
        from prober.client.sdk_check.sdk_check import second_opinion

        seconds = context.deadline.left()
        with context.standing_still("start_seconds") if starts_process else nullcontext():
            if starts_process:  # it starts a process of its own
                seconds += context.target.startup_timeout
            await second_opinion(
                context.target,
                token=token,
                deadline=Deadline.after(seconds),
                redact=context.target_cache.redact,
                judge=context.judge,
            )
