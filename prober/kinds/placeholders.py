"""Placeholders: `{name}` in the arguments of a step stands for a captured value.

A text that is one placeholder becomes the value itself, of any type. In a longer text, a text value is inserted as it
is, another value as JSON. `{{name}}` is the text `{name}`. Braces around anything but a name have no meaning, so that
JSON inside a text is not changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

SCRATCH: Final = "scratch"
"""The name of a predefined value: a new, unique text for every run."""

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
    """A JSON value with its placeholders replaced. A placeholder without a value stays as it is."""
    if isinstance(arguments, Mapping):
        return {key: fill(member, values) for key, member in arguments.items()}
    if isinstance(arguments, list | tuple):
        return [fill(element, values) for element in arguments]
    if not isinstance(arguments, str) or "{" not in arguments:
        return arguments
    whole = _PLACEHOLDER.fullmatch(arguments)
    if whole is not None and whole[2] in values:
        return values[whole[2]]
    return _PLACEHOLDER.sub(lambda match: _replacement(match, values), arguments)


def _replacement(match: re.Match[str], values: Mapping[str, Any]) -> str:
    if match[1]:
        return f"{{{match[1]}}}"
    if match[2] not in values:
        return match[0]
    value = values[match[2]]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
