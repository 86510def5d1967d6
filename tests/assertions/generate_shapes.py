"""Makes `prober/assertions/result_shapes.json` from the result types of the official SDK.

    python -m tests.assertions.generate_shapes

Descriptions, titles and defaults go: they judge nothing. A definition that several methods share is written once for
each era; the SDK has one set of types for all handshake versions and one for the modern version.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

from mcp_types.methods import SERVER_RESULTS
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter

import prober.assertions.result_shapes

FILE: Final = Path(prober.assertions.result_shapes.__file__).with_name("result_shapes.json")

METHODS: Final = (
    "initialize",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "server/discover",
    "tools/call",
    "tools/list",
)
ERAS: Final = {"handshake": HANDSHAKE_PROTOCOL_VERSIONS, "modern": MODERN_PROTOCOL_VERSIONS}
INPUT_REQUIRED: Final = "InputRequiredResult"

SILENT: Final = frozenset({"title", "description", "default"})
NAMED: Final = frozenset({"properties", "$defs"})
"""Keywords whose members are names, not keywords."""


def generate() -> dict[str, Any]:
    """The document, as it is to stand in the file."""
    types: dict[str, dict[str, Any]] = {era: {} for era in ERAS}
    results: dict[str, dict[str, Any]] = {}
    for method in METHODS:
        for era, versions in ERAS.items():
            if (method, versions[-1]) in SERVER_RESULTS:
                results.setdefault(method, {})[era] = _result(method, era, types[era])
    return {
        "versions": {era: list(versions) for era, versions in ERAS.items()},
        "results": results,
        "types": {era: {"$defs": definitions} for era, definitions in types.items()},
    }


def text() -> str:
    """The file."""
    return json.dumps(generate(), indent=1, sort_keys=True) + "\n"


def _result(method: str, era: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The shape of one method; in the modern era by the `resultType` that it is for."""
    for version in ERAS[era]:
        if SERVER_RESULTS[method, version] is not SERVER_RESULTS[method, ERAS[era][-1]]:
            raise AssertionError(f"{method} has another shape at {version}: one for each era is no longer enough")
    kind = SERVER_RESULTS[method, ERAS[era][-1]]
    if era == "handshake":
        return _schema(kind, definitions)
    arms = get_args(kind) or (kind,)
    return {
        "input_required" if arm.__name__ == INPUT_REQUIRED else "complete": _schema(arm, definitions) for arm in arms
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = _without_silent(TypeAdapter(kind).json_schema())
    for name, definition in schema.pop("$defs", {}).items():
        if definitions.setdefault(name, definition) != definition:
            raise AssertionError(f"two different types are called {name}")
    return schema


def _without_silent(schema: Any, *, named: bool = False) -> Any:
    if isinstance(schema, dict):
        return {
            key: _without_silent(value, named=key in NAMED and not named)
            for key, value in schema.items()
            if named or key not in SILENT
        }
    if isinstance(schema, list):
        return [_without_silent(element) for element in schema]
    return schema


if __name__ == "__main__":
    FILE.write_text(text())
