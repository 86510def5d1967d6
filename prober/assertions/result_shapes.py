"""The shapes of MCP results: whether what a server answered is what its protocol version calls a result.

`result_shapes.json` is made from the official SDK's types by `tests/assertions/generate_shapes.py`, so that a probe
need not import the SDK for it; a test compares the two. One shape serves all handshake versions, as in the SDK: the
older versions are not told apart.

Two rules are stricter than the SDK's types: no type is coerced (`"true"` is no boolean), and in the modern era
`resultType` has to be one that the method knows and decides which shape has to fit. The specification asks for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data
from typing import Any, Final

from prober.assertions.json_schema.schema import Schema, load_server_schema
from prober.assertions.mismatch import Mismatch
from prober.json_values import Json, render

HANDSHAKE: Final = "handshake"
MODERN: Final = "modern"

_REFERENCE: Final = re.compile(r'"#/\$defs/([^"/]+)"')


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a result has to look like, as a rule to judge by. Keyed by the method that was called."""

    method: str
    version: str

    def arm_of(self, result: Json) -> Schema | Mismatch:
        """The schema that a result has to fit, or why there is none for it.

        A modern result of type `input_required` has the schema of one: whether the prober can do anything with it is
        for the caller to say.

        Raises:
            KeyError: the version does not have the method, or is not known.
        """
        era = era_of(self.version)
        arms = _document()["results"][self.method][era]
        if era == HANDSHAKE:
            return _schema(self.method, era, None)
        if not isinstance(result, dict):
            return Mismatch(pointer="", keyword="type", expected="object", seen=render(result))
        if "resultType" not in result:
            return Mismatch(pointer="", keyword="required", expected='member "resultType"', seen=render(result))
        kind = result["resultType"]
        if not isinstance(kind, str) or kind not in arms:
            expected = " or ".join(render(name) for name in arms)
            return Mismatch(pointer="/resultType", keyword="enum", expected=expected, seen=render(kind))
        return _schema(self.method, era, kind)


def era_of(version: str) -> str:
    """`modern` or `handshake`. Raises KeyError for a version that is not known."""
    return _eras()[version]


def versions(era: str) -> tuple[str, ...]:
    """The protocol versions of an era, oldest first."""
    return tuple(_document()["versions"][era])


@cache
def _document() -> Any:
    return json.loads(get_data("prober.assertions", "result_shapes.json") or b"")


@cache
def _eras() -> Mapping[str, str]:
    return {version: era for era, versions in _document()["versions"].items() for version in versions}


@cache
def _schema(method: str, era: str, kind: str | None) -> Schema:
    """The schema of a method's results of one `resultType`, None in the era that has no such member."""
    document = _document()
    shape = document["results"][method][era]
    if kind is not None:
        shape = shape[kind]
    return load_server_schema({**shape, "$defs": _referred_to(shape, document["types"][era]["$defs"])})


def _referred_to(shape: Json, types: Mapping[str, Json]) -> dict[str, Json]:
    """The types that a shape leads to: a schema is compiled with all the definitions that it has."""
    found: dict[str, Json] = {}
    waiting = [shape]
    while waiting:
        for name in _REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in found:
                found[name] = types[name]
                waiting.append(types[name])
    return found
