"""The results of all tools. Names are camelCase on the wire, in structured content and in text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from mcp_state.values import Event, Lock, Session
from prober.reference.projection import WorkflowState


def _without_titles(schema: dict[str, Any]) -> None:
    """A title that says the name of its field once more is paid for by every agent that reads the list of tools."""
    for field in schema["properties"].values():
        field.pop("title", None)


class Result(BaseModel):
    """The base of all results: frozen, camelCase, no undeclared fields."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        extra="forbid",
        json_schema_extra=_without_titles,
    )


def moment(seconds: float) -> str:
    """A point in time as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def moment_or_never(seconds: float | None) -> str | None:
    """A point in time, or None."""
    return None if seconds is None else moment(seconds)


class CreatedSession(Result):
    """A session that was just made."""

    handle: str = Field(description="Opaque; what every other tool asks for as session_id.")
    lifetime_seconds: float | None = Field(description="How long the session lives after its last write.")
    expires_at: str | None


class SessionSummary(Result):
    """One session in a listing."""

    session_id: str
    step_count: int
    updated_at: str
    expires_at: str | None

    @classmethod
    def of(cls, session: Session) -> Self:
        """Shortened."""
        return cls(
            session_id=session.handle,
            step_count=session.step_count,
            updated_at=moment(session.updated_at),
            expires_at=moment_or_never(session.expires_at),
        )


class SessionPage(Result):
    """Some of the sessions; `nextCursor` leads to the rest."""

    sessions: list[SessionSummary]
    next_cursor: str | None


class SessionRecord(SessionSummary):
    """All fields of a session's record, as they stood together at one instant."""

    created_at: str
    lifetime_seconds: float | None
    last_tool: str | None
    last_result: JsonValue = Field(description="What was recorded together with lastTool.")
    value: JsonValue = Field(description="The register that compare_and_swap writes.")
    value_version: int = Field(description="What compare_and_swap must expect.")
    guarded_value: int = Field(description="What write_guarded and run_exclusive write.")
    fencing_token: int = Field(description="That of the newest lock grant.")
    last_event: int = Field(description="The newest event's number.")

    @classmethod
    def of(cls, session: Session) -> Self:
        """The whole record."""
        return cls(
            session_id=session.handle,
            step_count=session.step_count,
            updated_at=moment(session.updated_at),
            expires_at=moment_or_never(session.expires_at),
            created_at=moment(session.created_at),
            lifetime_seconds=session.lifetime,
            last_tool=session.last_tool,
            last_result=None if session.last_result is None else json.loads(session.last_result),
            value=json.loads(session.value),
            value_version=session.value_version,
            guarded_value=session.guarded_value,
            fencing_token=session.fence,
            last_event=session.last_event,
        )


class DeletedSession(Result):
    """A session that is gone."""

    session_id: str
    deleted: bool


class Step(Result):
    """A step that was counted."""

    session_id: str
    step_count: int = Field(description="The number of this step: no other call is told the same.")
    last_tool: str
    expires_at: str | None

    @classmethod
    def of(cls, session: Session) -> Self:
        """The result of a counted step."""
        return cls(
            session_id=session.handle,
            step_count=session.step_count,
            last_tool=session.last_tool or "",
            expires_at=moment_or_never(session.expires_at),
        )


class Swap(Result):
    """Whether a compare-and-swap won, and what the register holds now."""

    session_id: str
    swapped: bool
    value: JsonValue
    value_version: int


class EnqueuedTask(Result):
    """A task that waits."""

    session_id: str
    waiting: int = Field(description="How many tasks wait in the queue, this one included.")


class DequeuedTask(Result):
    """The task that was taken, if there was one."""

    session_id: str
    taken: bool = Field(description="Whether there was one.")
    task: JsonValue
    waiting: int = Field(description="How many tasks are left.")


class Workflow(Result):
    """The state of a workflow."""

    session_id: str
    current_phase: str
    completed_steps: list[str] = Field(description="In the order in which they were completed; always an array.")
    has_error: bool
    error_message: str | None
    version: int = Field(description="The number of the newest event that is in this state.")

    @classmethod
    def of(cls, handle: str, state: WorkflowState) -> Self:
        """The state, for an agent to read."""
        return cls(
            session_id=handle,
            current_phase=state.phase,
            completed_steps=list(state.completed_steps),
            has_error=state.error is not None,
            error_message=state.error,
            version=state.version,
        )


class AdvancedWorkflow(Workflow):
    """The state after the advance, and how often it had to be tried again."""

    retries: int


class AppendedEvent(Result):
    """An event that is in the log."""

    session_id: str
    number: int
    kind: str
    agent_id: str
    occurred_at: str

    @classmethod
    def of(cls, handle: str, event: Event) -> Self:
        """Without its payload, which the caller knows."""
        return cls(
            session_id=handle,
            number=event.number,
            kind=event.kind,
            agent_id=event.agent_id,
            occurred_at=moment(event.occurred_at),
        )


class AuditedEvent(Result):
    """An event as the audit trail shows it."""

    number: int
    kind: str
    agent_id: str
    occurred_at: str
    payload: JsonValue

    @classmethod
    def of(cls, event: Event) -> Self:
        """Who did what, and when."""
        return cls(
            number=event.number,
            kind=event.kind,
            agent_id=event.agent_id,
            occurred_at=moment(event.occurred_at),
            payload=json.loads(event.payload),
        )


class EventPage(Result):
    """Some of the events, in order; `nextAfter` leads to the rest."""

    session_id: str
    events: list[AuditedEvent]
    next_after: int | None


class SessionConfig(Result):
    """A session's configuration."""

    session_id: str
    version: int
    options: dict[str, JsonValue]


class ExclusiveRun(Result):
    """Work that was done while no other call did any."""

    session_id: str
    fencing_token: int
    runs: int = Field(description="How many exclusive runs this session has seen, this one included.")
    waited_ms: float


class AcquiredLock(Result):
    """The lock, for whoever was told `owner`."""

    session_id: str
    owner: str = Field(description="Opaque; release_lock asks for it.")
    fencing_token: int = Field(description="Higher than that of every earlier grant; write_guarded asks for it.")
    expires_at: str

    @classmethod
    def of(cls, lock: Lock) -> Self:
        """A grant."""
        return cls(
            session_id=lock.handle, owner=lock.owner, fencing_token=lock.token, expires_at=moment(lock.expires_at)
        )


class ReleasedLock(Result):
    """The lock was given back."""

    session_id: str
    released: bool


class GuardedWrite(Result):
    """What a guarded write left."""

    session_id: str
    guarded_value: int
    fencing_token: int
