"""`http`: Origin, CORS, Accept, Content-Type, and what the rules of the transport say of statuses."""

from __future__ import annotations

from prober.assertions.result_shapes import HANDSHAKE
from prober.kinds.context import ProbeContext
from prober.kinds.findings import Findings
from prober.kinds.http import HttpSettings
from prober.kinds.http.expected import expect_accept, expect_cors
from prober.kinds.http.rules import (
    try_content_type,
    try_get,
    try_notification,
    try_origin,
    try_unknown_method,
)
from prober.kinds.speaker import Speaker


async def run(context: ProbeContext, settings: HttpSettings) -> None:
    async with context.session(explicit=True) as session:
        server, token = session.server, session.token
    speaker = Speaker(context, era=server.era or "", version=server.protocol_version or "", token=token)
    findings = Findings()
    async with speaker.connection() as connection:
        if speaker.era == HANDSHAKE:
            await speaker.initialize(connection)
        if "origin" not in settings.skip:
            await try_origin(context, speaker, connection, findings)
        if "unknown-method" not in settings.skip:
            await try_unknown_method(context, speaker, connection, findings)
        if "notification" not in settings.skip:
            try_notification(speaker, findings)
        if "content-type" not in settings.skip:
            await try_content_type(context, speaker, connection)
        if "get" not in settings.skip:
            await try_get(context, speaker)
        for form in settings.accept:
            await expect_accept(speaker, connection, findings, form)
        if settings.cors is not None:
            await expect_cors(context, speaker, connection, findings, settings.cors)
        if speaker.session_id is not None:
            await connection.ask("close", headers=speaker.in_session, method="DELETE")
    findings.conclude()
