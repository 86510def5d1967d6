"""Reaches a server and agrees with it on an era and a revision.

`auto` asks `server/discover` first, as the 2026-07-28 revision says. A server that answers "unknown method", or refuses
the request as such (HTTP 400, 404, 405, 406, 415), is asked again by `initialize`. Only an answer that proves an era
fixes it; a 401, a 503 or a broken connection is reported as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from prober.assertions import result_shapes
from prober.assertions.result_shapes import HANDSHAKE, MODERN
from prober.client import envelope
from prober.client.era_detection import no_common_version, turned_down
from prober.client.requester import Requester
from prober.client.stdio.startup import Startup
from prober.client.transport import AnsweredLateError
from prober.client.transports import transport_for
from prober.outcome import Failure, Reason, Situation

_PATIENCE: Final = 1 / 3
"""Share of the time to start after which `auto` asks by `initialize` as well: old servers on stdio may say nothing to a
strange method. Whichever question is answered first decides."""


class Negotiation:
    """The beginning of a conversation."""

    def __init__(self, requester: Requester, startup: Startup) -> None:
        self._requester, self._startup = requester, startup
        self._conversation = requester.conversation
        self._target_cache = requester.target_cache

    async def negotiate(self, *, explicit: bool) -> None:
        """In the modern era that needs no exchange, unless `explicit` asks for one."""
        starts_process, learns = self._requester.target.transport == "stdio", False

        async def learn() -> str:
            nonlocal learns
            learns = True
            if starts_process:
                await self._open_wire()
            return await self._learn_era()

        if not starts_process:
            await self._open_wire()
        spoken = await self._target_cache.era.get(learn)
        if learns:
            return  # it was this session that learnt the era, and negotiated by it
        if starts_process:  # not before: what waits for another session to learn must not look slow to start
            await self._open_wire()
        if spoken == HANDSHAKE:
            await self._initialize()
        elif explicit:
            await self._discover()
        else:
            self._conversation.speak(MODERN, result_shapes.versions(MODERN)[-1])

    async def _open_wire(self) -> None:
        transport = self._conversation.transport
        if self._target_cache.tokens is not None:
            self._requester.token = await self._target_cache.tokens.get(self._fetch_token)
            transport.authorize(self._requester.token)
        if transport.opens:
            with self._requester.exchange("open") as recorder:
                await transport.open(recorder)

    async def _fetch_token(self) -> str:
        assert self._target_cache.tokens is not None
        with self._requester.exchange("token") as recorder:
            recorder.if_late = Situation.TOKEN_ENDPOINT
            try:
                token = await self._conversation.transport.fetch_token(self._target_cache.tokens, recorder)
            except Failure as failure:
                failure.evidence = replace(failure.evidence, situation=Situation.TOKEN_ENDPOINT, remedy=None)
                raise
        self._target_cache.redact.learn(token)
        return token

    async def _learn_era(self) -> str:
        """Find out which era the server speaks, negotiating on the way."""
        refusal: Failure | None = None
        try:
            async with asyncio.timeout(self._patience()):
                await self._discover()
                return MODERN
        except TimeoutError:
            pass
        except Failure as failure:
            if not turned_down(failure):
                raise
            refusal = failure
        if refusal is not None and refusal.reason is Reason.PROCESS_EXITED:
            await self._start_again()
        try:
            await self._initialize()
        except AnsweredLateError as late:
            await self._take_late(late.result)
            return MODERN
        except Failure as failure:
            if refusal is not None and refusal.reason in (Reason.VERSION_UNSUPPORTED, Reason.BAD_RESULT):
                raise refusal from None
            if refusal is None and failure.reason is Reason.VERSION_UNSUPPORTED:
                await self._discover()  # it was only slow: the first question had made it a modern conversation
                return MODERN
            if refusal is not None or failure.reason is not Reason.PROCESS_EXITED:
                raise
            await self._start_again()  # the first question, read late, may be what it has ended at
            await self._initialize()
        return HANDSHAKE

    async def _start_again(self) -> None:
        """A process that has ended at a question of another era is started anew, to be asked by `initialize` alone."""
        await self._conversation.transport.abort()
        self._conversation.transport = transport_for(self._requester.target, self._startup)
        await self._open_wire()

    def _patience(self) -> float | None:
        target = self._requester.target
        return target.startup_timeout * _PATIENCE if target.transport == "stdio" else None

    async def _take_late(self, result: dict[str, Any]) -> None:
        """Negotiate by an answer to `server/discover` that came when `initialize` had been asked as well."""
        self._conversation.speak(MODERN, result_shapes.versions(MODERN)[-1])
        try:
            await self._requester.check_shape("server/discover", result)
        except Failure as failure:
            failure.step = failure.step or "server/discover"
            raise
        self._discovered(result)

    async def _discover(self) -> None:
        """Negotiate in the modern era. Raises `version_unsupported` where no revision is common."""
        self._conversation.speak(MODERN, result_shapes.versions(MODERN)[-1])
        self._discovered(await self._requester.request("server/discover", {}))

    def _discovered(self, result: dict[str, Any]) -> None:
        offered: Sequence[str] = result["supportedVersions"]
        common = [version for version in result_shapes.versions(MODERN) if version in offered]
        self._conversation.heard(envelope.server_info(result), version=common[-1] if common else None)
        if not common:
            raise no_common_version("server/discover", offered)
        self._conversation.speak(MODERN, common[-1])
        self._conversation.capabilities = result["capabilities"]

    async def _initialize(self) -> None:
        """Negotiate in the handshake era: `initialize`, then `notifications/initialized`."""
        conversation = self._conversation
        conversation.speak(HANDSHAKE, None)
        offer = result_shapes.versions(HANDSHAKE)[-1]
        result = await self._requester.request("initialize", envelope.initialize_params(offer))
        version = result["protocolVersion"]
        known = version in result_shapes.versions(HANDSHAKE)
        conversation.heard(result["serverInfo"], version=version if known else None)
        if not known:
            raise no_common_version("initialize", [version])
        conversation.speak(HANDSHAKE, version)
        conversation.capabilities = result["capabilities"]
        step = "notifications/initialized"
        with self._requester.exchange(step) as recorder:
            message = {"jsonrpc": "2.0", "method": step}
            headers = envelope.handshake_headers(version)
            await conversation.transport.notify(message, headers=headers, recorder=recorder)
