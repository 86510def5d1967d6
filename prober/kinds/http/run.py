"""`http`: Origin, CORS, Accept, Content-Type, and what the rules of the transport say of statuses."""

from __future__ import annotations

from prober.kinds.broken_rules import BrokenRules
from prober.kinds.context import ProbeContext
from prober.kinds.http import HttpSettings
from prober.kinds.http.expected import expect_accept, expect_cors
from prober.kinds.http.rules import (
    try_content_type,
    try_get,
    try_host,
    try_notification,
    try_origin,
    try_unknown_method,
)
from prober.kinds.speaker import speaker_for


async def run(context: ProbeContext, settings: HttpSettings) -> None:
    speaker, _ = await speaker_for(context)
    broken = BrokenRules()
    async with speaker.connection() as connection, speaker.session(connection):
        if "origin" not in settings.skip:
            await try_origin(context, speaker, connection, broken)
            if "host" not in settings.skip and not broken.any:
                await try_host(context, speaker, broken)
        if "unknown-method" not in settings.skip:
            await try_unknown_method(context, speaker, connection, broken)
        if "notification" not in settings.skip:
            try_notification(speaker, broken)
        if "content-type" not in settings.skip:
            await try_content_type(context, speaker, connection)
        if "get" not in settings.skip:
            await try_get(context, speaker)
        for form in settings.accept:
            await expect_accept(speaker, connection, broken, form)
        if settings.cors is not None:
            await expect_cors(context, speaker, connection, broken, settings.cors)
    broken.conclude(context.facts)
