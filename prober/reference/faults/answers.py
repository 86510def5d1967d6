"""Faults in tool results and in the listing of tools: middleware of the MCP server, so on every transport.

A fault changes a result after it was validated. The declared output schemas stay, and so does the state in the store.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from prober.reference.faults.switches import FaultSwitches

_MOMENT: Final = 0.1
"""Seconds that an answer waits for another to be swapped with."""

BROKEN_TOOL: Final = "get_workflow_state"
"""The tool that the faults of the listing change."""

FIELDS: Final = (
    "completedSteps",
    "events",
    "sessions",
    "options",
    "stepCount",
    "valueVersion",
    "waiting",
    "number",
    "guardedValue",
    "fencingToken",
    "deleted",
    "released",
    "handle",
)
"""The faults change the first of these fields that a result has. All are required, none may be null."""


class AnswerFaults:
    """The middleware."""

    def __init__(self, switches: FaultSwitches) -> None:
        self._switches = switches
        self._crossing = _Crossing(switches)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Break listings and tool answers, pass everything else on."""
        if not self._switches.active:
            return await call_next(ctx)
        if ctx.method == "tools/list":
            return self._broken_listing(await call_next(ctx))
        if ctx.method == "tools/call":
            name = str((ctx.params or {}).get("name"))
            if name == BROKEN_TOOL and self._switches.strike("drop-tool"):
                nameless = replace(ctx, params={**(ctx.params or {}), "name": ""})
                return _with_text(await call_next(nameless), f"Unknown tool: {name}")
            result = self._broken_answer(name, await call_next(ctx))
            return await self._crossing.swapped(result) if self._switches.is_on("crossed-answers") else result
        return await call_next(ctx)

    def _broken_listing(self, result: HandlerResult) -> HandlerResult:
        if not isinstance(result, dict):
            return result
        tools: list[dict[str, Any]] = result["tools"]
        if self._switches.strike("drop-tool"):
            tools = [tool for tool in tools if tool["name"] != BROKEN_TOOL]
        if self._switches.strike("schema-drift"):
            tools = [_drifted(tool) if tool["name"] == BROKEN_TOOL else tool for tool in tools]
        if self._switches.strike("unusable-schema"):
            tools = [_with_choices(tool) if tool["name"] == BROKEN_TOOL else tool for tool in tools]
        return {**result, "tools": tools}

    def _broken_answer(self, name: str, result: HandlerResult) -> HandlerResult:
        if not isinstance(result, dict) or result.get("isError"):
            return result
        if self._switches.strike("tool-error"):
            broken = {key: value for key, value in result.items() if key != "structuredContent"}
            return _with_text({**broken, "isError": True}, f"Error executing tool {name}: the fault tool-error is on")
        structured = result.get("structuredContent")
        if not isinstance(structured, dict):
            return result
        for fault, breaking in _BREAKING.items():
            if self._switches.strike(fault):
                structured = breaking(structured)
        if structured is result["structuredContent"]:
            return result
        return _with_text({**result, "structuredContent": structured}, json.dumps(structured, indent=2))


class _Crossing:
    """Swaps the answers of two calls that come within a moment."""

    def __init__(self, switches: FaultSwitches) -> None:
        self._switches = switches
        self._waiting: tuple[HandlerResult, asyncio.Future[HandlerResult]] | None = None

    async def swapped(self, own: HandlerResult) -> HandlerResult:
        """The answer of the other call; its own, where no other comes or the fault does not strike."""
        if self._waiting is not None:
            (others, other), self._waiting = self._waiting, None
            if not self._switches.strike("crossed-answers"):
                other.set_result(others)
                return own
            other.set_result(own)
            return others
        mine = asyncio.get_running_loop().create_future()
        self._waiting = (own, mine)
        try:
            async with asyncio.timeout(_MOMENT):
                return await asyncio.shield(mine)
        except TimeoutError:
            return own
        finally:
            if self._waiting is not None and self._waiting[1] is mine:
                self._waiting = None


def _with_choices(tool: Mapping[str, Any]) -> dict[str, Any]:
    """With a rule that every call fulfils, in a place where some clients allow none."""
    return {**tool, "inputSchema": {**tool["inputSchema"], "anyOf": [{"required": ["session_id"]}]}}


def _drifted(tool: Mapping[str, Any]) -> dict[str, Any]:
    schema = tool["inputSchema"]
    drifted = {
        **schema,
        "properties": {**schema["properties"], "tenant": {"type": "string"}},
        "required": [*schema.get("required", []), "tenant"],
    }
    return {**tool, "inputSchema": drifted, "annotations": {**tool.get("annotations", {}), "idempotentHint": True}}


def _with_text(result: HandlerResult, text: str) -> HandlerResult:
    """The result with this text as its only content."""
    if not isinstance(result, dict):
        return result
    return {**result, "content": [{"type": "text", "text": text}]}


def _field(structured: Mapping[str, Any]) -> str | None:
    return next((name for name in FIELDS if name in structured), None)


def _without_field(structured: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in structured.items() if name != _field(structured)}


def _with_null(structured: dict[str, Any]) -> dict[str, Any]:
    name = _field(structured)
    return structured if name is None else {**structured, name: None}


def _with_wrong_type(structured: dict[str, Any]) -> dict[str, Any]:
    name = _field(structured)
    if name is None:
        return structured
    value = structured[name]
    return {**structured, name: 0 if isinstance(value, str) else json.dumps(value)}


_BREAKING: Final[Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "missing-field": _without_field,
    "null-field": _with_null,
    "wrong-type": _with_wrong_type,
}
