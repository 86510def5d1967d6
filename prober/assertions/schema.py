"""JSON Schemas as operators and servers write them: loaded and checked once, then asked for the most telling mismatch.

`format` is asserted in an operator's schema, for the formats of `prober.assertions.formats`, and is an annotation in a
server's own. The drafts since 2019-09 leave the choice to the application. Who writes `format: date-time` into a probe
wants it looked at; what a server declares, on the other hand, is held against it no more strictly than by the official
clients, which do not assert formats.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prober.assertions.best_match import most_telling
from prober.assertions.cost import Size, pattern_steps, size_of
from prober.assertions.dialects import DEFAULT, dialect_of, library_is_there
from prober.assertions.formats import checker
from prober.assertions.keywords import spell_out_false
from prober.assertions.mismatch import Mismatch
from prober.assertions.passing import quick_check
from prober.assertions.quick import Check
from prober.assertions.references import SchemaError, follow, registry_of
from prober.assertions.schema_cost import EndlessReference, Weight, weigh
from prober.json_values import Json
from prober.outcome import Reason

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.protocols import Validator

__all__ = ["Schema", "SchemaError", "cheap", "first_mismatch", "load_schema", "load_server_schema"]

MAX_LOADED_AT_ONCE: Final = 500
"""Values in a server's schema up to which it is checked when it is loaded: a few milliseconds. A larger one is checked
where it is first judged by, in a worker process."""

MAX_VALUES: Final = 20_000
"""Values in a server's schema beyond which it is not looked at: even to pass it on would hold others up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Schema:
    """A schema with all that it refers to. Made by `load_schema` and `load_server_schema`."""

    document: Json
    files: Mapping[str, Json] = field(default_factory=dict)
    """The other documents it refers to, by URI."""
    asserts_formats: bool = True
    checked: bool = True
    """Whether it is known to be sound. If not, judging by it may raise SchemaError."""
    weight: Weight | None = None
    """None where no bound is known of what judging by it takes."""

    @cached_property
    def quick(self) -> Check | None:
        """None for a value that fits. A fault says nothing but that the library has to be asked, as without a check."""
        alone = self.checked and not self.files
        return quick_check(self.document, asserts_formats=self.asserts_formats) if alone else None

    @cached_property
    def validator(self) -> Validator:
        """The library's validator. Raises SchemaError if the schema has to be checked yet, and is not sound."""
        if not self.checked:
            _examine(self.document, folder=None)
        dialect = dialect_of(self.document, inherited=DEFAULT) or DEFAULT
        files = {uri: spell_out_false(content) for uri, content in self.files.items()}
        return dialect.validator(
            spell_out_false(self.document),
            registry=registry_of(files, dialect=dialect),
            format_checker=_formats() if self.asserts_formats else None,
        )

    @cached_property
    def wire(self) -> str:
        """The schema as JSON text, for a worker process: the arguments to make it of there."""
        members = ("document", "files", "asserts_formats", "checked")
        return json.dumps({name: getattr(self, name) for name in members})


def load_schema(document: Json, *, folder: Path | None) -> Schema:
    """An operator's schema. `$ref`s may lead to files in `folder` and below it; without one, only inside.

    Raises:
        SchemaError: it is not a schema of a known draft, it refers to what is not there or not allowed, or it
            refers to itself in a circle that no value leads out of.
    """
    files, weight = _examine(document, folder=folder)
    return Schema(document=document, files=files, weight=weight)


def load_server_schema(document: Json) -> Schema:
    """A schema that a server declared, such as a tool's `outputSchema`. It may be large or hostile.

    Raises:
        SchemaError: as above, as far as that is found in a few milliseconds; what is left is found in judging. Its
            `reason` says what a run ends for.
    """
    if size_of(document, most=MAX_VALUES, deepest=MAX_VALUES) is None:
        raise SchemaError(f"more than {MAX_VALUES} values in a schema", reason=Reason.UNDECIDED)
    if size_of(document, most=MAX_LOADED_AT_ONCE) is None or not _plain_patterns(document):
        return Schema(document=document, asserts_formats=False, checked=False)
    _, weight = _examine(document, folder=None)
    return Schema(document=document, asserts_formats=False, weight=weight)


def first_mismatch(schema: Schema, instance: Json) -> Mismatch | None:
    """The most telling way in which a value does not fit, None if it fits.

    May take any time and may raise RecursionError or MemoryError: see `prober.assertions.judge` for what contains it.

    Raises:
        SchemaError: a schema that was not checked when it was loaded is not sound.
    """
    if schema.quick is not None and schema.quick(instance) is None:
        return None
    return most_telling(schema.validator.iter_errors(instance))


def waits_for_library(schema: Schema, instance: Json) -> bool:
    """Whether judging would begin with the library's import, which holds up whoever else is at work."""
    return not library_is_there() and (schema.quick is None or schema.quick(instance) is not None)


def cheap(schema: Schema, size: Size | None) -> bool:
    """Whether an instance of that size can be judged by the schema within a few milliseconds, whatever is in it."""
    return size is not None and schema.checked and schema.weight is not None and schema.weight.allows(size)


@cache
def _formats() -> FormatChecker:
    return checker()


def _examine(document: Json, *, folder: Path | None) -> tuple[Mapping[str, Json], Weight | None]:
    """Follow the references of a schema, and weigh it."""
    try:
        found = follow(document, folder=folder, dialect=DEFAULT)
        return found.files, weigh(document, found.targets)
    except SchemaError:
        raise
    except EndlessReference as endless:
        raise SchemaError(str(endless)) from None
    except RecursionError:
        raise SchemaError("nested too deeply", reason=Reason.UNDECIDED) from None
    except ValueError as error:  # of the standard library, about an address in `$id` or `$ref`
        raise SchemaError(f"an address that cannot be read: {error}") from None
    except Exception as error:  # referencing (0.37) stumbles over sound schemas of draft 3, as over `extends`
        raise SchemaError(f"cannot be read: {type(error).__name__}: {error}", reason=Reason.UNDECIDED) from None


def _plain_patterns(document: Json) -> bool:
    """Whether all regular expressions are of a form that compiles quickly; some take seconds to compile alone."""
    waiting, length = [document], 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            named = node.get("patternProperties")
            patterns = [node.get("pattern"), *(named if isinstance(named, dict) else ())]
            for pattern in patterns:
                if isinstance(pattern, str):
                    length += len(pattern)
                    if length > 2_000 or pattern_steps(pattern, 1) is None:
                        return False
        if isinstance(node, dict | list):
            waiting.extend(node.values() if isinstance(node, dict) else node)
    return True
