"""JSON Schemas as operators and servers write them: loaded once, then asked whether a value fits, and if not, why.

`format` is asserted in an operator's schema, for the formats of `json_schema/formats.py`, and is an annotation in a
server's own. The drafts since 2019-09 leave the choice to the application. Who writes `format: date-time` into a probe
wants it looked at; what a server declares, on the other hand, is held against it no more strictly than by the official
clients, which do not assert formats.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from prober.assertions.json_schema.best_match import most_telling
from prober.assertions.json_schema.bound import Bound
from prober.assertions.json_schema.dialects import DEFAULT, dialect_of
from prober.assertions.json_schema.ecma_patterns import compile_pattern
from prober.assertions.json_schema.keywords import every_schema
from prober.assertions.json_schema.references import SchemaError, follow
from prober.assertions.json_schema.schema_cost import EndlessReferenceError, bound_of
from prober.assertions.json_schema.schema_libraries import (
    errors_of,
    full_validator,
    quick_answer,
    quick_opinion,
    quick_validator,
)
from prober.assertions.mismatch import Mismatch
from prober.json_values import Json, cap, pointer, render
from prober.json_values.size import Size, size_of
from prober.outcome import Reason

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from jsonschema_rs import Validator as QuickValidator

__all__ = ["Schema", "SchemaError", "first_mismatch", "load_schema", "load_server_schema"]

MAX_LOADED_AT_ONCE: Final = 2_000
"""Values in a server's schema up to which it is made ready when it is loaded: some 10 ms. A larger one is for a worker
process, each time."""

MAX_VALUES: Final = 20_000
"""Values in a server's schema beyond which it is not looked at: even to pass it on would hold others up."""


_WIRED: Final = ("document", "files", "asserts_formats", "checked")


@dataclass(frozen=True, kw_only=True, eq=False)
class Schema:
    """A schema with all that it refers to. Made by `load_schema` and `load_server_schema`."""

    document: Json
    files: Mapping[str, Json] = field(default_factory=dict)
    """The other documents it refers to, by URI."""
    asserts_formats: bool = True
    checked: bool = True
    """Whether it is known to be a sound schema. If not, `first_mismatch` may raise SchemaError."""
    bound: Bound | None = None
    """None where only a worker process may judge by it."""

    @cached_property
    def _quick(self) -> QuickValidator | None:
        if self.bound is None:
            return None
        asserted = self.bound.formats if self.asserts_formats else None
        return quick_validator(self.document, self.files, asserted=asserted)

    @cached_property
    def _full(self) -> Validator:
        if not self.checked:
            follow(self.document, folder=None, dialect=DEFAULT)
        dialect = dialect_of(self.document, inherited=DEFAULT) or DEFAULT
        return full_validator(self.document, self.files, asserts_formats=self.asserts_formats, dialect=dialect)

    @property
    def compiles(self) -> bool:
        """Whether jsonschema-rs takes it."""
        return self._quick is not None

    def fits(self, instance: Json, size: Size | None) -> bool | None:
        """Whether an instance fits, within a few milliseconds; None where only a worker process can tell.

        A false is an opinion to be confirmed: by `first_mismatch`, in a worker process.
        """
        if self.bound is None or not self.bound.allows(size) or self._quick is None:
            return None
        return quick_answer(self._quick, instance)

    def is_worded_at_once(self, size: Size | None) -> bool:
        """Whether `first_mismatch` takes a few milliseconds at most, once jsonschema is imported."""
        return self.bound is not None and self.checked and self.bound.allows_words(size)

    def surely_fits(self, instance: Json) -> bool:
        """Whether an instance fits by jsonschema-rs, however long that takes: only for a worker process.

        A large answer that fits is judged by it in a hundredth of the time that jsonschema takes.
        """
        if self._quick is None:
            return False
        size = size_of(instance, most=sys.maxsize)
        return size is not None and size.exact and quick_answer(self._quick, instance) is True

    def opinion(self, instance: Json) -> Mismatch | None:
        """What jsonschema-rs finds wrong first, for where jsonschema finds nothing wrong."""
        found = quick_opinion(self._quick, instance) if self._quick is not None else None
        if found is None:
            return None
        path, keyword, words = found
        for step in path:
            instance = instance[step]
        return Mismatch(pointer=pointer(path), keyword=keyword, seen=render(instance), expected=cap(words))

    @cached_property
    def wire(self) -> str:
        """The schema as JSON text, for a worker process, which makes it anew by `unwired`."""
        return json.dumps({name: getattr(self, name) for name in _WIRED})

    @classmethod
    def unwired(cls, text: str) -> Schema:
        """The schema that was written as `wire`."""
        members = json.loads(text)
        bound = _bound(members["document"], members["files"]) if members["checked"] else None
        return cls(**members, bound=bound)

    def __reduce__(self) -> tuple[Callable[[str], Schema], tuple[str]]:
        """For another process of the prober, which compiles it anew: what is compiled cannot be written."""
        return _received, (self.wire,)


_loaded: Final[WeakValueDictionary[str, Schema]] = WeakValueDictionary()
"""Schemas that refer to no file, by their text: thousands of probes may have the same."""

_of_others: Final[WeakValueDictionary[str, Schema]] = WeakValueDictionary()
"""Schemas that another process has sent, by `wire`: one that comes again is the same."""


def _received(wire: str) -> Schema:
    known = _of_others.get(wire)
    if known is None:
        known = _of_others[wire] = Schema.unwired(wire)
    return known


def load_schema(document: Json, *, folder: Path | None) -> Schema:
    """An operator's schema. `$ref`s may lead to files in `folder` and below it; without one, only inside.

    Raises:
        SchemaError: it is not a schema of a known draft, it refers to what is not there or not allowed, or it
            refers to itself in a circle that no value leads out of.
    """
    try:
        text = json.dumps(document)
        if (known := _loaded.get(text)) is not None:
            return known
        schema = Schema(document=document, bound=_bound(document, {}))
        sound = schema.compiles or quick_validator(document, {}, asserted=None) is not None
        if sound and _patterns_are_read(document):
            _loaded[text] = schema
        else:
            # It leads to files, or jsonschema-rs does not know all of it, or something is wrong: that is found here,
            # and put into words.
            files = follow(document, folder=folder, dialect=DEFAULT)
            schema = Schema(document=document, files=files, bound=_bound(document, files))
    except RecursionError:
        raise SchemaError("nested too deeply", reason=Reason.UNDECIDED) from None
    return schema


def load_server_schema(document: Json) -> Schema:
    """A schema that a server declared, such as a tool's `outputSchema`. It may be large, flawed or hostile.

    Raises:
        SchemaError: it is too large to be looked at, or an endless circle. Other flaws are found in judging.
    """
    size = size_of(document, most=MAX_VALUES, deepest=MAX_VALUES)
    if size is None:
        raise SchemaError(f"more than {MAX_VALUES} values in a schema", reason=Reason.UNDECIDED)
    unchecked = Schema(document=document, asserts_formats=False, checked=False)
    if size_of(document, most=MAX_LOADED_AT_ONCE) is None:
        return unchecked
    schema = Schema(document=document, asserts_formats=False, bound=_bound(document, {}))
    return schema if schema.compiles else unchecked


def first_mismatch(schema: Schema, instance: Json) -> Mismatch | None:
    """The most telling way in which a value does not fit, by jsonschema; None if it fits.

    May take any time and may raise RecursionError or MemoryError: see `prober.assertions.judge` for what contains it.

    Raises:
        SchemaError: a schema that was not checked when it was loaded is not sound.
        EngineError: the library stumbles.
    """
    return most_telling(errors_of(schema._full, instance))


def _bound(document: Json, files: Mapping[str, Json]) -> Bound | None:
    try:
        return bound_of(document, files)
    except EndlessReferenceError as endless:
        raise SchemaError(str(endless)) from None


def _patterns_are_read(document: Json) -> bool:
    """Whether Python compiles every pattern. If not, a mismatch found by jsonschema-rs could not be confirmed."""
    for schema in every_schema(document):
        if isinstance(schema, dict):
            try:
                for pattern in (schema.get("pattern"), *schema.get("patternProperties", ())):
                    if isinstance(pattern, str):
                        compile_pattern(pattern)
            except (re.error, RecursionError, OverflowError):
                return False
    return True
