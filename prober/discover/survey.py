"""Looks at a live server: what it is, what it offers, and how its read-only tools answer."""

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
from prober.discover.arguments import arguments_for, wanted_in
from prober.discover.schema_inference import schema_for
from prober.discover.yaml_emit import can_be_key
from prober.kinds.answer import judge_answer, select, tool_error
from prober.kinds.catalog.run import read_contract
from prober.kinds.context import ProbeContext, is_read_only, session_is_usable
from prober.outcome import Failure, ServerInfo

MAX_DEPTH: Final = 50
"""Levels of what is taken over from a server: a configuration has room for a few more."""

MAX_TEXT: Final = 100_000
"""Characters of what is taken over for one tool."""

_ENVELOPE: Final = ("_meta", "resultType")
"""Members of a result that belong to the protocol, not to the answer."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A read-only tool that answered: what it was called with, and where in its answer the value stands."""

    name: str
    arguments: Mapping[str, Any]
    source: Source
    schema: Mapping[str, Any]
    """The tool's own `outputSchema`, else inferred from two answers."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A tool for which no probe can be written, and why."""

    name: str
    why: str
    arguments: Mapping[str, Any] | None = None
    """Where nothing but arguments is missing: all that it needs, with a `Wanted` for each that is to be given."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All that was seen of a server, without a secret of the target in it."""

    server: ServerInfo
    tools: tuple[Answers | LeftOut, ...]
    """In the server's order."""
    listed: Mapping[str, tuple[str, ...]]
    """Names of all tools and prompts, by section of the listing, but for those that cannot stand in a file."""


async def survey(target: Target, *, timeout: float) -> Survey:
    """Survey `target`. The listing, and the calls of each tool, have `timeout` seconds each.

    Raises Failure when the server cannot be listed; a tool that fails is left out and says why.
    """
    target_cache = cache_of(target)
    async with Judge() as judge:
        context = _run(target, target_cache, judge, seconds=timeout)
        offer = await _offer(context)
        left_out = {name: _left_out(context, name, listing) for name, listing in offer.tools.items()}
        called = await _call_each(
            {name: offer.tools[name] for name, why_not in left_out.items() if why_not is None},
            lambda turns: _run(target, target_cache, judge, seconds=timeout * turns),
            timeout,
        )
    return Survey(
        server=context.server,
        tools=tuple(why_not or called[name] for name, why_not in left_out.items()),
        listed={
            section: tuple(sorted(name for name in getattr(offer, section) if _can_be_named(context, name)))
            for section in ("tools", "prompts")
        },
    )


async def read_offer(target: Target, *, timeout: float) -> Contract:
    """What `target` offers, nothing called. Raises Failure."""
    async with Judge() as judge:
        return await _offer(_run(target, cache_of(target), judge, seconds=timeout))


def _run(target: Target, target_cache: TargetCache, judge: Judge, *, seconds: float) -> ProbeContext:
    return ProbeContext(
        target=target,
        target_cache=target_cache,
        judge=judge,
        deadline=Deadline.after(seconds),
        allow_writes=False,
        log=ExchangeLog(target_cache.redact),
    )


async def _offer(context: ProbeContext) -> Contract:
    try:
        async with context.within_deadline(), context.session(explicit=True) as session:
            return await read_contract(session)
    except Failure as failure:
        raise context.masked(failure) from None


def _left_out(context: ProbeContext, name: str, listing: Mapping[str, Any]) -> LeftOut | None:
    """Why a tool cannot be called; None where it can be."""
    if not is_read_only(listing):
        return LeftOut(name=context.log.redact(name), why="it does not say readOnlyHint: true, so it was not called")
    arguments = arguments_for(listing.get("inputSchema"))
    if not _can_be_named(context, name) or not _can_be_written(context, arguments):
        return LeftOut(name=context.log.redact(name), why="its name or its arguments cannot stand in a file")
    if wanted_in(arguments):
        return LeftOut(name=name, why="its arguments are for you to choose", arguments=arguments)
    return None


async def _call_each(
    tools: Mapping[str, Mapping[str, Any]], context_for: Callable[[int], ProbeContext], timeout: float
) -> dict[str, Answers | LeftOut]:
    """What comes of each tool. They share a session for as long as it stands; the clock is wound up for each."""
    seen: dict[str, Answers | LeftOut] = {}
    waiting = deque(tools.items())
    while waiting:
        context = context_for(len(waiting) + 1)
        try:
            async with context.within(Deadline.after(timeout)) as clock, context.session() as session:
                while waiting:
                    clock.reschedule(Deadline.after(timeout))
                    name, listing = waiting[0]
                    seen[name] = await _call(context, session, name, listing)
                    waiting.popleft()
        except Failure as failure:
            if waiting:
                name, _ = waiting.popleft()
                seen[name] = _failed(context, name, failure)
    return seen


def _failed(context: ProbeContext, name: str, failure: Failure) -> LeftOut:
    return LeftOut(name=name, why=f"it failed: {context.masked(failure).message}")


async def _call(context: ProbeContext, session: Session, name: str, listing: Mapping[str, Any]) -> Answers | LeftOut:
    """Call a tool twice. Raises Failure where the session is beyond use."""
    arguments = arguments_for(listing.get("inputSchema"))
    try:
        tool = await context.tool(session, name)
        results = [await _answer(context, session, tool, arguments) for _ in range(2)]
    except Failure as failure:
        if not session_is_usable(failure):
            raise
        return _failed(context, name, failure)
    source, values = _values(results)
    declared = listing.get("outputSchema") if source == "structured" else None
    try:
        schema = await schema_for(values, declared=declared, judge=context.judge)
    except RecursionError:
        return LeftOut(name=name, why="its answer is nested too deeply")
    if not _can_be_written(context, schema):
        return LeftOut(name=name, why="the schema of its answer cannot stand in a file")
    return Answers(name=name, arguments=arguments, source=source, schema=schema)


async def _answer(context: ProbeContext, session: Session, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """An answer that is what the server says of it. Raises Failure."""
    name = tool.listing["name"]
    params = {"name": name, "arguments": arguments}
    result = await session.request("tools/call", params, input_schema=tool.input_schema)
    if result.get("isError"):
        raise tool_error(name, result)
    await judge_answer(context, Checks(), result, step="tools/call", tool=tool)
    return result


def _values(results: Sequence[dict[str, Any]]) -> tuple[Source, list[Any]]:
    """Where the value stands in the answers: the first place that holds an object or array in all of them."""
    sources: tuple[Source, ...] = ("structured", "text")
    for source in sources:
        values = [select(source, result) for result in results]
        if all(isinstance(value, dict | list) for value in values):
            return source, values
    return "result", [{key: each[key] for key in each if key not in _ENVELOPE} for each in results]


def _can_be_named(context: ProbeContext, name: str) -> bool:
    return name != "" and _can_be_written(context, name)


def _can_be_written(context: ProbeContext, *values: Any) -> bool:
    """Whether values of the server may stand in a file: as JSON in UTF-8, in bounds, with no secret of the target."""
    if not _within_bounds(values):
        return False
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, default=lambda wanted: wanted.hint)
        text.encode()
    except ValueError:  # numbers that JSON has no words for, characters that UTF-8 has none for
        return False
    return len(text) <= MAX_TEXT and context.log.redact(text) == text


def _within_bounds(value: Any) -> bool:
    """Whether a value is not nested too deeply, and each of its members has a name that can be a key in YAML."""
    level = [value]
    for _ in range(MAX_DEPTH):
        objects = [each for each in level if isinstance(each, dict)]
        if not all(can_be_key(name) for each in objects for name in each):
            return False
        lists = [each for each in level if isinstance(each, list | tuple)]
        level = [below for each in objects for below in each.values()] + [below for each in lists for below in each]
    return not level
