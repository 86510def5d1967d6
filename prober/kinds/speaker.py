"""Makes right requests of either era by hand, of which a rule changes one thing before they are sent."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from prober.assertions.result_shapes import HANDSHAKE, versions
from prober.client import envelope
from prober.client.era_detection import no_common_version
from prober.client.http.bare_http import BareHttp, Reply
from prober.client.http.http_response import reason_of
from prober.client.http.streamable_http import session_id_of
from prober.client.jsonrpc import METHOD_NOT_FOUND
from prober.kinds.context import ProbeContext
from prober.outcome import Evidence, Failure, Reason

_PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses that say nothing of a rule: the server, or what stands before it, has other troubles now."""


class Speaker:
    """Speaks one era and version over Streamable HTTP; in the handshake era in one session."""

    def __init__(self, context: ProbeContext, *, era: str, version: str, token: str | None):
        self.era, self.version = era, version
        self.session_id: str | None = None
        self.accepted: Reply | None = None
        """What the server answered to the notification that the session has begun."""
        self._context, self._token, self._ended = context, token, False
        self._ids = itertools.count(1)

    def connection(self, address: str | None = None) -> BareHttp:
        """A fresh connection, to one `address` of the name where it is given."""
        return BareHttp(self._context.target, log=self._context.log, token=self._token, address=address)

    def another(self) -> Speaker:
        """One for a session of its own."""
        return Speaker(self._context, era=self.era, version=self.version, token=self._token)

    @property
    def in_session(self) -> dict[str, str]:
        """The headers of any request in the session."""
        session = {"Mcp-Session-Id": self.session_id} if self.session_id is not None else {}
        return envelope.handshake_headers(self.version) | session

    async def ask(
        self,
        connection: BareHttp,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        headers: Mapping[str, str | None] | None = None,
        step: str | None = None,
    ) -> Reply:
        """A request that is right, but for the `headers` given: None leaves one out. `version` is another to speak."""
        params, spoken = params or {}, version or self.version
        if self.era == HANDSHAKE:
            right = self.in_session
        else:
            right = envelope.modern_headers(method, params, spoken)
            params = envelope.modern_params(params, spoken)
        changed = {name.lower() for name in headers or {}}
        sent = {name: value for name, value in right.items() if name.lower() not in changed}
        sent |= {name: value for name, value in (headers or {}).items() if value is not None}
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        return await connection.ask(step or method, message, headers=sent)

    @property
    def harmless(self) -> str:
        """A method that does nothing, and that every server of the era knows."""
        return "ping" if self.era == HANDSHAKE else "server/discover"

    @asynccontextmanager
    async def session(self, connection: BareHttp, **more: Any) -> AsyncIterator[Reply]:
        """A session of the handshake era for as long as the block lasts; nothing at all in the modern era.

        Yields the answer to `initialize`. A block that fails has its session ended as well; one that runs out of time
        has no time to.
        """
        began = await self.initialize(connection, **more) if self.era == HANDSHAKE else Reply(status=0, headers={})
        try:
            yield began
        except Failure:
            with suppress(Failure):
                await self.end(connection)
            raise
        await self.end(connection)

    async def end(self, connection: BareHttp) -> Reply | None:
        """The answer to DELETE, where there is a session that this was not said of before."""
        if self.session_id is None or self._ended:
            return None
        self._ended = True
        return await connection.ask("close", headers=self.in_session, method="DELETE")

    async def initialize(self, connection: BareHttp, *, headers: Mapping[str, str] | None = None) -> Reply:
        """A session of the handshake era, made by hand. Raises Failure where the server does not begin one, or answers
        with a version or a session that no header of a client can name.
        """
        self.session_id = None
        message = envelope.initialize(self.version, request_id=next(self._ids))
        reply = await connection.ask("initialize", message, headers=headers or {})
        if reply.result is None:
            raise refused(reply, step="initialize")
        version: Any = reply.result.get("protocolVersion")
        if version not in versions(HANDSHAKE):
            raise no_common_version("initialize", [version])
        self.version, self.session_id = version, session_in(reply, step="initialize")
        step = "notifications/initialized"
        self.accepted = await connection.ask(step, {"jsonrpc": "2.0", "method": step}, headers=self.in_session)
        if self.accepted.status >= 300:
            raise refused(self.accepted, step=step)
        return reply


async def speaker_for(context: ProbeContext) -> tuple[Speaker, Mapping[str, Any]]:
    """A speaker of what is negotiated with the server, and the capabilities that it announces.

    Raises Failure with `not_run` for a target of another transport, which a file cannot name, but a source can.
    """
    if context.target.transport != "http":
        raise Failure(Reason.NOT_RUN, "this kind of probe is for Streamable HTTP alone")
    async with context.session(explicit=True) as session:
        server, token, capabilities = session.server, session.token, session.capabilities
    assert server.era is not None
    assert server.protocol_version is not None
    return Speaker(context, era=server.era, version=server.protocol_version, token=token), capabilities


def session_in(reply: Reply, *, step: str) -> str | None:
    """The session that an answer hands out. Raises Failure where no client could send it back."""
    try:
        return session_id_of(reply.headers)
    except Failure as failure:
        failure.step = step
        raise


def answered(reply: Reply) -> bool:
    """Whether a request was taken for one of a living session: by a result, or for a method that is not known."""
    return reply.result is not None or (reply.code == METHOD_NOT_FOUND and reply.status == 200)


def says_nothing(reply: Reply) -> bool:
    """Whether an answer has to do with other troubles than the rule that was tried."""
    return reply.status in _PASSING


def refused(reply: Reply, *, step: str, where: str = "") -> Failure:
    """The failure of an answer that should have been a result."""
    if reply.status >= 300:
        reason = Reason.RPC_ERROR if reply.code is not None and reply.status < 500 else reason_of(reply.status)
    else:
        reason = Reason.RPC_ERROR if reply.code is not None else Reason.NO_RESPONSE
    return Failure(reason, f"{where}{reply}", step=step, evidence=evidence_of(reply))


def evidence_of(reply: Reply, *, rule: str | None = None, expected: str | None = None) -> Evidence:
    return Evidence(
        keyword=rule,
        expected=expected,
        seen=str(reply),
        http_status=reply.status,
        rpc_code=reply.code,
        detail=reply.body or None,
    )
