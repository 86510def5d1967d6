"""Tools over a session's configuration: read on every call and rarely changed, so it is read through a cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue

from mcp_state.values import Config
from mcp_state.writes import counted
from prober.reference.context import Context
from prober.reference.tools.arguments import NUMBER, SessionId, json_text
from prober.reference.tools.registry import ToolRegistry
from prober.reference.tools.results import SessionConfig

MaxAge = Annotated[
    int | None,
    Field(ge=0, le=3_600_000, description="How old it may be for this call, in milliseconds; 0 asks the store."),
    NUMBER,
]
OptionName = Annotated[str, Field(min_length=1, max_length=128)]


def register(tools: ToolRegistry, context: Context) -> None:
    """Add the tools of this file."""
    recorder = context.recorder

    @tools.add
    async def get_session_config(session_id: SessionId, max_age_ms: MaxAge = None) -> SessionConfig:
        """Read the configuration: from a cache, so up to its time to live behind a change made elsewhere."""
        ttl = None if max_age_ms is None else max_age_ms / 1000
        config = await context.configs.read(session_id, recorder=recorder, tool="get_session_config", ttl=ttl)
        return _shown(session_id, config)

    @tools.add
    async def update_session_config(
        session_id: SessionId,
        options: Annotated[
            dict[OptionName, JsonValue],
            Field(min_length=1, max_length=100, description="Options to set; null removes one, others stay."),
        ],
    ) -> SessionConfig:
        """Change some options, atomically: agents that change different options do not undo each other."""
        changes: Mapping[str, str | None] = {
            name: None
            if value is None
            else json_text(value, name=f"option {name!r}", limit=context.settings.payload_limit)
            for name, value in options.items()
        }
        updating = context.store.update_config(session_id, changes)
        config = await counted(updating, recorder=recorder, tool="update_session_config", handle=session_id)
        context.configs.invalidate(session_id)
        recorder.cache_invalidated(origin="local")
        return _shown(session_id, config)


def _shown(session_id: str, config: Config) -> SessionConfig:
    options = {name: json.loads(text) for name, text in config.options.items()}
    return SessionConfig(session_id=session_id, version=config.version, options=options)
