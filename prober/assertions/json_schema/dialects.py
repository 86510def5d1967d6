"""The drafts of JSON Schema that can be judged, and which of them a schema is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prober.json_values import Json


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A draft: the URI that names it, its validator in `jsonschema`, and the keyword by which a schema names itself."""

    uri: str
    validator: str
    identity: str = "$id"


_ALL: Final = (
    Dialect(uri="https://json-schema.org/draft/2020-12/schema", validator="Draft202012Validator"),
    Dialect(uri="https://json-schema.org/draft/2019-09/schema", validator="Draft201909Validator"),
    Dialect(uri="http://json-schema.org/draft-07/schema", validator="Draft7Validator"),
    Dialect(uri="http://json-schema.org/draft-06/schema", validator="Draft6Validator"),
    Dialect(uri="http://json-schema.org/draft-04/schema", validator="Draft4Validator", identity="id"),
    Dialect(uri="http://json-schema.org/draft-03/schema", validator="Draft3Validator", identity="id"),
)

DIALECTS: Final[dict[str, Dialect]] = {dialect.uri: dialect for dialect in _ALL}

DEFAULT: Final = _ALL[0]
"""What a schema without `$schema` is written in, by the MCP specification."""

SINCE_2019: Final = frozenset(_ALL[:2])
DRAFT_3: Final = _ALL[5]


def dialect_of(schema: Json, *, inherited: Dialect) -> Dialect | None:
    """The draft that `$schema` names, `inherited` where there is no `$schema`, None where it is no known draft."""
    if not isinstance(schema, dict) or "$schema" not in schema:
        return inherited
    named = schema["$schema"]
    return DIALECTS.get(named.removesuffix("#")) if isinstance(named, str) else None
