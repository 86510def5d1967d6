"""The parts that the tools work with, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from mcp_state.cache import ReadThroughCache
from mcp_state.event_log import EventLog
from mcp_state.protocol import Store
from mcp_state.recorder import StateRecorder
from mcp_state.values import Config
from prober.reference.projection import WorkflowState
from prober.reference.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Context:
    """One server's parts. `store` is a FaultyStore around the real one."""

    settings: Settings
    store: Store
    recorder: StateRecorder
    configs: ReadThroughCache[Config]
    workflows: EventLog[WorkflowState]
