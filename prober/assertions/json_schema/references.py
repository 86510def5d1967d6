"""Every reference of a schema, followed once at load: to a place inside it or to a file beside it, never to a network.

A reference is resolved against the base URI as the drafts say. A document without `$id` has its path relative to the
folder as its base; an absolute `$id` stands for the place where its document was read, so that what refers to
`https://example.com/schemas/other.json` means the file beside the one that calls itself
`https://example.com/schemas/main.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urljoin, urlsplit

from prober.assertions.json_schema.best_match import most_telling
from prober.assertions.json_schema.dialects import DEFAULT, DIALECTS, Dialect, dialect_of
from prober.assertions.json_schema.ecma_patterns import compile_pattern
from prober.assertions.json_schema.keywords import REFERENCES, is_schema, subschemas
from prober.assertions.json_schema.schema_libraries import (
    EngineError,
    empty_registry,
    metaschema_errors,
    resource_of,
    schemas_of_drafts,
    stumbling,
)
from prober.files import behind_links, read_bounded
from prober.json_values import Json, cap, pointer, render
from prober.outcome import Reason

if TYPE_CHECKING:
    from referencing import Resource

MAX_SCHEMAS: Final = 20_000
"""Schemas within one schema. To look through more would cost more than any answer is worth."""
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Of a file that a reference leads to, as of the file that it stands in."""

_Steps = tuple[str | int, ...]


class SchemaError(ValueError):
    """A schema that cannot be used. `pointer` is where in it, `file` in which document if not in the main one.

    `reason` is what it amounts to when the schema is a server's own: `output_schema_invalid` as a rule, `undecided`
    where the schema may be right and it is us who cannot read it.
    """

    def __init__(
        self,
        message: str,
        *,
        pointer: str = "",
        file: str | None = None,
        reason: Reason = Reason.OUTPUT_SCHEMA_INVALID,
    ):
        super().__init__(f"{file or ''}#{pointer}: {message}" if file or pointer else message)
        self.pointer = pointer
        self.file = file
        self.reason = reason


def follow(document: Json, *, folder: Path | None, dialect: Dialect) -> Mapping[str, Json]:
    """Check every schema that can be reached from `document`. Returns the other documents, by URI as referred to.

    Raises:
        SchemaError: a schema is malformed, `$schema` names no known draft, a pattern is not understood, or a
            reference leads nowhere, out of the folder or to a URL.
    """
    walk = _Walk(folder=folder.resolve() if folder else None)
    try:
        walk.run(document, dialect)
    except SchemaError:
        raise
    except RecursionError:
        raise SchemaError("nested too deeply", reason=Reason.UNDECIDED) from None
    except ValueError as error:  # of the standard library, about an address in `$id` or `$ref`
        raise SchemaError(f"an address that cannot be read: {error}") from None
    except EngineError as error:
        raise SchemaError(f"cannot be read: {error}", reason=Reason.UNDECIDED) from None
    return walk.files


class _RefusedError(Exception):
    """A reference that is not followed, in words that end the sentence `… cannot be followed: `."""


@dataclass(frozen=True)
class _Place:
    """One schema on the walk, and what it takes to resolve and to name what is in it."""

    schema: Json
    resolver: Any
    dialect: Dialect
    file: str | None
    path: _Steps

    def problem(self, message: str, *tail: str | int, reason: Reason = Reason.OUTPUT_SCHEMA_INVALID) -> SchemaError:
        return SchemaError(message, pointer=pointer((*self.path, *tail)), file=self.file, reason=reason)


@dataclass
class _Walk:
    """Depth first through the documents; a reference is entered only when all that stands in them has been seen.

    So a schema that is reached by a reference alone, in a place that no keyword makes one, is known as such: it is
    checked by itself, while all others were checked with their document.
    """

    folder: Path | None
    files: dict[str, Json] = field(default_factory=dict)
    standing: list[_Place] = field(default_factory=list)
    referred: list[_Place] = field(default_factory=list)
    folders: dict[str, Path] = field(default_factory=dict)
    """URI directories, each ending in a slash unless empty, and the folders that they stand for."""
    read_from: dict[str, Path] = field(default_factory=dict)
    """The folder of each of `files`."""

    def run(self, document: Json, dialect: Dialect) -> None:
        self.folders = {"": self.folder} if self.folder else {}
        self._open(document, dialect, file=None)
        seen: set[int] = set()  # identities: all schemas are kept alive by their documents
        while self.standing or self.referred:
            known = bool(self.standing)
            place = self.standing.pop() if known else self.referred.pop()
            if not isinstance(place.schema, dict) or id(place.schema) in seen:
                continue
            seen.add(id(place.schema))
            if len(seen) > MAX_SCHEMAS:
                raise SchemaError(f"more than {MAX_SCHEMAS} schemas in one", reason=Reason.UNDECIDED)
            if not known:
                _check(place)
            self._enter(place)

    def _open(self, document: Json, inherited: Dialect, *, file: str | None) -> None:
        """Check a document as a whole and put its outermost schema on the walk."""
        dialect = dialect_of(document, inherited=inherited)
        place = _Place(document, None, dialect or inherited, file, ())
        if dialect is None:
            raise place.problem(_unknown_dialect(document), "$schema")
        _check(place)
        called = urljoin(file or "", resource_of(document, dialect).id() or "")
        if urlsplit(called).scheme and self.folder:
            self.folders.setdefault(urljoin(called, "."), self.read_from.get(file or "", self.folder))
        # In a file, references are relative to where it was found: so does the validator resolve them.
        base = file or called
        registry = empty_registry(retrieve=self._retrieve)
        with stumbling(ValueError, _RefusedError):
            resolver = registry.with_resource(base, resource_of(document, dialect)).crawl().resolver(base)
        self.standing.append(_Place(document, resolver, dialect, file, ()))

    def _enter(self, place: _Place) -> None:
        schema = place.schema
        dialect = dialect_of(schema, inherited=place.dialect)
        if dialect is None:
            raise place.problem(_unknown_dialect(schema), "$schema")
        _check_patterns(place)
        for keyword in REFERENCES:
            if isinstance(schema.get(keyword), str):
                self.referred.append(self._target(place, keyword))
        for inner in subschemas(schema):
            if isinstance(inner.schema, dict):
                resolver = place.resolver
                if isinstance(inner.schema.get(dialect.identity), str):
                    resolver = resolver.in_subresource(resource_of(inner.schema, dialect))
                self.standing.append(_Place(inner.schema, resolver, dialect, place.file, place.path + inner.path))

    def _target(self, place: _Place, keyword: str) -> _Place:
        """What a reference means, resolved."""
        reference = place.schema[keyword]
        opened = len(self.files)
        from referencing.exceptions import Unresolvable

        try:
            with stumbling(Unresolvable, ValueError):
                resolved = place.resolver.lookup(reference)
        except Unresolvable as lost:
            raise place.problem(f"{cap(reference)} cannot be followed: {_why(lost)}", keyword) from None
        for file, content in list(self.files.items())[opened:]:
            self._open(content, place.dialect, file=file)
        if not is_schema(resolved.contents):
            raise place.problem(f"{cap(reference)} leads to something that is no schema", keyword)
        return _Place(resolved.contents, resolved.resolver, place.dialect, place.file, (*place.path, keyword))

    def _retrieve(self, uri: str) -> Resource[Json]:
        """A document that is not in hand yet: the schema of a draft, a file of the folder, or refused."""
        known = schemas_of_drafts().get(uri)
        if known is not None:
            return known
        if uri not in self.files:
            self.files[uri] = self._read(uri)
        content = self.files[uri]
        return resource_of(content, dialect_of(content, inherited=DEFAULT) or DEFAULT)

    def _read(self, uri: str) -> Json:
        for prefix, folder in self.folders.items():
            relative = uri.removeprefix(prefix)
            if not uri.startswith(prefix) or urlsplit(relative).scheme or urlsplit(relative).netloc:
                continue
            path = behind_links(folder / unquote(relative))
            if self.folder is None or not path.is_relative_to(self.folder):
                raise _RefusedError("it leads out of the schema's folder")
            self.read_from[uri] = path.parent
            return _read_json(path)
        if self.folder is None:
            raise _RefusedError("only places inside the schema are followed")
        raise _RefusedError("only files beside the schema are followed, nothing is fetched")


def _read_json(path: Path) -> Json:
    try:
        content = read_bounded(path, most=_MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise _RefusedError(f"{path} is larger than {_MOST_BYTES // 1024**2} MiB")
        return json.loads(content)
    except OSError as error:
        raise _RefusedError(f"{path} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise _RefusedError(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise _RefusedError(f"{path} is not JSON: {error}") from None


def _why(lost: BaseException) -> str:
    cause: BaseException | None = lost
    while cause is not None and not isinstance(cause, _RefusedError):
        cause = cause.__cause__
    return str(cause) if cause else "there is no such place"


def _unknown_dialect(schema: Json) -> str:
    return f"unknown draft {render(schema['$schema'])}; known are {', '.join(DIALECTS)}"


def _check(place: _Place) -> None:
    """Compare a schema with the schema of its draft."""
    if not is_schema(place.schema):
        raise place.problem(f"a schema is an object or a boolean, not {render(place.schema, 50)}")
    flaw = most_telling(metaschema_errors(place.schema, place.dialect))
    if flaw is not None:
        where = pointer(place.path) + flaw.pointer
        raise SchemaError(f"expected {flaw.expected}, seen {flaw.seen}", pointer=where, file=place.file)


def _check_patterns(place: _Place) -> None:
    """Compile the regular expressions of one schema: Python does not know all that ECMA-262 does."""
    patterns: list[tuple[_Steps, Json]] = []
    if "pattern" in place.schema:
        patterns.append((("pattern",), place.schema["pattern"]))
    if isinstance(place.schema.get("patternProperties"), dict):
        patterns += [(("patternProperties", name), name) for name in place.schema["patternProperties"]]
    for path, pattern in patterns:
        if isinstance(pattern, str):
            try:
                compile_pattern(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                message = f"a regular expression that cannot be read: {error}"
                raise place.problem(message, *path, reason=Reason.UNDECIDED) from None
