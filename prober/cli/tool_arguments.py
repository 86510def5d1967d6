"""Arguments of a tool on the command line, `--arg NAME=VALUE` and `--args JSON`, made values by its input schema.

A text is a text where the schema allows one; else it is read as JSON, which a number, `true` and `[1, 2]` are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from prober.assertions.checks import Case, Check, Finding, Instance
from prober.assertions.json_schema.schema import SchemaError, load_server_schema
from prober.assertions.judge import Judge
from prober.cli.exit_codes import refuse
from prober.config.document.diagnostics import did_you_mean
from prober.config.fields.file_fields import MAX_JSON_BYTES
from prober.contract.normalize import alternatives
from prober.files import read_bounded
from prober.json_values import json_type, render
from prober.outcome import Reason


@dataclass(frozen=True, kw_only=True)
class GivenArguments:
    """What the command line says, before the schema is known. `texts` win over `values`."""

    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


class ArgumentMistake(Exception):  # noqa: N818 - a mistake of a person is no error of the program
    """An argument that the input schema does not allow. The message names it."""


def given_arguments(texts: Sequence[str], document: str | None) -> GivenArguments:
    """The options `--arg` and `--args`, as far as they can be read without the schema. Refuses what cannot be."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            refuse("--arg: write --arg NAME=VALUE")
        if name in found:
            refuse(f'--arg {name} is given twice. A list is written as JSON: --arg \'{name}=["a", "b"]\'')
        found[name] = value
    return GivenArguments(values=_document(document) if document is not None else {}, texts=found)


def typed(given: GivenArguments, input_schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the tool takes them. Raises ArgumentMistake."""
    properties = input_schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    arguments = dict(given.values)
    for name, text in given.texts.items():
        if name not in properties and not _takes_others(input_schema):
            unknown = did_you_mean(f"the tool has no argument {name!r}", name, properties)
            raise ArgumentMistake(unknown if properties else f"the tool has no arguments, so {name!r} is too much")
        arguments[name] = _value(name, text, properties.get(name, True), input_schema)
    return arguments


async def first_mistake(
    arguments: Mapping[str, Any], input_schema: Mapping[str, Any], judge: Judge, *, deadline: float
) -> Finding | None:
    """What does not fit the schema, or why that cannot be said (`undecided`)."""
    try:
        schema = load_server_schema(dict(input_schema))
    except SchemaError as problem:
        return Finding(reason=Reason.UNDECIDED, message=str(problem))
    check = Check(reason=Reason.SCHEMA_MISMATCH, rule=schema, instance=Instance(value=dict(arguments)))
    return await judge.judge(Case(checks=(check,)), deadline=deadline)


def described(input_schema: Mapping[str, Any]) -> str:
    """The arguments that a tool takes: `a* (number), unit (string)`, a star behind each required one."""
    properties, required = input_schema.get("properties"), input_schema.get("required")
    needed = required if isinstance(required, list) else []
    shown = []
    for name, schema in (properties if isinstance(properties, dict) else {}).items():
        types = " or ".join(sorted(_types(schema, input_schema)))
        shown.append(name + ("*" if name in needed else "") + (f" ({types})" if types else ""))
    return ", ".join(shown) or "none"


def _value(name: str, text: str, schema: Any, root: Mapping[str, Any]) -> Any:
    types = _types(schema, root)
    if "string" in types:
        return text
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        if not types:
            return text
    wanted = " or ".join(sorted(types))
    example = next((f", such as {shown}" for kind, shown in _EXAMPLES.items() if kind in types), "")
    raise ArgumentMistake(f"--arg {name}: expected {wanted}{example}, seen {render(text, 60)}")


_EXAMPLES = {"array": '\'["a", "b"]\'', "object": "'{\"a\": 1}'", "boolean": "true", "number": "1.5", "integer": "3"}


def _types(schema: Any, root: Mapping[str, Any]) -> set[str]:
    """The JSON types that a schema allows; none where it does not say."""
    found: set[str] = set()
    for alternative in alternatives(schema, dict(root)):
        types = set(_types_of(alternative))
        if not types:
            return set()
        found |= types
    return found


def _types_of(alternative: Mapping[str, Any]) -> Iterator[str]:
    kind, values = alternative.get("type"), alternative.get("enum")
    if isinstance(kind, str):
        yield kind
    elif isinstance(values, list):
        yield from map(json_type, values)


def _takes_others(input_schema: Mapping[str, Any]) -> bool:
    """Whether the schema says that there may be arguments which it does not list."""
    if "patternProperties" in input_schema or "properties" not in input_schema:
        return input_schema.get("additionalProperties") is not False
    return input_schema.get("additionalProperties") not in (None, False)


def _document(text: str) -> dict[str, Any]:
    where = "--args"
    if text.startswith("@"):
        where = text[1:]
        try:
            content = read_bounded(Path(where), most=MAX_JSON_BYTES, pipes=True)
            if len(content) > MAX_JSON_BYTES:
                refuse(f"{where}: larger than {MAX_JSON_BYTES // 1024**2} MiB")
            text = content.decode()
        except OSError as error:
            refuse(f"--args {text}: {error.strerror}")
        except UnicodeDecodeError:
            refuse(f"{where}: not UTF-8")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        refuse(f"{where}: no JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except (ValueError, RecursionError) as error:
        refuse(f"{where}: no JSON: {error}")
    if not isinstance(value, dict):
        refuse(f"{where}: expected a JSON object such as '{{\"n\": 3}}', seen {render(value, 60)}")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
