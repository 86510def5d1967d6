"""The drafts of JSON Schema that can be judged, and which of them a schema is written in."""

from __future__ import annotations

from typing import Any, Final

from jsonschema import (
    Draft3Validator,
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
)
from jsonschema.protocols import Validator

Dialect = type[Validator]

DEFAULT: Final[Dialect] = Draft202012Validator
"""What a schema without `$schema` is written in, by the MCP specification."""

DIALECTS: Final[dict[str, Dialect]] = {
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
    "http://json-schema.org/draft-06/schema": Draft6Validator,
    "http://json-schema.org/draft-04/schema": Draft4Validator,
    "http://json-schema.org/draft-03/schema": Draft3Validator,
}


def dialect_of(schema: Any, *, inherited: Dialect) -> Dialect | None:
    """The draft that `$schema` names, `inherited` where there is no `$schema`, None where it is no known draft."""
    if not isinstance(schema, dict) or "$schema" not in schema:
        return inherited
    named = schema["$schema"]
    return DIALECTS.get(named.removesuffix("#")) if isinstance(named, str) else None


def identifier(dialect: Dialect) -> str:
    """The URI of a draft."""
    return next(uri for uri, known in DIALECTS.items() if known is dialect)


def identity_keyword(dialect: Dialect) -> str:
    """The keyword by which a schema of the draft says its own URI."""
    return "id" if dialect in (Draft3Validator, Draft4Validator) else "$id"
