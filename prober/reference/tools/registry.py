"""Adds a tool to the server: hints from the catalog, store errors as tool errors that an agent understands."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool

from mcp_state.errors import (
    GaveUpError,
    LockHeldError,
    LockLostError,
    SessionExistsError,
    StaleTokenError,
    StateLostError,
    StoreBusyError,
    StoreError,
    StoreUnavailableError,
    UnknownSessionError,
    ValueConflictError,
    VersionConflictError,
)
from prober.reference import http_status
from prober.reference.context import Context
from prober.reference.settings import Settings
from prober.reference.tools.catalog import TOOLS

P = ParamSpec("P")
R = TypeVar("R")


class ToolRegistry:
    """Collects the tools of one server. A tool's name is that of its function, its description the docstring."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.tools: list[Tool] = []
        """For the server, in the order of their registration."""

    def add(self, tool: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        """Use as a decorator. Raises KeyError for a tool that the catalog does not know."""
        name, traits = tool.__name__, TOOLS[tool.__name__]
        settings, recorder = self._context.settings, self._context.recorder

        @functools.wraps(tool)
        async def explained(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return await tool(*args, **kwargs)
            except StoreError as error:
                if recorder.outcome_of(error) == "failed":
                    given = kwargs.get("session_id")
                    handle = given if isinstance(given, str) else None
                    recorder.failures.log(error, tool=name, writes=traits.writes, handle=handle)
                text = explain(error, settings)
                http_status.note(error, text)
                raise ToolError(text) from error

        made = Tool.from_function(
            explained,
            title=traits.title,
            # Not __doc__, which is indented before Python 3.13.
            description=inspect.getdoc(tool),
            annotations=traits.annotations,
            structured_output=True,
        )
        self.tools.append(_without_unknown_arguments(made))
        return tool


def _without_unknown_arguments(tool: Tool) -> Tool:
    """The tool, which refuses arguments that it does not declare, and says so in its schema.

    An argument that is ignored is a mistake that nobody hears of: a misspelt `agentId` would be audited as nobody.
    """
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    return tool.model_copy(update={"parameters": arguments.model_json_schema(by_alias=True)})


def explain(error: StoreError, settings: Settings) -> str:
    """The error and what to do about it, for an agent to read."""
    match error:
        case UnknownSessionError():
            return (
                f"Unknown or expired session {error.handle!r}. A session lives {settings.handle_lifetime:g} s after "
                "its last write, unless it was given another lifetime; create_session makes a new one."
            )
        case SessionExistsError():
            return f"There is a session {error.handle!r} already."
        case GaveUpError():
            return (
                f"Session {error.handle!r} was changed by others on each of {error.tries} tries, so nothing was "
                "written. Too many agents work on this session at once; try again later or share the work out."
            )
        case VersionConflictError() | ValueConflictError():
            told = str(error)
            return f"{told[0].upper()}{told[1:]}; read it again."
        case LockHeldError():
            return (
                f"The lock of session {error.handle!r} is held by another; it is free in {error.expires_in:.1f} s at "
                "the latest. Try again, or ask with a longer wait_ms."
            )
        case LockLostError():
            return (
                f"The lock of session {error.handle!r} is not held by this owner: it expired or was released. "
                "What was done since may collide with the work of the next holder."
            )
        case StaleTokenError():
            return (
                f"Fencing token {error.token} of session {error.handle!r} is refused: the newest grant has "
                f"{error.current}. The lock was lost; acquire it again and read before writing."
            )
        case StateLostError():
            return (
                f"The state store has lost {error.lost} of session {error.handle!r}. Nothing was written. What is left "
                "of the session is not the whole truth; begin a new one with create_session."
            )
        case StoreBusyError():
            return f"The state store is busy: {error}. Nothing was written; try again later."
        case StoreUnavailableError(maybe_written=True):
            return f"The state store failed: {error}. The write may or may not have happened; read before trying again."
        case StoreUnavailableError():
            return f"The state store is unavailable: {error}. Nothing was written; try again later."
    return str(error)
