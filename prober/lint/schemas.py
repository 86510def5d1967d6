"""Checks of the schemas of a tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from prober.assertions.json_schema.dialects import DEFAULT, DRAFT_3, dialect_of
from prober.assertions.json_schema.schema_libraries import EngineError, stumbling
from prober.json_values import Json, json_type, render
from prober.json_values.size import size_of
from prober.lint.hit import Hit
from prober.lint.offer import MEMBERS, ListedTool, Node, Offer, Side

_SHOWN: Final = 100

_CHARACTERS_PER_VALUE: Final = 100
_MOST_TOLD: Final = 1_000_000
"""Characters on all levels up to which the place of a flaw is told: 20 ms at the worst. The library writes what is
wrong out once for every level above it, and a value takes it as long as a hundred characters."""


def root_type(_offer: Offer, tool: ListedTool, *, side: Side) -> Iterator[Hit]:
    """The schema is an object whose `type` is "object"."""
    schema = tool.schema(side)
    if schema is None and side == "output":
        return
    if not isinstance(schema, dict) or schema.get("type") != "object":
        declared = schema.get("type", "no type") if isinstance(schema, dict) else schema
        seen = "no type" if declared == "no type" else render(declared, _SHOWN)
        yield Hit(path=(MEMBERS[side], "type"), seen=seen, expected='"object"')


def root_keywords(_offer: Offer, tool: ListedTool, *, keywords: Sequence[str]) -> Iterator[Hit]:
    """None of the keywords stands at the root of the input schema."""
    for node in tool.nodes("input")[:1]:
        for keyword in keywords:
            if keyword in node.schema:
                yield Hit(path=(*node.path, keyword), seen=keyword, expected="none at the root")


def keywords(_offer: Offer, tool: ListedTool, *, keywords: Sequence[str]) -> Iterator[Hit]:
    """None of the keywords stands anywhere in the input schema."""
    for node in _objects(tool, "input"):
        for keyword in keywords:
            if keyword in node.schema:
                yield Hit(path=(*node.path, keyword), seen=keyword, expected="not used")


def property_keys(_offer: Offer, tool: ListedTool, *, pattern: str) -> Iterator[Hit]:
    """Each argument has a name that matches a pattern."""
    for node in tool.nodes("input")[:1]:
        for key in _properties(node):
            if re.fullmatch(pattern, key) is None:
                yield Hit(path=(*node.path, "properties", key), seen=render(key, _SHOWN), expected=pattern)


def array_items(_offer: Offer, tool: ListedTool, *, among_types: bool) -> Iterator[Hit]:
    """Each array says what its elements are; or, with `among_types`, each value that may be one among other types."""
    for node in _objects(tool, "input"):
        declared = node.schema.get("type")
        is_array = isinstance(declared, list) and "array" in declared if among_types else declared == "array"
        if is_array and "items" not in node.schema:
            yield Hit(path=node.path, seen="an array without items", expected="items")


def root_properties(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """The root has `properties`, though there are none."""
    for node in tool.nodes("input")[:1]:
        if node.schema.get("type") == "object" and not isinstance(node.schema.get("properties"), dict):
            yield Hit(path=node.path, seen="an object without properties", expected="properties: {}")


def object_properties(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """Each object below the root names at least one property."""
    for node in _objects(tool, "input")[1:]:
        if "object" in _types(node) and not _properties(node):
            yield Hit(path=node.path, seen="an object without properties", expected="at least one")


def boolean_properties(_offer: Offer, tool: ListedTool, *, side: Side) -> Iterator[Hit]:
    """Each property has a schema that is an object, and not just true or false."""
    for node in tool.nodes(side):
        if isinstance(node.schema, bool) and node.keyword == "properties":
            yield Hit(path=node.path, seen=render(node.schema), expected="a schema such as {}")


def null_members(_offer: Offer, tool: ListedTool, *, members: Sequence[str]) -> Iterator[Hit]:
    """None of the members at the root is null."""
    schema = tool.schema("input")
    for member in members if isinstance(schema, dict) else ():
        if member in schema and schema[member] is None:
            yield Hit(path=("inputSchema", member), seen="null", expected="a value, or no such member")


def text_enums(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """An `enum` stands only where the type is "string"."""
    for node in _objects(tool, "input"):
        if "enum" in node.schema and node.schema.get("type") != "string":
            seen = render(node.schema.get("type", "no type"), _SHOWN)
            yield Hit(path=(*node.path, "enum"), seen=seen, expected='type "string"')


def meta_schema(_offer: Offer, tool: ListedTool, *, side: Side, dialect: str) -> Iterator[Hit]:
    """The schema is a sound one: in the draft that it names itself (`declared`), or in draft 2020-12 in any case."""
    schema = tool.schema(side)
    if not isinstance(schema, dict) or tool.too_large:
        return
    meant = dialect_of(schema, inherited=DEFAULT) if dialect == "declared" else DEFAULT
    if meant is None or meant is DRAFT_3:
        return  # a draft that nobody here knows
    found = _flaw({**schema, "$schema": meant.uri})
    if found is not None:
        path, seen = found
        yield Hit(path=(MEMBERS[side], *path), seen=render(seen, _SHOWN), expected=f"as {meant.uri} says")


def _flaw(schema: dict[str, Json]) -> tuple[Sequence[str | int], Json] | None:
    """Where a schema is not what its draft says, and what is there; the root, where the place would take long to tell.

    Raises:
        EngineError: the library cannot read the schema, such as a keyword that is no Unicode.
    """
    import jsonschema_rs  # has the meta-schemas in it, and fetches nothing for them

    with stumbling():
        if jsonschema_rs.meta.is_valid(schema):
            return None
    size = size_of(schema)
    if size is not None and size.depth * (size.nodes * _CHARACTERS_PER_VALUE + size.characters) <= _MOST_TOLD:
        try:
            with stumbling(jsonschema_rs.ValidationError):
                jsonschema_rs.meta.validate(schema)
        except jsonschema_rs.ValidationError as error:
            return error.instance_path, error.instance
        except EngineError:  # it reads more to tell the place than to judge
            pass
    return (), schema


def _objects(tool: ListedTool, side: Side) -> list[Node]:
    return [node for node in tool.nodes(side) if isinstance(node.schema, dict)]


def _types(node: Node) -> Sequence[Any]:
    declared = node.schema.get("type")
    return declared if json_type(declared) == "array" else (declared,)


def _properties(node: Node) -> dict[str, Json]:
    found = node.schema.get("properties")
    return found if isinstance(found, dict) else {}
