"""An open session with a server: negotiated, ready for requests, ended politely or at once.

negotiation     agrees with the server on an era and a revision
requester       sends one request and checks its answer
tasks           follows a call that is answered by a task
conversation    what goes on to the next run where the session is kept
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.client import envelope, error_mapping, tasks
from prober.client.conversation import Conversation
from prober.client.exchange import ExchangeLog
from prober.client.http.token_expiry import token_expiry
from prober.client.negotiation import Negotiation
from prober.client.requester import Requester
from prober.client.stdio.startup import Startup
from prober.client.target_cache import TargetCache
from prober.client.transports import transport_for
from prober.config.model import Target
from prober.deadline import Deadline
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Reason, ServerInfo

CLOSE_GRACE: Final = 4.0
"""Seconds an HTTP server has to take leave, never more than half of what is left of the deadline."""

EXIT_GRACE: Final = 2.0
"""Seconds a process has to exit at the end of its standard input, and again after SIGTERM: outside of the deadline."""

MAX_PAGES: Final = 200
MAX_BODIES: Final = 4
"""What all pages of a list together may cost, in answers of the greatest size."""


class Session:
    """What a probe kind talks to."""

    def __init__(
        self,
        target: Target,
        *,
        log: ExchangeLog,
        target_cache: TargetCache,
        judge: Judge,
        deadline: Deadline,
        conversation: Conversation | None = None,
        on_start: Callable[[], None] = lambda: None,
        on_answer: Callable[[], None] = lambda: None,
    ):
        """`deadline` is the run's; whoever runs the session enforces it. A `conversation` that was kept goes on.

        `on_start` and `on_answer` are called where a process is started: before it, and at its first answer.
        """
        self._target, self._log = target, log
        self._goes_on = conversation is not None
        self._startup = Startup(target.startup_timeout, on_start=on_start, on_answer=on_answer)
        self.conversation = conversation or Conversation(transport=transport_for(target, self._startup))
        self._requester = Requester(
            target=target,
            conversation=self.conversation,
            log=log,
            target_cache=target_cache,
            judge=judge,
            deadline=deadline,
        )
        self.request = self._requester.request

    @property
    def deadline(self) -> Deadline:
        return self._requester.deadline

    @deadline.setter
    def deadline(self, deadline: Deadline) -> None:
        self._requester.deadline = deadline

    @property
    def server(self) -> ServerInfo:
        """What was learnt from the server's answers; nothing, before the first."""
        return self.conversation.server

    @property
    def capabilities(self) -> Mapping[str, Any]:
        return self.conversation.capabilities

    @property
    def token(self) -> str | None:
        return self._requester.token

    @property
    def certificate_expiry(self) -> float | None:
        return self.conversation.transport.certificate_expiry

    @property
    def token_expiry(self) -> Mapping[str, float]:
        """When the tokens of the target expire, by name of the fact."""
        return token_expiry(self._target, self._requester.target_cache.tokens)

    @property
    def mirrors_arguments(self) -> bool:
        """Whether `x-mcp-header` in the schema of a tool means something."""
        return self._requester.mirrors_arguments

    @property
    def process(self) -> Evidence | None:
        """What the server's process has to say after a failure; None over HTTP."""
        return self.conversation.transport.process

    async def open(self, *, explicit: bool) -> None:
        """Reach the server and negotiate. In the modern era that needs no exchange, unless `explicit` asks for one.

        A process has to be asked in any case: only an answer shows that it has started. A kept one has given it.
        """
        if self._goes_on:
            return
        negotiation = Negotiation(self._requester, self._startup)
        if self._target.transport != "stdio":
            await negotiation.negotiate(explicit=explicit)
            return
        try:
            async with self._startup.clock():
                await negotiation.negotiate(explicit=True)
        except Failure as failure:
            failure.step = failure.step or (self._log.last.step if self._log.last else None)
            raise

    async def call_and_follow(self, params: Mapping[str, Any], *, listing: Mapping[str, Any]) -> dict[str, Any]:
        """The result of a call of the tool with this `listing`; a task that the server answers by is followed."""
        return await tasks.call_and_follow(self._requester, params, listing=listing, capabilities=self.capabilities)

    async def pages(self, method: str, key: str, *, any_shape: bool = False) -> list[dict[str, Any]]:
        """All items of a list method, every page of it. With `any_shape` an item is no more than an object."""
        return [item for page in await self.results(method, key, any_shape=any_shape) for item in page[key]]

    async def results(self, method: str, key: str, *, any_shape: bool = False) -> list[dict[str, Any]]:
        """The pages of a list method, whole; their items are at `key`."""
        pages: list[dict[str, Any]] = []
        seen: set[str] = set()
        params: dict[str, str] = {}
        size = 0
        for _ in range(MAX_PAGES):
            result = await self.request(method, params, any_shape=any_shape)
            if any_shape:
                _check_page(result, method, key)
            pages.append(result)
            size += self._log.finished[-1].bytes_received
            if size > MAX_BODIES * self._target.limits.body:
                raise Failure(Reason.TOO_LARGE, f"the pages of {method} together have {size} bytes so far", step=method)
            cursor = result.get("nextCursor")
            if cursor is None:
                return pages
            if cursor in seen:
                message = f"{method} does not come to an end: the cursor {cap(cursor, 50)!r} came twice"
                raise Failure(Reason.BAD_RESULT, message, step=method)
            seen.add(cursor)
            params = {"cursor": cursor}
        raise Failure(Reason.TOO_LARGE, f"{method} has more than {MAX_PAGES} pages", step=method)

    async def close(self) -> None:
        """Take leave. Raises Failure with step `close` where the server does not play along."""
        transport = self.conversation.transport
        if not transport.closes:
            return
        headers = envelope.handshake_headers(self.conversation.version)
        with self._requester.exchange("close") as recorder:
            if self._target.transport == "stdio":
                await transport.close(headers=headers, recorder=recorder, grace=EXIT_GRACE)
                return
            grace = min(CLOSE_GRACE, self.deadline.left() / 2)
            try:
                async with asyncio.timeout(grace):
                    await transport.close(headers=headers, recorder=recorder, grace=grace * 0.8)
            except TimeoutError:
                raise error_mapping.timed_out(recorder, limit=f"the grace of {grace:.2g} s to leave") from None

    async def abort(self) -> None:
        """End at once. Always to be called in the end; after `close` it only tidies up."""
        await self.conversation.transport.abort()


def _check_page(result: Mapping[str, Any], method: str, key: str) -> None:
    """Raise Failure where a page has no objects in a list, or a cursor that is no text."""
    items, cursor = result.get(key), result.get("nextCursor")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Failure(Reason.BAD_RESULT, f"the result has no list of objects in {key!r}", step=method)
    if cursor is not None and not isinstance(cursor, str):
        raise Failure(Reason.BAD_RESULT, "the result has a nextCursor that is no text", step=method)
