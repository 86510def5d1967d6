"""An open session with a server: negotiated, ready for requests, ended politely or at once.

negotiate   `auto` asks `server/discover` first, as the 2026-07-28 revision says. A server that answers "unknown
            method", or refuses the request as such (HTTP 400, 404, 405, 406, 415), is asked again by `initialize`.
            Only an answer that proves an era fixes it; a 401, a 503 or a broken connection is reported as it is.
request     one message out, its answer in, the result's shape checked against the revision's own types.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from prober.assertions import result_shapes
from prober.assertions.checks import Case, Check, Instance
from prober.assertions.judge import Judge
from prober.assertions.result_shapes import HANDSHAKE, MODERN
from prober.client import envelope, error_mapping
from prober.client.era_detection import no_common_version, not_discovered, of_another_era, turned_down
from prober.client.exchange import ExchangeLog, ExchangeRecorder
from prober.client.stdio.startup import Startup
from prober.client.target_cache import TargetCache
from prober.client.transport import AnsweredLateError
from prober.client.transports import transport_for
from prober.config.model import Target
from prober.deadline import Deadline
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Reason, ServerInfo, Situation

CLOSE_GRACE: Final = 4.0
"""Seconds an HTTP server has to take leave, never more than half of what is left of the deadline."""

EXIT_GRACE: Final = 2.0
"""Seconds a process has to exit at the end of its standard input, and again after SIGTERM: outside of the deadline."""

MAX_PAGES: Final = 200
MAX_BODIES: Final = 4
"""What all pages of a list together may cost, in answers of the greatest size."""

_NAME_LENGTH: Final = 100

_PATIENCE: Final = 1 / 3
"""Share of the time to start after which `auto` asks by `initialize` as well: old servers on stdio may say nothing to a
strange method. Whichever question is answered first decides."""


class Session:
    """What a probe kind talks to. `server` tells what was learnt from its answers; nothing, before the first."""

    def __init__(
        self,
        target: Target,
        *,
        log: ExchangeLog,
        target_cache: TargetCache,
        judge: Judge,
        deadline: Deadline,
        on_start: Callable[[], None] = lambda: None,
        on_answer: Callable[[], None] = lambda: None,
    ):
        """`deadline` is the run's; whoever runs the session enforces it.

        `on_start` and `on_answer` are called where a process is started: before it, and at its first answer.
        """
        self._target, self._log, self._target_cache, self.deadline = target, log, target_cache, deadline
        self._judge = judge
        self._startup = Startup(target.startup_timeout, on_start=on_start, on_answer=on_answer)
        self._transport = transport_for(target, self._startup)
        self._ids = itertools.count(1)
        self._era = HANDSHAKE
        self._version: str | None = None
        self.server = ServerInfo()
        self.capabilities: Mapping[str, Any] = {}
        self.token: str | None = None

    @property
    def certificate_expiry(self) -> float | None:
        return self._transport.certificate_expiry

    @property
    def mirrors_arguments(self) -> bool:
        """Whether `x-mcp-header` in the schema of a tool means something: in the modern era, over HTTP."""
        return self._era == MODERN and self._target.transport == "http"

    async def open(self, *, explicit: bool) -> None:
        """Reach the server and negotiate. In the modern era that needs no exchange, unless `explicit` asks for one.

        A process has to be asked in any case: only an answer shows that it has started.
        """
        if self._target.transport != "stdio":
            await self._negotiate(explicit=explicit)
            return
        try:
            async with self._startup.clock():
                await self._negotiate(explicit=True)
        except Failure as failure:
            failure.step = failure.step or (self._log.last.step if self._log.last else None)
            raise

    async def _negotiate(self, *, explicit: bool) -> None:
        starts_process, learns = self._target.transport == "stdio", False

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
            await self.initialize()
        elif explicit:
            await self.discover()
        else:
            self._speak(MODERN, result_shapes.versions(MODERN)[-1])

    async def close(self) -> None:
        """Take leave. Raises Failure with step `close` where the server does not play along."""
        if not self._transport.closes:
            return
        headers = envelope.handshake_headers(self._version)
        with self._exchange("close") as recorder:
            if self._target.transport == "stdio":
                await self._transport.close(headers=headers, recorder=recorder, grace=EXIT_GRACE)
                return
            grace = min(CLOSE_GRACE, self.deadline.left() / 2)
            try:
                async with asyncio.timeout(grace):
                    await self._transport.close(headers=headers, recorder=recorder, grace=grace * 0.8)
            except TimeoutError:
                raise error_mapping.timed_out(recorder, limit=f"the grace of {grace:.2g} s to leave") from None

    async def abort(self) -> None:
        """End at once. Always to be called in the end; after `close` it only tidies up."""
        await self._transport.abort()

    async def request(
        self, method: str, params: Mapping[str, Any], *, input_schema: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The result of one request; `input_schema` is that of the tool it calls. Raises Failure with `step` set."""
        version = self._version
        if self._era == MODERN and version is not None:
            headers = envelope.modern_headers(method, params, version)
            if input_schema is not None and self.mirrors_arguments:
                headers |= envelope.mirrored(input_schema, params)
            params = envelope.modern_params(params, version)
        else:
            headers = envelope.handshake_headers(version)
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        with self._exchange(method) as recorder:
            result = await self._transport.request(message, headers=headers, recorder=recorder)
            await self._check_shape(method, result)
        if self._era == MODERN and method != "server/discover":
            self._heard(envelope.server_info(result), version=version)
        return result

    async def pages(self, method: str, key: str) -> list[dict[str, Any]]:
        """All items of a list method, every page of it."""
        items: list[dict[str, Any]] = []
        seen: set[str] = set()
        params: dict[str, str] = {}
        size = 0
        for _ in range(MAX_PAGES):
            result = await self.request(method, params)
            items += result[key]
            size += self._log.finished[-1].bytes_received
            if size > MAX_BODIES * self._target.limits.body:
                raise Failure(Reason.TOO_LARGE, f"the pages of {method} together have {size} bytes so far", step=method)
            cursor = result.get("nextCursor")
            if cursor is None:
                return items
            if cursor in seen:
                message = f"{method} does not come to an end: the cursor {cap(cursor, 50)!r} came twice"
                raise Failure(Reason.BAD_RESULT, message, step=method)
            seen.add(cursor)
            params = {"cursor": cursor}
        raise Failure(Reason.TOO_LARGE, f"{method} has more than {MAX_PAGES} pages", step=method)

    async def discover(self) -> dict[str, Any]:
        """Negotiate in the modern era. Raises `version_unsupported` where no revision is common."""
        self._speak(MODERN, result_shapes.versions(MODERN)[-1])
        return self._discovered(await self.request("server/discover", {}))

    def _discovered(self, result: dict[str, Any]) -> dict[str, Any]:
        offered: Sequence[str] = result["supportedVersions"]
        common = [version for version in result_shapes.versions(MODERN) if version in offered]
        self._heard(envelope.server_info(result), version=common[-1] if common else None)
        if not common:
            raise no_common_version("server/discover", offered)
        self._speak(MODERN, common[-1])
        self.capabilities = result["capabilities"]
        return result

    async def initialize(self) -> dict[str, Any]:
        """Negotiate in the handshake era: `initialize`, then `notifications/initialized`."""
        self._speak(HANDSHAKE, None)
        offer = result_shapes.versions(HANDSHAKE)[-1]
        params = {"protocolVersion": offer, "capabilities": {}, "clientInfo": envelope.CLIENT_INFO}
        result = await self.request("initialize", params)
        version = result["protocolVersion"]
        known = version in result_shapes.versions(HANDSHAKE)
        self._heard(result["serverInfo"], version=version if known else None)
        if not known:
            raise no_common_version("initialize", [version])
        self._speak(HANDSHAKE, version)
        self.capabilities = result["capabilities"]
        step = "notifications/initialized"
        with self._exchange(step) as recorder:
            message = {"jsonrpc": "2.0", "method": step}
            await self._transport.notify(message, headers=envelope.handshake_headers(version), recorder=recorder)
        return result

    async def _open_wire(self) -> None:
        if self._target_cache.tokens is not None:
            self.token = await self._target_cache.tokens.get(self._fetch_token)
            self._transport.authorize(self.token)
        if self._transport.opens:
            with self._exchange("open") as recorder:
                await self._transport.open(recorder)

    async def _fetch_token(self) -> str:
        assert self._target_cache.tokens is not None
        with self._exchange("token") as recorder:
            recorder.if_late = Situation.TOKEN_ENDPOINT
            try:
                token = await self._transport.fetch_token(self._target_cache.tokens, recorder)
            except Failure as failure:
                failure.evidence = replace(failure.evidence, situation=Situation.TOKEN_ENDPOINT, remedy=None)
                raise
        self._target_cache.redact.learn(token)
        return token

    @contextmanager
    def _exchange(self, step: str) -> Iterator[ExchangeRecorder]:
        """One exchange, recorded. A failure from inside says at which step it was, and casts doubt on what is known."""
        with self._log.exchange(step) as recorder:
            try:
                yield recorder
            except Failure as failure:
                failure.step = failure.step or step
                self._doubt(failure)
                raise

    def _doubt(self, failure: Failure) -> None:
        """Forget cached facts that this failure contradicts. The run fails all the same; the next one asks anew."""
        if failure.reason is Reason.UNAUTHORIZED and self.token is not None and self._target_cache.tokens is not None:
            self._target_cache.tokens.forget(self.token)
        if self._target_cache.learns_era and of_another_era(failure):
            self._target_cache.era.forget()

    async def _learn_era(self) -> str:
        """Find out which era the server speaks, negotiating on the way."""
        refusal: Failure | None = None
        try:
            async with asyncio.timeout(self._patience()):
                await self.discover()
                return MODERN
        except TimeoutError:
            pass
        except Failure as failure:
            if not turned_down(failure):
                raise
            refusal = failure
        if refusal is not None and refusal.reason is Reason.PROCESS_EXITED:
            await self._transport.abort()
            self._transport = transport_for(self._target, self._startup)
            await self._open_wire()
        try:
            await self.initialize()
        except AnsweredLateError as late:
            await self._take_late(late.result)
            return MODERN
        except Failure as failure:
            if refusal is not None and refusal.reason in (Reason.VERSION_UNSUPPORTED, Reason.BAD_RESULT):
                raise refusal from None
            if refusal is None and failure.reason is Reason.VERSION_UNSUPPORTED:
                await self.discover()  # it was only slow: the first question had made it a modern conversation
                return MODERN
            raise
        return HANDSHAKE

    async def _take_late(self, result: dict[str, Any]) -> None:
        """Negotiate by an answer to `server/discover` that came when `initialize` had been asked as well."""
        self._speak(MODERN, result_shapes.versions(MODERN)[-1])
        try:
            await self._check_shape("server/discover", result)
        except Failure as failure:
            failure.step = failure.step or "server/discover"
            raise
        self._discovered(result)

    def _patience(self) -> float | None:
        return self._target.startup_timeout * _PATIENCE if self._target.transport == "stdio" else None

    @property
    def process(self) -> Evidence | None:
        """What the server's process has to say after a failure; None over HTTP."""
        return self._transport.process

    def _speak(self, spoken: str, version: str | None) -> None:
        """What is sent from now on; whether the server understands it is another matter."""
        self._era, self._version = spoken, version

    def _heard(self, info: Mapping[str, Any] | None, *, version: str | None) -> None:
        """The server has answered in the era that is spoken. `version` is None where none is agreed on."""
        if info is None and self.server.era == self._era:
            return
        name, own = (_short((info or {}).get(key)) for key in ("name", "version"))
        self.server = ServerInfo(era=self._era, protocol_version=version, name=name, version=own)

    async def _check_shape(self, method: str, result: dict[str, Any]) -> None:
        version = self._version or result_shapes.versions(HANDSHAKE)[-1]
        if self._era == MODERN and result.get("resultType") == "input_required":
            raise Failure(Reason.INPUT_REQUIRED, "the server wants input from a person before it answers")
        if method == "server/discover" and (stranger := not_discovered(result)):
            raise stranger
        shape = Check(
            reason=Reason.BAD_RESULT,
            rule=result_shapes.Shape(method=method, version=version),
            instance=Instance(value=result),
        )
        finding = await self._judge.judge(Case(checks=(shape,)), deadline=self.deadline, target=self._target.name)
        if finding is not None:
            message = f"the result is not what {version} defines: {finding.message}"
            raise Failure(finding.reason, message, evidence=finding.evidence)


def _short(text: Any) -> str | None:
    return text[:_NAME_LENGTH] if isinstance(text, str) else None
