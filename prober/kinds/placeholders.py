"""`{name}` in the arguments of a scenario: where a captured value goes in.

A text that is one placeholder becomes the value itself, of whatever type; inside a longer text the value is written
out, texts as they are and the rest as JSON. `{{name}}` is the text `{name}`. Braces around anything else than a name
mean nothing, so that JSON inside a text stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

ALWAYS_THERE: Final = "scratch"
"""The name of a value that no step captures: a fresh, unique text for every run."""

NAME_PATTERN: Final = "^[A-Za-z_][A-Za-z0-9_]*$"

_PLACEHOLDER: Final = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")


def names_in(arguments: Any) -> frozenset[str]:
    """The names of all placeholders in a JSON value."""
    return frozenset(_names(arguments))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (match[2] for match in _PLACEHOLDER.finditer(value) if match[2])
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _names(member)
    elif isinstance(value, list | tuple):
        for element in value:
            yield from _names(element)


def fill(arguments: Any, values: Mapping[str, Any]) -> Any:
    """A JSON value with its placeholders filled. A name that has no value stays as it is written."""
    if isinstance(arguments, Mapping):
        return {key: fill(member, values) for key, member in arguments.items()}
    if isinstance(arguments, list | tuple):
        return [fill(element, values) for element in arguments]
    if not isinstance(arguments, str) or "{" not in arguments:
        return arguments
    whole = _PLACEHOLDER.fullmatch(arguments)
    if whole is not None and whole[2] in values:
        return values[whole[2]]
    return _PLACEHOLDER.sub(lambda match: _written(match, values), arguments)


def _written(match: re.Match[str], values: Mapping[str, Any]) -> str:
    if match[1]:
        return f"{{{match[1]}}}"
    if match[2] not in values:
        return match[0]
    value = values[match[2]]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
