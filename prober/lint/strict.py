"""Checks of the strict modes, in which a model's arguments are made to fit the schema while they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from prober.json_values import POINTER_SHOWN, Json, pointer
from prober.lint.hit import Hit
from prober.lint.offer import ListedTool, Node, Offer


def all_required(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """Each property of each object is required."""
    for node in _dicts(tool):
        required = node.schema.get("required")
        named = set(required) if isinstance(required, list) and all(isinstance(each, str) for each in required) else ()
        for name in _properties(node):
            if name not in named:
                yield Hit(path=(*node.path, "properties", name), seen="optional", expected="in required")


def closed_objects(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """Each object says `additionalProperties: false`."""
    for node in _dicts(tool):
        declared = node.schema.get("type")
        is_object = declared == "object" or (isinstance(declared, list) and "object" in declared)
        if is_object and node.schema.get("additionalProperties") is not False:
            yield Hit(path=node.path, seen="an open object", expected="additionalProperties: false")


def min_items(_offer: Offer, tool: ListedTool, *, allowed: Sequence[int]) -> Iterator[Hit]:
    """An array wants no more elements than these."""
    for node in _dicts(tool):
        if "minItems" in node.schema and node.schema["minItems"] not in allowed:
            yield Hit(path=(*node.path, "minItems"), seen=str(node.schema["minItems"])[:20], expected="0 or 1")


def own_references(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """References stay inside the schema."""
    for node in _dicts(tool):
        reference = node.schema.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield Hit(path=(*node.path, "$ref"), seen=reference[:100], expected="#…")


def no_recursion(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """No schema leads back to itself."""
    nodes = tool.nodes("input")
    numbers = {fragment: number for number, fragment in enumerate(_fragments(nodes)) if fragment is not None}
    references = [_reference(node) for node in nodes]
    targets = {numbers[reference] for reference in references if reference in numbers}
    leads: dict[int, set[int]] = {}
    nearest: list[int] = []  # of each node: itself or the next around it that something refers to, or -1
    for number, (node, reference) in enumerate(zip(nodes, references, strict=True)):
        around = nearest[node.outer] if number else -1
        if number in targets:
            leads.setdefault(around, set()).add(number)
            around = number
        nearest.append(around)
        if reference in numbers:
            leads.setdefault(around, set()).add(numbers[reference])
    try:
        TopologicalSorter(leads).prepare()
    except CycleError as error:
        yield Hit(path=nodes[error.args[1][0]].path, seen="a schema that leads back to itself", expected="no recursion")


def schema_size(
    _offer: Offer, tool: ListedTool, *, properties: int, depth: int, characters: int, enum_values: int
) -> Iterator[Hit]:
    """The schema has at most so many properties, levels, enum values, and characters in its names and values."""
    nodes = _dicts(tool)
    values = [value for node in nodes if isinstance(node.schema.get("enum"), list) for value in node.schema["enum"]]
    names = [name for node in nodes for key in ("properties", "$defs") for name in _member(node, key)]
    consts = [node.schema["const"] for node in nodes if "const" in node.schema]
    counted = {
        "properties": (sum(len(_properties(node)) for node in nodes), properties),
        "levels": (_levels(tool.nodes("input")), depth),
        "characters in names and values": (
            sum(len(text) for text in (*names, *values, *consts) if isinstance(text, str)),
            characters,
        ),
        "enum values": (len(values), enum_values),
    }
    for what, (count, most) in counted.items():
        if count > most:
            yield Hit(path=("inputSchema",), seen=f"{count:,} {what}", expected=f"at most {most:,}")


def totals(offer: Offer, *, optional: int, unions: int, tools: int) -> Iterator[Hit]:
    """All tools together have at most so many optional arguments and arguments of several types."""
    nodes = [node for tool in offer.tools for node in _dicts(tool)]
    counted = {
        "tools": (len(offer.tools), tools),
        "optional arguments in all tools": (sum(_optional(node) for node in nodes), optional),
        "arguments of several types in all tools": (
            sum("anyOf" in node.schema or isinstance(node.schema.get("type"), list) for node in nodes),
            unions,
        ),
    }
    for what, (count, most) in counted.items():
        if count > most:
            yield Hit(seen=f"{count:,} {what}", expected=f"at most {most}")


def _dicts(tool: ListedTool) -> list[Node]:
    return [node for node in tool.nodes("input") if isinstance(node.schema, dict)]


def _member(node: Node, key: str) -> dict[str, Json]:
    found = node.schema.get(key)
    return found if isinstance(found, dict) else {}


def _properties(node: Node) -> dict[str, Json]:
    return _member(node, "properties")


def _optional(node: Node) -> int:
    required = node.schema.get("required")
    named = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    return len(_properties(node).keys() - set(named))


def _levels(nodes: Sequence[Node]) -> int:
    """How many objects stand one in another; the arguments of a tool are in the first."""
    levels: list[int] = []
    for node in nodes:
        is_object = isinstance(node.schema, dict) and bool(_properties(node))
        levels.append(is_object + (levels[node.outer] if levels else 0))
    return max(levels, default=0)


def _reference(node: Node) -> str | None:
    reference = node.schema.get("$ref") if isinstance(node.schema, dict) else None
    return reference if isinstance(reference, str) else None


def _fragments(nodes: Sequence[Node]) -> list[str | None]:
    """How each schema of a tool is referred to; None where that is longer than anybody follows."""
    fragments: list[str | None] = []
    for node in nodes:
        if not fragments:
            fragments.append("#")
            continue
        outer = fragments[node.outer]
        step = pointer(node.path[len(nodes[node.outer].path) :])
        is_short = outer is not None and len(outer) + len(step) <= POINTER_SHOWN
        fragments.append(f"{outer}{step}" if is_short else None)
    return fragments
