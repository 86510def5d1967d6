"""Tools over the workflow: what happened is appended, the state is what the events fold into."""

from __future__ import annotations

from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import AwareDatetime, Field

from mcp_state.writes import counted, optimistic
from prober.reference import projection
from prober.reference.context import Context
from prober.reference.tools.arguments import NUMBER, AgentId, Message, Name, SessionId, Whole
from prober.reference.tools.registry import ToolRegistry
from prober.reference.tools.results import AdvancedWorkflow, AppendedEvent, AuditedEvent, EventPage, Workflow

_MAX_EVENTS: Final = 1000
"""Events of one page, and events looked at for one page."""


def register(tools: ToolRegistry, context: Context) -> None:
    """Add the tools of this file."""
    workflows, recorder = context.workflows, context.recorder

    async def append(tool: str, session_id: str, kind: str, payload: dict[str, str], agent_id: str) -> AppendedEvent:
        appending = workflows.append(session_id, tool=tool, kind=kind, payload=payload, agent_id=agent_id)
        event = await counted(appending, recorder=recorder, tool=tool, handle=session_id)
        return AppendedEvent.of(session_id, event)

    @tools.add
    async def get_workflow_state(session_id: SessionId) -> Workflow:
        """Read the workflow: its phase, the steps completed so far, and whether an error was recorded."""
        return Workflow.of(session_id, await workflows.current(session_id, tool="get_workflow_state"))

    @tools.add
    async def advance_workflow(
        session_id: SessionId, next_phase: Name, agent_id: AgentId, completed_step: Name | None = None
    ) -> AdvancedWorkflow:
        """Move the workflow to its next phase, provided nobody changed it between reading and writing.

        Tries again up to three times where somebody did; after that it is an error and nothing was written.
        """
        payload = {"phase": next_phase} | ({} if completed_step is None else {"completedStep": completed_step})

        async def attempt() -> projection.WorkflowState:
            before = (await workflows.replayed(session_id, tool="advance_workflow")).state
            event = await workflows.append(
                session_id,
                tool="advance_workflow",
                kind=projection.PHASE_ADVANCED,
                payload=payload,
                agent_id=agent_id,
                expected_last=before.version,
            )
            return projection.WorkflowProjection().fold(before, [event])

        state, retries = await optimistic(attempt, recorder=recorder, tool="advance_workflow", handle=session_id)
        return AdvancedWorkflow(**Workflow.of(session_id, state).model_dump(by_alias=False), retries=retries)

    @tools.add
    async def complete_step(session_id: SessionId, step_id: Name, agent_id: AgentId) -> AppendedEvent:
        """Append that a step was completed. Appends never collide: each gets the next number."""
        return await append("complete_step", session_id, projection.STEP_COMPLETED, {"step": step_id}, agent_id)

    @tools.add
    async def record_error(session_id: SessionId, message: Message, agent_id: AgentId) -> AppendedEvent:
        """Append that an error happened."""
        return await append("record_error", session_id, projection.ERROR_RECORDED, {"message": message}, agent_id)

    @tools.add
    async def get_events(
        session_id: SessionId,
        after: Whole = 0,
        limit: Annotated[int, Field(ge=1, le=_MAX_EVENTS), NUMBER] = 100,
        agent_id: Annotated[AgentId | None, Field(description="Only what this agent did.")] = None,
        since: Annotated[AwareDatetime | None, Field(description="Only from this moment on.")] = None,
        until: Annotated[AwareDatetime | None, Field(description="Only before this moment.")] = None,
    ) -> EventPage:
        """Read the audit trail: who did what and when, in order, page by page; a page may be shorter than its limit."""
        is_whole = agent_id is None and since is None and until is None
        scanned = limit if is_whole else _MAX_EVENTS
        events = await context.store.events(session_id, after=after, limit=scanned)
        found = [
            event
            for event in events
            if agent_id in (None, event.agent_id)
            and (since is None or event.occurred_at >= since.timestamp())
            and (until is None or event.occurred_at < until.timestamp())
        ]
        if len(found) >= limit:
            next_after: int | None = found[limit - 1].number
        else:
            next_after = events[-1].number if len(events) == scanned else None
        return EventPage(
            session_id=session_id, events=[AuditedEvent.of(event) for event in found[:limit]], next_after=next_after
        )

    @tools.add
    async def replay_state(session_id: SessionId, event_number: Whole) -> Workflow:
        """Read the workflow as it was right after an event; 0 is before the first."""
        replayed = await workflows.replayed(session_id, tool="replay_state", upto=event_number)
        if event_number > replayed.last_event:
            raise ToolError(f"Session {session_id!r} has {replayed.last_event} events, so none number {event_number}.")
        return Workflow.of(session_id, replayed.state)
