"""Look at a live server: what it is, what it offers, and how its read-only tools answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.config.model import Source, Target
from prober.discover.arguments import Unknown, arguments_for
from prober.judge.contract import Contract
from prober.judge.worker import Judge
from prober.kinds.answer import select, tool_error
from prober.kinds.catalog import read_contract
from prober.kinds.run import Run, is_read_only
from prober.outcome import Failure, ServerInfo
from prober.target.exchange import ExchangeLog
from prober.target.knowledge import Knowledge, knowledge_of

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
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
    """A tool for which no probe can be written, and why. `wanted` are arguments to be given by hand, with hints."""

    name: str
    why: str
    wanted: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Look:
    """All that was seen. `answering` and `left_out` follow the order of the server's listing."""

    server: ServerInfo
    contract: Contract
    answering: tuple[Answers, ...]
    left_out: tuple[LeftOut, ...]


async def look(target: Target, *, timeout: float) -> Look:
    """Look at `target`. The listing and every call have `timeout` seconds each.

    Raises Failure when the server cannot be listed; a tool that fails is left out and says why.
    """
    knowledge = knowledge_of(target)
    answering, left_out = [], []
    async with Judge() as judge:
        run = _run(target, knowledge, judge, timeout)
        contract = await _offer(run)
        for name, listing in contract.tools.items():
            seen = await _try(_run(target, knowledge, judge, timeout), name, listing)
            answering.append(seen) if isinstance(seen, Answers) else left_out.append(seen)
    return Look(server=run.server, contract=contract, answering=tuple(answering), left_out=tuple(left_out))


async def read_offer(target: Target, *, timeout: float) -> Contract:
    """What `target` offers, nothing called. Raises Failure."""
    async with Judge() as judge:
        return await _offer(_run(target, knowledge_of(target), judge, timeout))


def _run(target: Target, knowledge: Knowledge, judge: Judge, timeout: float) -> Run:
    return Run(
        target=target,
        knowledge=knowledge,
        judge=judge,
        deadline=asyncio.get_running_loop().time() + timeout,
        allow_writes=False,
        log=ExchangeLog(knowledge.redact),
    )


async def _offer(run: Run) -> Contract:
    async with run.within_deadline(), run.session(explicit=True) as session:
        return await read_contract(session)


async def _try(run: Run, name: str, listing: Mapping[str, Any]) -> Answers | LeftOut:
    """Call the tool twice, if that may be done."""
    if not is_read_only(listing):
        return LeftOut(name=name, why="it does not say readOnlyHint: true, so it was not called", wanted={})
    schema = listing.get("inputSchema", {})
    try:
        arguments = arguments_for(schema)
    except Unknown as unknown:
        return LeftOut(name=name, why="its arguments are for you to choose", wanted=unknown.hints)
    try:
        async with run.within_deadline(), run.session() as session:
            await run.tool(session, name)
            params = {"name": name, "arguments": arguments}
            results = [await session.request("tools/call", params, input_schema=schema) for _ in range(2)]
    except Failure as failure:
        return LeftOut(name=name, why=f"it failed: {failure.message}", wanted={})
    for result in results:
        if result.get("isError"):
            return LeftOut(name=name, why=tool_error(name, result).message, wanted={})
    source, values = _values(results)
    declared = listing.get("outputSchema")
    inferred = declared if declared is not None and source == "structured" else infer(values)
    return Answers(name=name, arguments=arguments, source=source, schema=inferred)


def _values(results: list[dict[str, Any]]) -> tuple[Source, list[Any]]:
    """Where the value stands in the answers: the first place that holds one in all of them."""
    for source in ("structured", "text"):
        values = [select(source, result) for result in results]
        if all(isinstance(value, dict | list) for value in values):
            return source, values
    return "result", [{key: each[key] for key in each if key not in _ENVELOPE} for each in results]


def infer(values: list[Any]) -> dict[str, Any]:
    """A schema that all values fit: their types, and as required the members that were always there."""
    from genson import SchemaBuilder  # type: ignore[import-untyped]

    builder = SchemaBuilder(schema_uri=_DIALECT)
    for value in values:
        builder.add_object(value)
    schema: dict[str, Any] = builder.to_schema()
    return schema
