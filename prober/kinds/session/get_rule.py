"""GET in the handshake era: an event stream, or 405 (2025-11-25, Listening for Messages, 3)."""

from __future__ import annotations

import asyncio
from typing import Final

from prober.client.http.http_response import EVENTS
from prober.kinds.broken_rules import BrokenRules
from prober.kinds.context import ProbeContext
from prober.kinds.speaker import Speaker, evidence_of, says_nothing
from prober.outcome import Reason

_PATIENCE: Final = 3.0
"""Seconds for the head of an answer. Some servers send it with the first event, which may never come."""


async def try_get(context: ProbeContext, speaker: Speaker, broken: BrokenRules) -> None:
    headers = {**speaker.in_session, "Accept": EVENTS}
    patience = min(_PATIENCE, context.deadline.left() / 3)
    async with speaker.connection() as connection:
        try:
            async with asyncio.timeout(patience):
                reply = await connection.ask("get", headers=headers, method="GET")
        except TimeoutError:
            context.warnings.append(f"GET has neither a stream nor 405 within {patience:.2g} s")
            return
    if reply.status == 405 or says_nothing(reply) or (reply.status == 200 and reply.content_type == EVENTS):
        return
    broken.add(
        Reason.HTTP_RULE_BROKEN,
        f"GET is answered {reply}: clients expect a stream of events, or 405 where there is none",
        step="get",
        evidence=evidence_of(reply, rule="get", expected=f"HTTP 200 with {EVENTS}, or HTTP 405"),
    )
