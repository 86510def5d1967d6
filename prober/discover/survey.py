"""Surveys a live server: its name, its listing, and the answers of its read-only tools.

A tool is called with arguments that a person chose or its schema gives. Where these are not enough, they are looked for
in the answers of the server's own list tools, and at last a person is asked, once for all tools that want the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prober.assertions.judge import Judge
from prober.client.target_cache import cache_of
from prober.config.model import Target
from prober.contract.contract import Contract
from prober.discover.arguments import arguments_for, missing_values
from prober.discover.calls import Surveyor, Tried
from prober.discover.identifiers import Plan, plans
from prober.discover.listing import read_lists
from prober.discover.named_paths import plans_by_paths
from prober.discover.surveyed import CalledTool, FailedList, SkippedTool, SkipReason, Survey
from prober.discover.writable import is_writable, is_writable_contract, is_writable_name
from prober.kinds.catalog.listing import LISTS
from prober.kinds.catalog.run import read_contract
from prober.kinds.context import ProbeContext
from prober.kinds.read_only import is_read_only, is_writer
from prober.outcome import Failure, ServerInfo


@dataclass(frozen=True, kw_only=True)
class Question:
    """An argument that only a person knows, and the tools that want it."""

    name: str
    hint: str
    tools: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a person says about a survey: values of arguments, by name, by path or by `TOOL.NAME`, and whom to ask."""

    values: Mapping[str, str] = field(default_factory=dict)
    ask: Callable[[Sequence[Question]], Mapping[str, str]] = lambda _questions: {}
    """Called with what is still missing, the most wanted first, while no session is open; returns values by name."""
    known: frozenset[str] = frozenset()
    """Tools that are not called, for they have a probe."""

    def arguments(self, tool: str, listing: Mapping[str, Any], answers: Mapping[str, str] | None = None) -> Any:
        """The arguments of one tool: what is chosen for it, then what is chosen for all, then its schema's own."""
        own = {key.removeprefix(f"{tool}."): text for key, text in self.values.items() if key.startswith(f"{tool}.")}
        values = {**(answers or {}), **self.values, **own}
        return arguments_for(listing.get("inputSchema"), values, also=own, description=listing.get("description"))

    def has(self, tool: str, argument: str) -> bool:
        """Whether a person chose this argument of the tool."""
        return argument in self.values or f"{tool}.{argument}" in self.values


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """What a server lists, and which of its tools can be called, before any is called."""

    server: ServerInfo
    contract: Contract
    """The listing as the server sent it: its texts may hold a secret of the target."""
    failed_lists: tuple[FailedList, ...]
    calls: Mapping[str, Mapping[str, Any]]
    """The arguments of each tool whose schema writes them out, in the order of the server."""
    skipped: tuple[SkippedTool, ...]


async def first_look(target: Target, *, timeout: float) -> FirstLook:
    """List `target` and call nothing; each list has `timeout` seconds. Raises Failure where it gives no list."""
    async with Judge() as judge:
        context = Surveyor(target=target, target_cache=cache_of(target), judge=judge, timeout=timeout).context(
            len(LISTS)
        )
        contract, failed_lists = await read_lists(context, timeout=timeout)
    calls: dict[str, Mapping[str, Any]] = {}
    skipped: list[SkippedTool] = []
    for name, listing in contract.tools.items():
        arguments = arguments_for(listing.get("inputSchema"), guess=False)
        if (skip := _skipped(context, name, listing)) is not None:
            skipped.append(skip)
        elif not is_writable(arguments, redact=context.target_cache.redact):
            skipped.append(SkippedTool(name=name, reason=SkipReason.UNWRITABLE, detail="its arguments"))
        elif missing_values(arguments):
            skipped.append(SkippedTool(name=name, reason=SkipReason.MISSING, arguments=arguments))
        else:
            calls[name] = arguments
    return FirstLook(
        server=context.server, contract=contract, failed_lists=failed_lists, calls=calls, skipped=tuple(skipped)
    )


async def survey(
    target: Target, *, timeout: float, choices: Choices | None = None, look: FirstLook | None = None
) -> Survey:
    """Survey `target`. Each list, and the calls of each tool, have `timeout` seconds.

    `look` is what the server listed a moment ago: then it is not listed again. Raises Failure when the server cannot be
    listed; a list or a tool that fails is told in the survey.
    """
    choices = choices or Choices()
    async with Judge() as judge:
        surveyor = Surveyor(target=target, target_cache=cache_of(target), judge=judge, timeout=timeout)
        context = surveyor.context(len(LISTS))
        if look is None:
            contract, failed_lists = await read_lists(context, timeout=timeout)
        else:
            contract, failed_lists = look.contract, look.failed_lists
        tools = {name: listing for name, listing in contract.tools.items() if name not in choices.known}
        tried: Tried = {name: skip for name, listing in tools.items() if (skip := _skipped(context, name, listing))}
        wanted = {name: choices.arguments(name, listing) for name, listing in tools.items() if name not in tried}
        tried |= await _call_all(surveyor, context, wanted, choices)
        tried |= await _ask_and_call(surveyor, context, tools, tried, choices)
    redact = context.target_cache.redact
    failed = {each.section for each in failed_lists}
    return Survey(
        server=context.server if look is None else look.server,
        tools=tuple(tried[name] for name in tools),
        listed={
            section: tuple(sorted(name for name in getattr(contract, section) if is_writable_name(name, redact)))
            for section in ("tools", "prompts")
        },
        lists=tuple(name for name in LISTS if name not in failed),
        failed_lists=failed_lists,
        contract=contract if is_writable_contract(contract, redact) else None,
    )


async def contract_of(target: Target, *, timeout: float, lists: Sequence[str] | None = None) -> Contract:
    """The listing of `target`, without a call of any tool. Raises Failure."""
    async with Judge() as judge:
        surveyor = Surveyor(target=target, target_cache=cache_of(target), judge=judge, timeout=timeout)
        context = surveyor.context(1)
        try:
            async with context.within_deadline(), context.session(explicit=True) as session:
                return await read_contract(session, lists)
        except Failure as failure:
            raise context.masked(failure) from None


def _skipped(context: ProbeContext, name: str, listing: Mapping[str, Any]) -> SkippedTool | None:
    """Why a tool must not be called or cannot be written; None where it can be called if its arguments are known."""
    redact = context.target_cache.redact
    if not is_read_only(name, listing, context.target):
        reason = SkipReason.WRITES if is_writer(listing) else SkipReason.NOT_READ_ONLY
        return SkippedTool(name=redact(name), reason=reason)
    if not is_writable_name(name, redact):
        return SkippedTool(name=redact(name), reason=SkipReason.UNWRITABLE, detail="its name")
    return None


async def _call_all(
    surveyor: Surveyor, context: ProbeContext, wanted: Mapping[str, Mapping[str, Any]], choices: Choices
) -> Tried:
    """Call each tool, by its arguments; then those that lack arguments, or failed, with what others have answered."""
    tried: Tried = {}
    ready = []
    for name, arguments in wanted.items():
        if missing_values(arguments) and is_writable(arguments, redact=context.target_cache.redact):
            tried[name] = SkippedTool(name=name, reason=SkipReason.MISSING, arguments=arguments)
        else:
            ready.append(Plan(tool=name, arguments=arguments))
    tried |= await surveyor.call(ready)
    called = [each for each in tried.values() if isinstance(each, CalledTool)]
    attempts: dict[str, list[Plan]] = {}
    for name, arguments in wanted.items():
        if isinstance(tried[name], SkippedTool) and tried[name].arguments is not None:
            missing = missing_values(arguments) or _guessed(name, arguments, choices)
            found = [
                *plans(name, arguments, missing, called),
                *plans_by_paths(name, arguments, missing, surveyor.target),
            ]
            attempts |= {name: found} if found else {}
    while attempts:  # a round for all tools together: on stdio a session is a process
        results = await surveyor.call([waiting.pop(0) for waiting in attempts.values()])
        answered = {name: result for name, result in results.items() if isinstance(result, CalledTool)}
        tried |= answered
        attempts = {name: waiting for name, waiting in attempts.items() if waiting and name not in answered}
    return tried


def _guessed(tool: str, arguments: Mapping[str, Any], choices: Choices) -> list[str]:
    """Arguments of a call that failed which may have been wrong: texts and numbers that no person chose."""
    return [name for name, value in arguments.items() if isinstance(value, str | int) and not choices.has(tool, name)]


async def _ask_and_call(
    surveyor: Surveyor, context: ProbeContext, tools: Mapping[str, Mapping[str, Any]], tried: Tried, choices: Choices
) -> Tried:
    """Ask for what is still missing, and call the tools whose arguments are then known."""
    lacking = [each for each in tried.values() if isinstance(each, SkippedTool) and each.reason is SkipReason.MISSING]
    questions = _questions(lacking)
    answers = choices.ask(questions) if questions else {}
    if not answers:
        return {}
    wanted = {each.name: choices.arguments(each.name, tools[each.name], answers) for each in lacking}
    return await _call_all(surveyor, context, wanted, choices)


def _questions(lacking: Sequence[SkippedTool]) -> list[Question]:
    """One question for each name of a missing value, the most wanted first."""
    hints: dict[str, str] = {}
    tools: dict[str, list[str]] = {}
    for each in lacking:
        for path, hint in missing_values(each.arguments or {}).items():
            name = path.rpartition(".")[2]
            hints.setdefault(name, hint)
            tools.setdefault(name, []).append(each.name)
    questions = [Question(name=name, hint=hints[name], tools=tuple(tools[name])) for name in hints]
    return sorted(questions, key=lambda question: -len(question.tools))
