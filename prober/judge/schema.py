"""JSON Schemas as operators and servers write them: loaded and checked once, then asked for the most telling mismatch.

`format` is asserted in an operator's schema, for the formats of `prober.judge.formats`, and is an annotation in a
server's own. The drafts since 2019-09 leave the choice to the application. Who writes `format: date-time` into a probe
wants it looked at; what a server declares, on the other hand, is held against it no more strictly than by the official
clients, which do not assert formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from jsonschema.protocols import Validator

from prober.judge.dialects import DEFAULT, dialect_of
from prober.judge.formats import checker
from prober.judge.keywords import Json
from prober.judge.mismatch import Mismatch
from prober.judge.references import SchemaProblem, follow, registry_of
from prober.judge.telling import most_telling

_FORMATS: Final = checker()

__all__ = ["Schema", "SchemaProblem", "first_mismatch", "load_schema", "load_server_schema"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Schema:
    """A schema that has been found sound, with all it refers to. Made by `load_schema` and `load_server_schema`."""

    document: Json
    files: Mapping[str, Json] = field(default_factory=dict)
    """The other documents it refers to, by URI."""
    asserts_formats: bool = True
    validator: Validator = field(repr=False)


def load_schema(document: Json, *, folder: Path | None) -> Schema:
    """An operator's schema. `$ref`s may lead to files in `folder` and below it; without one, only inside.

    Raises:
        SchemaProblem: it is not a schema of a known draft, or refers to what is not there or not allowed.
    """
    return _load(document, folder=folder, asserts_formats=True)


def load_server_schema(document: Json) -> Schema:
    """A schema that a server declared, such as a tool's `outputSchema`. It may be hostile.

    Raises:
        SchemaProblem: as above; its `reason` says whether the server or we are to blame.
    """
    return _load(document, folder=None, asserts_formats=False)


def first_mismatch(schema: Schema, instance: Json) -> Mismatch | None:
    """The most telling way in which a value does not fit, None if it fits.

    May take any time and may raise RecursionError or MemoryError: see `prober.judge.worker` for what contains it.
    """
    return most_telling(schema.validator.iter_errors(instance))


def _load(document: Json, *, folder: Path | None, asserts_formats: bool) -> Schema:
    try:
        found = follow(document, folder=folder, dialect=DEFAULT)
    except RecursionError:
        raise SchemaProblem("nested too deeply") from None
    return _compiled(document, found.files, asserts_formats=asserts_formats)


def _compiled(document: Json, files: Mapping[str, Json], *, asserts_formats: bool) -> Schema:
    dialect = dialect_of(document, inherited=DEFAULT) or DEFAULT
    registry = registry_of(files, dialect=dialect)
    validator = dialect(document, registry=registry, format_checker=_FORMATS if asserts_formats else None)
    return Schema(document=document, files=files, asserts_formats=asserts_formats, validator=validator)
