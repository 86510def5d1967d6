"""The contract of a server: what it offers and in which shapes, as one canonical JSON document, and what changed in it.

Schemas are compared by `prober.contract.compatibility`. Of the hints that a tool gives, those that promise more safety
are additive when they come and breaking when they go; where a hint is absent, the specification's default counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prober.contract.change import Change, Severity, Where, change
from prober.contract.compatibility import Side, compare_schemas
from prober.json_values import Json, document_text, pointer, render, same

VERSION: Final = 1
"""Of the document's form."""

Item = Mapping[str, Json]
"""A tool, prompt, resource or template as the server lists it, with the members that a contract keeps."""

_KEPT: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "tools": ("name", ("title", "description", "inputSchema", "outputSchema", "annotations")),
    "prompts": ("name", ("title", "description", "arguments")),
    "resources": ("uri", ("name", "title", "description", "mimeType")),
    "templates": ("uriTemplate", ("name", "title", "description", "mimeType")),
}
"""By section of the contract: the member that identifies an item, and the members that are kept of it."""


class ContractError(ValueError):
    """A document that is not a contract. `pointer` is where in it."""

    def __init__(self, message: str, *, pointer: str = ""):
        super().__init__(f"{pointer}: {message}" if pointer else message)
        self.pointer = pointer


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a server offers, each item by what identifies it: its name, its URI or its URI template."""

    tools: Mapping[str, Item] = field(default_factory=dict)
    prompts: Mapping[str, Item] = field(default_factory=dict)
    resources: Mapping[str, Item] = field(default_factory=dict)
    templates: Mapping[str, Item] = field(default_factory=dict)


def contract_of(
    *,
    tools: Iterable[Item] = (),
    prompts: Iterable[Item] = (),
    resources: Iterable[Item] = (),
    templates: Iterable[Item] = (),
) -> Contract:
    """The contract of a server from its listings, in the form of the protocol.

    Of two items of one name the first counts. Members without a meaning for callers (icons, `_meta`, sizes) and
    members that are null are left out.
    """
    return Contract(
        tools=_section("tools", tools),
        prompts=_section("prompts", prompts),
        resources=_section("resources", resources),
        templates=_section("templates", templates),
    )


def parse_contract(document: Json) -> Contract:
    """A contract from its JSON document.

    Raises:
        ContractError: the document has another form or version.
    """
    if not isinstance(document, dict):
        raise ContractError(f"a contract is an object, not {render(document, 50)}")
    if document.get("version") != VERSION:
        raise ContractError(f"expected {VERSION}, seen {render(document.get('version'), 50)}", pointer="/version")
    for key in document.keys() - _KEPT.keys() - {"version"}:
        raise ContractError(f"unknown; known are {', '.join(_KEPT)}", pointer=pointer([key]))
    return Contract(**{section: _parse_section(section, document.get(section, {})) for section in _KEPT})


def dump_contract(contract: Contract) -> str:
    """The contract as canonical JSON text: sorted names, two spaces, a newline at the end. Made to be kept in git."""
    document = {"version": VERSION} | {section: getattr(contract, section) for section in _KEPT}
    return document_text(document, indent=2, sort_keys=True) + "\n"


def _section(section: str, items: Iterable[Item]) -> dict[str, Item]:
    identity, kept = _KEPT[section]
    found: dict[str, Item] = {}
    for item in items:
        members = {name: item[name] for name in kept if item.get(name) is not None}
        found.setdefault(str(item[identity]), members)
    return found


def _parse_section(section: str, items: Any) -> dict[str, Item]:
    _, kept = _KEPT[section]
    if not isinstance(items, dict):
        raise ContractError("expected an object of items by name", pointer=pointer([section]))
    for name, item in items.items():
        if not isinstance(item, dict):
            raise ContractError("expected an object", pointer=pointer([section, name]))
        for key in item.keys() - set(kept):
            raise ContractError(f"unknown; known are {', '.join(kept)}", pointer=pointer([section, name, key]))
    return items


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """What changed between two contracts, the worst first, then by place."""
    return in_order(one for changes in iter_changes(old, new) for one in changes)


async def compare_in_turns(old: Contract, new: Contract) -> tuple[Change, ...]:
    """The same, while other tasks of the event loop have their turns: a contract may have thousands of schemas."""
    import asyncio  # most that read contracts do not run a loop

    found: list[Change] = []
    for changes in iter_changes(old, new):
        found += changes
        await asyncio.sleep(0)
    return in_order(found)


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes, the worst first, then by place."""
    return tuple(sorted(changes, key=lambda one: (_ORDER[one.severity], one.where, one.message)))


def iter_changes(old: Contract, new: Contract) -> Iterator[list[Change]]:
    """The changes in many small steps, for a caller that has to let others have a turn between them."""
    for section in _KEPT:
        before, after = getattr(old, section), getattr(new, section)
        for name in sorted(before.keys() | after.keys()):
            where = (section, name)
            if name not in after:
                yield [change(Severity.BREAKING, where, "removed")]
            elif name not in before:
                yield [change(Severity.ADDITIVE, where, "added")]
            else:
                yield from _item_changes(section, before[name], after[name], where)


_ORDER: Final = {severity: order for order, severity in enumerate(Severity)}

_OF_WRITERS: Final = frozenset({"destructiveHint", "idempotentHint"})
"""Hints without a meaning for a tool that only reads."""
_HINTS: Final[Mapping[str, tuple[bool, bool]]] = {
    "readOnlyHint": (False, True),
    "destructiveHint": (True, False),
    "idempotentHint": (False, True),
    "openWorldHint": (True, False),
}
"""By hint: the specification's default, and the value that promises more."""


def _item_changes(section: str, old: Item, new: Item, where: Where) -> Iterator[list[Change]]:
    for member in _KEPT[section][1]:
        place = (*where, member)
        before, after = old.get(member), new.get(member)
        if member == "inputSchema":
            yield from compare_schemas(before or {}, after or {}, side=Side.INPUT, where=place)
        elif member == "outputSchema":
            yield from _output_changes(before, after, place)
        elif member == "annotations":
            yield list(_hint_changes(_object(before), _object(after), place))
        elif member == "arguments":
            yield list(_argument_changes(_arguments(before), _arguments(after), place))
        elif not same(before, after):
            severity = Severity.COSMETIC
            if member == "mimeType":
                severity = Severity.ADDITIVE if before is None else Severity.BREAKING
            yield [change(severity, place, f"was {_show(before)}, is now {_show(after)}")]


def _output_changes(before: Json, after: Json, where: Where) -> Iterator[list[Change]]:
    if before is None and after is not None:
        yield [change(Severity.ADDITIVE, where, "results now have a schema")]
    elif before is not None and after is None:
        yield [change(Severity.BREAKING, where, "results no longer have a schema")]
    elif before is not None:
        yield from compare_schemas(before, after, side=Side.OUTPUT, where=where)


def _hint_changes(old: Item, new: Item, where: Where) -> Iterator[Change]:
    for hint, (default, better) in _HINTS.items():
        before, after = (hints[hint] if isinstance(hints.get(hint), bool) else default for hints in (old, new))
        if before != after:
            severity = Severity.ADDITIVE if after is better else Severity.BREAKING
            if hint in _OF_WRITERS and old.get("readOnlyHint") is new.get("readOnlyHint") is True:
                severity = Severity.COSMETIC
            yield change(severity, (*where, hint), f"was {_show(before)}, is now {_show(after)}")
    for name in sorted((old.keys() | new.keys()) - _HINTS.keys()):
        if not same(old.get(name), new.get(name)):
            yield change(
                Severity.COSMETIC, (*where, name), f"was {_show(old.get(name))}, is now {_show(new.get(name))}"
            )


def _argument_changes(old: Mapping[str, Item], new: Mapping[str, Item], where: Where) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        place = (*where, name)
        required = new.get(name, {}).get("required") is True
        if name not in new:
            yield change(Severity.BREAKING, place, "removed")
        elif name not in old:
            severity = Severity.BREAKING if required else Severity.ADDITIVE
            yield change(severity, place, "added, and required" if required else "added")
        else:
            if required != (old[name].get("required") is True):
                severity = Severity.BREAKING if required else Severity.ADDITIVE
                yield change(severity, place, "is now required" if required else "is no longer required")
            for member in ("title", "description"):
                if not same(old[name].get(member), new[name].get(member)):
                    yield change(Severity.COSMETIC, (*place, member), "changed")


def _arguments(value: Json) -> dict[str, Item]:
    """The arguments of a prompt by name."""
    listed = [argument for argument in value if isinstance(argument, dict)] if isinstance(value, list) else []
    return {str(argument.get("name")): argument for argument in listed}


def _object(value: Json) -> Item:
    return value if isinstance(value, dict) else {}


def _show(value: Json) -> str:
    return "absent" if value is None else render(value, 60)
