"""Surveys a live server: its name, its listing, and the answers of its read-only tools."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.client.exchange import ExchangeLog
from prober.client.session import Session
from prober.client.target_cache import TargetCache, Tool, cache_of
from prober.config.model import Checks, Source, Target
from prober.contract.contract import Contract
from prober.deadline import Deadline
from prober.discover.arguments import arguments_for, missing_values
from prober.discover.schema_inference import schema_for
from prober.discover.yaml_emit import can_be_key
from prober.kinds.answer import judge_answer, select, tool_error
from prober.kinds.catalog.run import read_contract
from prober.kinds.context import ProbeContext, is_read_only, session_is_usable
from prober.outcome import Failure, ServerInfo

MAX_DEPTH: Final = 50
"""Nesting of a value of the server that is written to a file: the configuration allows a few levels more."""

MAX_TEXT: Final = 100_000
"""Characters of JSON that are written to a file for one tool."""

_ENVELOPE: Final = ("_meta", "resultType")
"""Members of a result that belong to the protocol, not to the answer."""


@dataclass(frozen=True, kw_only=True)
class CalledTool:
    """A read-only tool that answered. `source` is the part of its answer that holds the value."""

    name: str
    arguments: Mapping[str, Any]
    source: Source
    schema: Mapping[str, Any]
    """The `outputSchema` of the tool, else a schema inferred from two answers."""


@dataclass(frozen=True, kw_only=True)
class SkippedTool:
    """A tool without a probe, and why."""

    name: str
    why: str
    arguments: Mapping[str, Any] | None = None
    """Where only arguments are missing: all required arguments, with a `MissingValue` for each missing one."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The result of a survey, without any secret of the target."""

    server: ServerInfo
    tools: tuple[CalledTool | SkippedTool, ...]
    """In the order of the server."""
    listed: Mapping[str, tuple[str, ...]]
    """Names of tools and prompts, by section of the listing, without names that cannot be written to a file."""


async def survey(target: Target, *, timeout: float) -> Survey:
    """Survey `target`. The listing, and the calls of each tool, have `timeout` seconds each.

    Raises Failure when the server cannot be listed; a tool that fails becomes a `SkippedTool`.
    """
    target_cache = cache_of(target)
    async with Judge() as judge:
        context = _context(target, target_cache, judge, seconds=timeout)
        contract = await _contract(context)
        skipped = {name: _skipped(context, name, listing) for name, listing in contract.tools.items()}
        target_cache.asked_tools.update(name for name, skip in skipped.items() if skip is None)
        called = await _call_tools(
            {name: contract.tools[name] for name, skip in skipped.items() if skip is None},
            lambda count: _context(target, target_cache, judge, seconds=timeout * count),
            timeout,
        )
    return Survey(
        server=context.server,
        tools=tuple(skip or called[name] for name, skip in skipped.items()),
        listed={
            section: tuple(sorted(name for name in getattr(contract, section) if _is_writable_name(context, name)))
            for section in ("tools", "prompts")
        },
    )


async def contract_of(target: Target, *, timeout: float) -> Contract:
    """The listing of `target`, without a call of any tool. Raises Failure."""
    async with Judge() as judge:
        return await _contract(_context(target, cache_of(target), judge, seconds=timeout))


def _context(target: Target, target_cache: TargetCache, judge: Judge, *, seconds: float) -> ProbeContext:
    return ProbeContext(
        target=target,
        target_cache=target_cache,
        judge=judge,
        deadline=Deadline.after(seconds),
        allow_writes=False,
        log=ExchangeLog(target_cache.redact),
    )


async def _contract(context: ProbeContext) -> Contract:
    try:
        async with context.within_deadline(), context.session(explicit=True) as session:
            return await read_contract(session)
    except Failure as failure:
        raise context.masked(failure) from None


def _skipped(context: ProbeContext, name: str, listing: Mapping[str, Any]) -> SkippedTool | None:
    """Why a tool is not called; None where it can be called."""
    if not is_read_only(listing):
        return SkippedTool(
            name=context.log.redact(name), why="it does not say readOnlyHint: true, so it was not called"
        )
    arguments = arguments_for(listing.get("inputSchema"))
    if not _is_writable_name(context, name) or not _is_writable(context, arguments):
        return SkippedTool(name=context.log.redact(name), why="its name or its arguments cannot be written to a file")
    if missing_values(arguments):
        return SkippedTool(name=name, why="its arguments are for you to choose", arguments=arguments)
    return None


async def _call_tools(
    tools: Mapping[str, Mapping[str, Any]], context_for: Callable[[int], ProbeContext], timeout: float
) -> dict[str, CalledTool | SkippedTool]:
    """Call each tool. The tools share a session until it breaks; each tool gets a new timeout."""
    results: dict[str, CalledTool | SkippedTool] = {}
    waiting = deque(tools.items())
    while waiting:
        context = context_for(len(waiting) + 1)
        try:
            async with context.within(Deadline.after(timeout)) as clock, context.session() as session:
                while waiting:
                    clock.reschedule(Deadline.after(timeout))
                    name, listing = waiting[0]
                    results[name] = await _call(context, session, name, listing)
                    waiting.popleft()
        except Failure as failure:
            if waiting:
                name, _ = waiting.popleft()
                results[name] = _failed(context, name, failure)
    return results


def _failed(context: ProbeContext, name: str, failure: Failure) -> SkippedTool:
    return SkippedTool(name=name, why=f"it failed: {context.masked(failure).message}")


async def _call(
    context: ProbeContext, session: Session, name: str, listing: Mapping[str, Any]
) -> CalledTool | SkippedTool:
    """Call a tool twice. Raises Failure where the session is broken."""
    arguments = arguments_for(listing.get("inputSchema"))
    try:
        tool = await context.tool(session, name)
        results = [await _checked_result(context, session, tool, arguments) for _ in range(2)]
        source, values = _select_values(results, context.target)
    except Failure as failure:
        if not session_is_usable(failure):
            raise
        return _failed(context, name, failure)
    declared = listing.get("outputSchema") if source == "structured" else None
    try:
        schema = await schema_for(values, declared=declared, judge=context.judge)
    except RecursionError:
        return SkippedTool(name=name, why="its answer is nested too deeply")
    if not _is_writable(context, schema):
        return SkippedTool(name=name, why="the schema of its answer cannot be written to a file")
    return CalledTool(name=name, arguments=arguments, source=source, schema=schema)


async def _checked_result(
    context: ProbeContext, session: Session, tool: Tool, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The result of one call, checked against the `outputSchema` of the tool. Raises Failure."""
    name = tool.listing["name"]
    params = {"name": name, "arguments": arguments}
    result = await session.request("tools/call", params, input_schema=tool.input_schema)
    if result.get("isError"):
        raise tool_error(name, result)
    await judge_answer(context, Checks(), result, step="tools/call", tool=tool)
    return result


def _select_values(results: Sequence[dict[str, Any]], target: Target) -> tuple[Source, list[Any]]:
    """The first part of the results that is an object or array in all of them, and its values."""
    sources: tuple[Source, ...] = ("structured", "text")
    for source in sources:
        values = [select(source, result, target) for result in results]
        if all(isinstance(value, dict | list) for value in values):
            return source, values
    return "result", [{key: each[key] for key in each if key not in _ENVELOPE} for each in results]


def _is_writable_name(context: ProbeContext, name: str) -> bool:
    return name != "" and _is_writable(context, name)


def _is_writable(context: ProbeContext, *values: Any) -> bool:
    """Whether values of the server may be written to a file: JSON in UTF-8, in bounds, no secret of the target."""
    if not _within_bounds(values):
        return False
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, default=lambda missing: missing.hint)
        text.encode()
    except ValueError:  # NaN, infinity, lone surrogates
        return False
    return len(text) <= MAX_TEXT and context.log.redact(text) == text


def _within_bounds(value: Any) -> bool:
    """Whether a value is not nested too deeply, and each name in it can be a key in YAML."""
    level = [value]
    for _ in range(MAX_DEPTH):
        objects = [each for each in level if isinstance(each, dict)]
        if not all(can_be_key(name) for each in objects for name in each):
            return False
        lists = [each for each in level if isinstance(each, list | tuple)]
        level = [below for each in objects for below in each.values()] + [below for each in lists for below in each]
    return not level
