"""The contract of a server: what it offers and in which shapes, as one canonical JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prober.judge.keywords import Json
from prober.judge.mismatch import pointer, render

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


class ContractProblem(ValueError):  # noqa: N818 - named as its siblings for schemas and expectations
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
        ContractProblem: the document has another form or version.
    """
    if not isinstance(document, dict):
        raise ContractProblem(f"a contract is an object, not {render(document, 50)}")
    if document.get("version") != VERSION:
        raise ContractProblem(f"expected {VERSION}, seen {render(document.get('version'), 50)}", pointer="/version")
    for key in document.keys() - _KEPT.keys() - {"version"}:
        raise ContractProblem(f"unknown; known are {', '.join(_KEPT)}", pointer=pointer([key]))
    return Contract(**{section: _parse_section(section, document.get(section, {})) for section in _KEPT})


def dump_contract(contract: Contract) -> str:
    """The contract as canonical JSON text: sorted names, two spaces, a newline at the end. Made to be kept in git."""
    document = {"version": VERSION} | {section: getattr(contract, section) for section in _KEPT}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


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
        raise ContractProblem("expected an object of items by name", pointer=pointer([section]))
    for name, item in items.items():
        if not isinstance(item, dict):
            raise ContractProblem("expected an object", pointer=pointer([section, name]))
        for key in item.keys() - set(kept):
            raise ContractProblem(f"unknown; known are {', '.join(kept)}", pointer=pointer([section, name, key]))
    return items
