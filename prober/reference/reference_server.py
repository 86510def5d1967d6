"""The reference server as a value: built from settings, run over HTTP or stdio.

    reference = build(settings)
    async with reference.running():     the store is open, background work goes on
        … reference.app …               ASGI: POST /mcp, /metrics, /healthz, /readyz, /debug/faults, /debug/contention

`serve.py` does all of that in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from mcp_state.cache import ReadThroughCache
from mcp_state.errors import SessionExistsError, StoreError
from mcp_state.event_log import EventLog
from mcp_state.logs import log
from mcp_state.metrics import StateMetrics
from mcp_state.recorder import StateRecorder
from prober.reference import http_app, store_choice
from prober.reference.context import Context
from prober.reference.faults.answers import AnswerFaults
from prober.reference.faults.faulty_store import FaultyStore
from prober.reference.faults.switches import FaultSwitches, parse_all
from prober.reference.faults.wire import WireFaults
from prober.reference.http_status import HttpStatus
from prober.reference.projection import WorkflowProjection
from prober.reference.settings import Settings
from prober.reference.tools import server
from prober.reference.tools.catalog import TOOLS

MCP_PATH: Final = "/mcp"

_LOOPBACK: Final = ("127.0.0.1", "127.0.0.1:*", "localhost", "localhost:*", "[::1]", "[::1]:*")

_MAX_REQUEST: Final = 4 * 1024 * 1024
"""Bytes; a larger request is refused before it is parsed."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One server."""

    settings: Settings
    registry: CollectorRegistry
    context: Context
    switches: FaultSwitches
    mcp: MCPServer[Any]
    app: ASGIApp
    """Serve it inside `running`; it has no lifespan of its own."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the store, create the sessions of the settings, run the background tasks; close everything at the end.

        Raises:
            StoreUnavailableError: the store cannot be reached.
        """
        context = self.context
        await context.store.open()
        try:
            await _make_sessions(context)
            follow = context.configs.follow(
                context.store.changes(),
                recorder=context.recorder,
                missed=lambda: _make_sessions_again(context),  # the store may have come back empty
            )
            async with _background(follow, _purge(context)), self.mcp.session_manager.run():
                yield
        finally:
            await context.store.close()


def build(settings: Settings, *, registry: CollectorRegistry | None = None) -> Reference:
    """Build a server; nothing is opened yet.

    Raises:
        ValueError: a fault is misspelt, or the store cannot be made from these settings.
    """
    registry = registry or CollectorRegistry()
    switches = FaultSwitches(parse_all(settings.faults), seed=settings.fault_seed)
    metrics = StateMetrics(registry, store=settings.store, tools=TOOLS, safe=settings.store != "memory")
    recorder = StateRecorder(metrics, lock_wait_warning=settings.lock_wait_warning)
    store = FaultyStore(store_choice.make(settings, metrics), switches)
    context = Context(
        settings=settings,
        store=store,
        recorder=recorder,
        configs=ReadThroughCache(store.config, ttl=settings.cache_ttl, lives=lambda config: config.expires_in),
        workflows=EventLog(
            store,
            WorkflowProjection(),
            recorder=recorder,
            snapshot_every=settings.snapshot_every,
            snapshots_kept=settings.snapshots_kept,
        ),
    )
    mcp = server.build(context, middleware=(AnswerFaults(switches),))
    endpoint = mcp.streamable_http_app(
        streamable_http_path=MCP_PATH,
        json_response=True,
        # No state in the process: any instance answers any request of any client.
        stateless_http=True,
        max_request_body_size=_MAX_REQUEST,
        transport_security=TransportSecuritySettings(
            allowed_hosts=[*_LOOPBACK, *settings.allowed_hosts],
            allowed_origins=[f"http://{host}" for host in (*_LOOPBACK, *settings.allowed_hosts)],
        ),
    )
    app: ASGIApp = http_app.build(
        context, switches, endpoint.routes, path=MCP_PATH, allowed_hosts=settings.allowed_hosts
    )
    if settings.http_status:
        app = HttpStatus(app, path=MCP_PATH)
    return Reference(
        settings=settings,
        registry=registry,
        context=context,
        switches=switches,
        mcp=mcp,
        app=WireFaults(app, switches, path=MCP_PATH),
    )


async def _purge(context: Context) -> None:
    """Delete expired sessions periodically."""
    while True:
        await asyncio.sleep(context.settings.purge_every)
        try:
            await context.store.purge()
        except StoreError as error:
            log(logging.WARNING, "purge_failed", store=context.store.name, error=type(error).__name__)
        await _make_sessions_again(context)


async def _make_sessions(context: Context) -> list[str]:
    """Make the sessions of the settings; returns those that were not there."""
    made: list[str] = []
    for handle in context.settings.sessions:
        with contextlib.suppress(SessionExistsError):  # made by an earlier run or another instance
            await context.store.create(handle, lifetime=None)
            made.append(handle)
    return made


async def _make_sessions_again(context: Context) -> None:
    """Make those sessions of the settings that are gone: deleted by a caller, or lost with the store's data."""
    with contextlib.suppress(StoreError):  # the calls log that the store cannot be reached; the next purge tries again
        for handle in await _make_sessions(context):
            log(logging.WARNING, "session_made_again", session_id=handle, store=context.store.name)


@asynccontextmanager
async def _background(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run endless tasks beside the body. A crash of one ends the body; the end of the body cancels them."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(coroutine) for coroutine in coroutines]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
