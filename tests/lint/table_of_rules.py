"""For every rule a list of tools that breaks it, and one near it that does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.json_values import pointer

Listing = dict[str, Any]

READS: Final = {"annotations": {"readOnlyHint": True}}


def tool(name: str = "t", **members: Any) -> Listing:
    """A tool that no rule objects to, with other members."""
    return {"name": name, "inputSchema": {"type": "object", "properties": {}}, **READS, **members}


def takes(**properties: Any) -> Listing:
    """A tool with these arguments."""
    return tool(inputSchema={"type": "object", "properties": properties})


def root(**members: Any) -> Listing:
    """A tool whose input schema has these members beside an object's."""
    return tool(inputSchema={"type": "object", "properties": {"a": {"type": "string"}}, **members})


def strict(properties: Mapping[str, Any], **members: Any) -> Listing:
    """A tool as strict modes want it."""
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return tool(inputSchema=schema | members)


def gives(schema: Any) -> Listing:
    return tool(outputSchema=schema)


def nested(levels: int) -> Mapping[str, Any]:
    """Arguments with so many levels of objects."""
    properties: dict[str, Any] = {"a": {"type": "string"}}
    for _ in range(levels - 1):
        properties = {"a": strict(properties)["inputSchema"]}
    return properties


@dataclass(frozen=True, kw_only=True)
class Case:
    """What breaks a rule, where that is seen, and what is near it and does not break it."""

    breaks: list[Listing]
    at: str
    keeps: list[Listing]
    server: str = "s"
    transport: str = "http"


def one(breaks: Listing, at: str, keeps: Listing, **more: Any) -> Case:
    """A case of one tool, whose name is `t` where it is not what breaks the rule."""
    return Case(breaks=[breaks], at=pointer(("tools", breaks["name"])) + at, keeps=[keeps], **more)


def many(count: int) -> list[Listing]:
    return [tool(f"t{number}") for number in range(count)]


ARRAY: Final = one(
    takes(tags={"type": "array"}),
    "/inputSchema/properties/tags",
    takes(tags={"type": "array", "items": {}}),
)
NO_TYPE: Final = one(
    tool(inputSchema={"properties": {}}), "/inputSchema/type", tool(inputSchema={"type": "object", "properties": {}})
)
NO_OUTPUT_TYPE: Final = one(
    gives({"anyOf": [{"type": "object"}]}), "/outputSchema/type", gives({"type": "object", "anyOf": [{}]})
)
KEY: Final = one(
    takes(**{"filter[id]": {}}), "/inputSchema/properties/filter[id]", takes(filter={"properties": {"x[y]": {}}})
)
OPEN: Final = one(
    strict({"a": {"type": ["object", "null"], "properties": {}}}),
    "/inputSchema/properties/a",
    strict({"a": {"type": "object", "properties": {}, "additionalProperties": False}}),
)
BOOLEAN: Final = one(
    takes(payload=True),
    "/inputSchema/properties/payload",
    takes(properties={"type": "object", "additionalProperties": True, "default": True}),
)
DRAFT_4: Final = {"n": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}
BY_ALL: Final = {"$schema": "http://json-schema.org/draft-04/schema#"}

CASES: Final[Mapping[str, Case]] = {
    "spec_name": one(tool("get user"), "/name", tool("get.user-1_A")),
    "spec_unique_name": Case(breaks=[tool("a"), tool("a")], at="/tools", keeps=[tool("a"), tool("A")]),
    "spec_input_type": NO_TYPE,
    "spec_input_schema": one(
        root(properties=DRAFT_4), "/inputSchema/properties/n/exclusiveMinimum", root(properties=DRAFT_4, **BY_ALL)
    ),
    "spec_output_schema": one(
        gives({"type": "object", "properties": {"n": {"type": "float"}}}),
        "/outputSchema/properties/n/type",
        gives({"type": "object", "properties": {"n": {"type": "number"}}}),
    ),
    "sdk_input_type": NO_TYPE,
    "sdk_input_boolean": BOOLEAN,
    "sdk_output_type": NO_OUTPUT_TYPE,
    "sdk_output_boolean": one(
        gives({"type": "object", "properties": {"result": True}}),
        "/outputSchema/properties/result",
        gives({"type": "object", "properties": {"properties": {"type": "object", "additionalProperties": False}}}),
    ),
    "claude_code_input_type": NO_TYPE,
    "claude_code_boolean": BOOLEAN,
    "claude_code_null": one(root(required=None), "/inputSchema/required", root(required=[])),
    "claude_code_root": one(
        root(**{"if": {"required": ["a"]}, "then": {}}),
        "/inputSchema/if",
        takes(a={"if": {"type": "string"}, "then": {"minLength": 1}}),
    ),
    "claude_code_property_keys": KEY,
    "claude_code_name_length": one(tool("n" * 121), "/name", tool("n" * 120)),
    "claude_code_description": one(tool(description="d" * 2049), "/description", tool(description="d" * 2048)),
    "claude_code_weight": Case(
        breaks=[tool(description="d" * 100_000)], at="/tools", keeps=[tool(description="d" * 99_000)]
    ),
    "claude_api_name": one(tool("get.user"), "/name", tool("get_user-1")),
    "claude_api_name_length": one(tool("n" * 65), "/name", tool("n" * 64)),
    "claude_api_input_type": NO_TYPE,
    "claude_api_root": one(
        root(anyOf=[{"required": ["a"]}]), "/inputSchema/anyOf", root(**{"not": {"anyOf": [{"required": ["b"]}]}})
    ),
    "claude_api_property_keys": one(
        takes(**{"k" * 65: {}}), f"/inputSchema/properties/{'k' * 65}", takes(**{"k" * 64: {}})
    ),
    "claude_api_draft": one(
        root(properties=DRAFT_4, **BY_ALL),
        "/inputSchema/properties/n/exclusiveMinimum",
        root(properties={"n": {"type": "integer", "exclusiveMinimum": 0}}, **BY_ALL),
    ),
    "openai_name": one(tool("drive.search"), "/name", tool("drive-search")),
    "openai_name_length": one(tool("n" * 65), "/name", tool("n" * 64)),
    "openai_input_type": NO_TYPE,
    "openai_root": one(root(enum=[{}]), "/inputSchema/enum", takes(a={"enum": ["x"], "anyOf": [{}]})),
    "openai_array_items": ARRAY,
    "openai_array_among_types": one(
        takes(value={"type": ["string", "array"]}),
        "/inputSchema/properties/value",
        takes(value={"type": ["string", "array"], "items": {"type": "string"}}),
    ),
    "openai_properties": one(
        tool(inputSchema={"type": "object"}), "/inputSchema", tool(inputSchema={"type": "object", "properties": {}})
    ),
    "openai_tool_count": Case(breaks=many(129), at="/tools", keeps=many(128)),
    "openai_description": one(tool(description="d" * 1025), "/description", tool(description="d" * 1024)),
    "gemini_name": one(tool("7days"), "/name", tool("_7days:a.b-c")),
    "gemini_name_length": one(tool("n" * 65), "/name", tool("n" * 64)),
    "gemini_array_items": ARRAY,
    "vscode_array_items": one(
        takes(a={"anyOf": [{"type": "array", "prefixItems": [{}]}, {"type": "null"}]}),
        "/inputSchema/properties/a/anyOf/0",
        takes(a={"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}),
    ),
    "vscode_dynamic_ref": one(
        takes(a={"$dynamicRef": "#m"}), "/inputSchema/properties/a/$dynamicRef", takes(a={"$ref": "#/$defs/m"})
    ),
    "vscode_name": one(tool("GET:/names"), "/name", tool("GET_names")),
    "vscode_tool_count": Case(breaks=many(129), at="/tools", keeps=many(128)),
    "cursor_name_length": one(tool("n" * 59), "/name", tool("n" * 58)),
    "cursor_joined_name": one(tool("n" * 30), "/name", tool("n" * 29), server="s" * 30),
    "cursor_output_type": NO_OUTPUT_TYPE,
    "cursor_tool_count": Case(breaks=many(81), at="/tools", keeps=many(80)),
    "bedrock_name": one(tool("n" * 65), "/name", tool("n" * 64)),
    "bedrock_description": one(tool(description=" "), "/description", tool()),
    "bedrock_property_keys": KEY,
    "chatgpt_transport": Case(breaks=[tool()], at="/tools", keeps=[tool()], transport="stdio"),
    "chatgpt_read_only": one(
        tool(annotations={"title": "T"}), "/annotations", tool(annotations={"readOnlyHint": False})
    ),
    "openai_strict_root": one(root(anyOf=[{}]), "/inputSchema/anyOf", takes(a={"anyOf": [{}]})),
    "openai_strict_required": one(
        strict({"a": {"type": "string"}}, required=[]),
        "/inputSchema/properties/a",
        strict({"a": {"type": ["string", "null"]}}),
    ),
    "openai_strict_closed": OPEN,
    "openai_strict_keywords": one(
        strict({"a": {"allOf": [{}]}}), "/inputSchema/properties/a/allOf", strict({"allOf": {"type": "string"}})
    ),
    "openai_strict_one_of": one(
        strict({"a": {"oneOf": [{}]}}), "/inputSchema/properties/a/oneOf", strict({"a": {"anyOf": [{}]}})
    ),
    "openai_strict_size": one(strict(nested(11)), "/inputSchema", strict(nested(10))),
    "claude_strict_closed": OPEN,
    "claude_strict_keywords": one(
        strict({"a": {"type": "string", "minLength": 1}}),
        "/inputSchema/properties/a/minLength",
        strict({"minLength": {"type": "string"}}),
    ),
    "claude_strict_min_items": one(
        strict({"a": {"type": "array", "items": {}, "minItems": 2}}),
        "/inputSchema/properties/a/minItems",
        strict({"a": {"type": "array", "items": {}, "minItems": 1}}),
    ),
    "claude_strict_references": one(
        strict({"a": {"$ref": "https://example.org/a.json"}}),
        "/inputSchema/properties/a/$ref",
        strict({"a": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {}}}),
    ),
    "claude_strict_recursion": one(
        strict(
            {"a": {"$ref": "#/$defs/a"}},
            **{"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/$defs/a"}}},
        ),
        "/inputSchema/$defs/",
        strict({"a": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {}}}),
    ),
    "claude_strict_totals": Case(
        breaks=[strict({f"a{n}": {"type": "string"} for n in range(25)}, required=[])],
        at="/tools",
        keeps=[strict({f"a{n}": {"type": "string"} for n in range(25)}, required=["a0"])],
    ),
    "gemini_parameters_keywords": one(
        root(additionalProperties=False), "/inputSchema/additionalProperties", takes(additionalProperties={})
    ),
    "gemini_parameters_objects": one(
        takes(query={"type": "object"}),
        "/inputSchema/properties/query",
        takes(query={"type": "object", "properties": {"q": {"type": "string"}}}),
    ),
    "gemini_parameters_enum": one(
        takes(n={"type": "integer", "enum": [1, 2]}),
        "/inputSchema/properties/n/enum",
        takes(n={"type": "string", "enum": ["1", "2"]}),
    ),
    "deep_research_tools": Case(
        breaks=[tool("search"), tool("Fetch")], at="/tools", keeps=[tool("search"), tool("fetch")]
    ),
}
