"""Tools over a session's register, compared and swapped, and over its queue, of which each task goes to one agent."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Annotated

from pydantic import Field, JsonValue

from mcp_state.errors import ConflictError
from mcp_state.values import Session
from mcp_state.writes import counted
from prober.reference.context import Context
from prober.reference.tools.arguments import Json, SessionId, Whole, json_text
from prober.reference.tools.registry import ToolRegistry
from prober.reference.tools.results import DequeuedTask, EnqueuedTask, Swap


def register(tools: ToolRegistry, context: Context) -> None:
    """Add the tools of this file."""
    store, recorder, limit = context.store, context.recorder, context.settings.payload_limit

    async def swap(tool: str, session_id: str, swapping: Awaitable[Session]) -> Swap:
        try:
            session = await counted(swapping, recorder=recorder, tool=tool, handle=session_id)
        except ConflictError:
            session, swapped = await store.get(session_id), False
        else:
            swapped = True
        return Swap(
            session_id=session_id,
            swapped=swapped,
            value=json.loads(session.value),
            value_version=session.value_version,
        )

    @tools.add
    async def compare_and_swap(session_id: SessionId, expected_version: Whole, value: Json) -> Swap:
        """Write the register if its valueVersion is still the expected one; else tell what it holds instead."""
        text = json_text(value, name="value", limit=limit)
        swapping = store.swap(session_id, expected_version=expected_version, value=text)
        return await swap("compare_and_swap", session_id, swapping)

    @tools.add
    async def compare_and_swap_value(
        session_id: SessionId,
        expected_value: Annotated[JsonValue, Field(description="The value as it was read, its keys in their order.")],
        value: Json,
    ) -> Swap:
        """Write the register if it still holds the expected value; else tell what it holds instead.

        A value that was changed and changed back passes for unchanged: compare_and_swap notices that.
        """
        expected = json_text(expected_value, name="expected_value", limit=limit)
        text = json_text(value, name="value", limit=limit)
        swapping = store.swap_value(session_id, expected=expected, value=text)
        return await swap("compare_and_swap_value", session_id, swapping)

    @tools.add
    async def enqueue_task(session_id: SessionId, task: Json) -> EnqueuedTask:
        """Put a task at the end of the session's queue."""
        item = json_text(task, name="task", limit=limit)
        queueing = store.enqueue(session_id, item=item)
        waiting = await counted(queueing, recorder=recorder, tool="enqueue_task", handle=session_id)
        return EnqueuedTask(session_id=session_id, waiting=waiting)

    @tools.add
    async def dequeue_task(session_id: SessionId) -> DequeuedTask:
        """Take the first task of the session's queue: of any number of agents one gets it, once."""
        taking = store.dequeue(session_id)
        taken = await counted(taking, recorder=recorder, tool="dequeue_task", handle=session_id)
        return DequeuedTask(
            session_id=session_id,
            taken=taken.item is not None,
            task=None if taken.item is None else json.loads(taken.item),
            waiting=taken.waiting,
        )
