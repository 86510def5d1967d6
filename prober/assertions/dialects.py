"""The drafts of JSON Schema that can be judged, and which of them a schema is written in."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


class Dialect:
    """A draft: its URI, the keyword by which its schemas say their own, and what judges by it."""

    def __init__(self, uri: str, name: str, *, identity: str = "$id"):
        self.uri = uri
        self.name = name
        self.identity = identity

    @cached_property
    def validator(self) -> type[Validator]:
        """The library's class, which is imported for those who ask: it takes longer than a small pass."""
        made: type[Validator] = getattr(_library(), f"{self.name.capitalize()}Validator")
        return made

    def __repr__(self) -> str:
        return self.name


_ALL: Final = (
    Dialect("https://json-schema.org/draft/2020-12/schema", "draft202012"),
    Dialect("https://json-schema.org/draft/2019-09/schema", "draft201909"),
    Dialect("http://json-schema.org/draft-07/schema", "draft7"),
    Dialect("http://json-schema.org/draft-06/schema", "draft6"),
    Dialect("http://json-schema.org/draft-04/schema", "draft4", identity="id"),
    Dialect("http://json-schema.org/draft-03/schema", "draft3", identity="id"),
)

DIALECTS: Final[dict[str, Dialect]] = {dialect.uri: dialect for dialect in _ALL}

DEFAULT: Final = _ALL[0]
"""What a schema without `$schema` is written in, by the MCP specification."""

DRAFT_7: Final = _ALL[2]
DRAFT_3: Final = _ALL[5]


def library_is_there() -> bool:
    """Whether `validator` can be had at once, or takes a tenth of a second for the import."""
    return hasattr(sys.modules.get("jsonschema"), "Draft202012Validator")


def fetch_library() -> None:
    """Import it. May be called in a thread."""
    _library()


def _library() -> Any:
    import jsonschema

    return jsonschema


def dialect_of(schema: Any, *, inherited: Dialect) -> Dialect | None:
    """The draft that `$schema` names, `inherited` where there is no `$schema`, None where it is no known draft."""
    if not isinstance(schema, dict) or "$schema" not in schema:
        return inherited
    named = schema["$schema"]
    return DIALECTS.get(named.removesuffix("#")) if isinstance(named, str) else None
