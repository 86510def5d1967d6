"""The types of the tools' arguments; JSON arguments as text."""

from __future__ import annotations

import json
from typing import Annotated, Final, TypeAlias

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BeforeValidator, Field, JsonValue

from prober.reference.settings import HANDLE_PATTERN

SessionId: TypeAlias = Annotated[
    str, Field(pattern=HANDLE_PATTERN, description="A session's handle, as create_session gave it.")
]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
"""A short text: a tool, a phase, a step."""
AgentId: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=256, description="Who does this, for the audit trail.")
]
Message: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096)]
Json: TypeAlias = Annotated[JsonValue, Field(description="Any JSON value; a text of JSON is taken as what it says.")]


def _no_other_type(value: object) -> object:
    """JSON has one kind of number, so 1.0 is 1; but true and "1" are none."""
    if isinstance(value, bool | str):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic takes a ValueError for a wrong argument
    return value


NUMBER: Final = BeforeValidator(_no_other_type)
"""In the annotation of every argument that is a number."""

Whole: TypeAlias = Annotated[int, Field(ge=0, le=2**53), NUMBER]
"""A number that every JSON parser reads exactly."""


def json_text(value: JsonValue, *, name: str, limit: int) -> str:
    """A JSON value as compact text.

    Raises:
        ToolError: it is larger than `limit` bytes, or is no JSON (NaN, half a surrogate pair).
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except ValueError as error:
        raise ToolError(f"{name} is not valid JSON: {type(error).__name__}") from error
    if size > limit:
        raise ToolError(f"{name} has {size} bytes as JSON; this server keeps at most {limit} per value")
    return text
