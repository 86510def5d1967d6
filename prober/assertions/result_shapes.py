"""The shapes of MCP results: whether what a server answered is what its protocol version calls a result.

`result_shapes.json` is made from the official SDK's types by `tests/assertions/generate_shapes.py`, so that a probe
need not import the SDK for it; a test compares the two. One shape serves all handshake versions, as in the SDK:
the older versions are not told apart.

Two rules are stricter than the SDK's types: no type is coerced (`"true"` is no boolean), and in the modern era
`resultType` has to be one that the method knows and decides which shape has to fit. The specification asks for both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data
from typing import Any, Final

from prober.assertions.mismatch import Mismatch
from prober.assertions.quick import Check, compile_schema
from prober.json_values import Json, render

HANDSHAKE: Final = "handshake"
MODERN: Final = "modern"

MAX_AT_ONCE: Final = 20_000
"""Values in a result up to which it is looked at in the event loop: 5 ms as a rule, 25 ms if all of them are tiny."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a result has to look like, as a rule to judge by. Keyed by the method that was called."""

    method: str
    version: str


def check_result(method: str, version: str, result: Json) -> Mismatch | None:
    """How a result is not of the shape that its method and protocol version ask for; None if it is.

    A modern result of type `input_required` is of the shape if it is a sound one: whether the prober can do anything
    with it is for the caller to say.

    Raises:
        KeyError: the version does not have the method, or is not known.
    """
    arms = _arms(method, era_of(version))
    if None in arms:
        fault = arms[None](result)
    elif not isinstance(result, dict):
        return Mismatch(pointer="", keyword="type", expected="object", seen=render(result))
    elif "resultType" not in result:
        return Mismatch(pointer="", keyword="required", expected='member "resultType"', seen=render(result))
    else:
        kind = result["resultType"]
        arm = arms.get(kind) if isinstance(kind, str) else None
        if arm is None:
            expected = " or ".join(render(name) for name in arms)
            return Mismatch(pointer="/resultType", keyword="enum", expected=expected, seen=render(kind))
        fault = arm(result)
    return fault.mismatch() if fault is not None else None


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
def _arms(method: str, era: str) -> Mapping[str | None, Check]:
    """The shapes of a method by `resultType`; one under None where the era has no such member."""
    document = _document()
    shapes = document["results"][method][era]
    if era == HANDSHAKE:
        shapes = {None: shapes}
    return {
        kind: compile_schema(shape, documents={era: document["types"][era]}, base=era) for kind, shape in shapes.items()
    }
