"""Metrics of a server without a page of them, such as one on stdio: sent to a Prometheus Pushgateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, push_to_gateway

from mcp_state.logs import log
from mcp_state.sending import sending

_PATIENCE = 5.0
"""Seconds that one push may take."""


@asynccontextmanager
async def pushing(
    registry: CollectorRegistry, *, gateway: str, job: str, grouping: Mapping[str, str], every: float = 15.0
) -> AsyncIterator[None]:
    """Push the registry to `gateway` (a URL or HOST:PORT) every `every` seconds beside the body, and once at its end.

    `grouping` are labels, such as `instance`, that no other running server has together with this `job`: a push
    replaces what was pushed under the same ones. The gateway keeps what was pushed last, so use the same ones again
    for the next process. A push that fails is logged; the server goes on.
    """
    async with sending(lambda: _push(registry, gateway, job, grouping), every=every):
        yield


async def _push(registry: CollectorRegistry, gateway: str, job: str, grouping: Mapping[str, str]) -> None:
    try:
        await asyncio.to_thread(
            push_to_gateway, gateway, job=job, registry=registry, grouping_key=dict(grouping), timeout=_PATIENCE
        )
    except OSError as error:
        log(logging.WARNING, "push_failed", error=type(error).__name__)
