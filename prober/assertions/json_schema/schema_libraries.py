"""The two implementations of JSON Schema: `jsonschema-rs` answers in the event loop, `jsonschema` has the last word.

What one of them is asked and how, so that both mean the same: neither fetches anything, both assert the formats of
`json_schema/formats.py` and no other, both read a pattern as ECMA-262 does. Where they differ all the same is
listed in `tests/assertions/differences.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

from prober.assertions.json_schema.dialects import Dialect, dialect_of
from prober.assertions.json_schema.ecma_patterns import compile_pattern, translated
from prober.assertions.json_schema.formats import FORMATS, conforms
from prober.assertions.json_schema.keywords import every_schema, subschemas
from prober.json_values import Json

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator
    from jsonschema_rs import Validator as QuickValidator
    from referencing import Registry, Resource

_PATTERN_BYTES: Final = 100_000
"""What a compiled pattern may take. A pattern that is counted up to more takes long to compile and to search for."""
_BASE: Final = "json-schema:///"
"""What jsonschema-rs resolves relative references against."""


class EngineError(Exception):
    """A library could not judge: a schema or value that it stumbles over, rather than a verdict."""


def quick_validator(
    document: Json, files: Mapping[str, Json], *, asserted: frozenset[str] | None
) -> QuickValidator | None:
    """The validator of jsonschema-rs; None where it does not take the schema.

    `asserted` are the formats that occur in the schema, None where formats are annotations.
    """
    import jsonschema_rs

    def retrieve(uri: str) -> Json:
        return files[uri.removeprefix(_BASE)] if uri.removeprefix(_BASE) in files else _refuse(uri)

    try:
        return jsonschema_rs.validator_for(
            document,
            retriever=retrieve,
            # Unlike the default engine this one is linear in the text; it refuses look-around and back-references.
            pattern_options=jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES),
            validate_formats=asserted is not None,
            formats={name: partial(conforms, name) for name in asserted or ()},
        )
    except (ValueError, jsonschema_rs.ReferencingError):
        return None


def _refuse(uri: str) -> NoReturn:
    """By default the library reads what is referred to, from the network and from files."""
    raise LookupError(f"{uri} is not fetched")


def quick_answer(validator: QuickValidator, instance: Json) -> bool | None:
    """Whether an instance fits; None where the library cannot read it, such as a text that is not Unicode."""
    try:
        with stumbling(ValueError):
            return validator.is_valid(instance)
    except (ValueError, EngineError):
        return None


def quick_opinion(validator: QuickValidator, instance: Json) -> tuple[list[str | int], str, str] | None:
    """Where, by which keyword and in which words jsonschema-rs finds an instance wrong first; None if it does not."""
    try:
        with stumbling(ValueError):
            first = next(iter(validator.iter_errors(instance)), None)
    except (ValueError, EngineError):
        return None
    return None if first is None else (first.instance_path, first.kind.name, first.message)


def full_validator(document: Json, files: Mapping[str, Json], *, asserts_formats: bool, dialect: Dialect) -> Validator:
    """The validator of jsonschema. Importing the library takes a fifth of a second, which is for a worker process."""
    made: Validator = _validator_class(dialect)(
        _spelt_out(document),
        registry=_registry({uri: _spelt_out(content) for uri, content in files.items()}, dialect=dialect),
        format_checker=_format_checker() if asserts_formats else None,
    )
    return made


def errors_of(validator: Validator, instance: Json) -> Iterator[ValidationError]:
    """All that jsonschema finds wrong. May take any time, any memory and any depth of the stack.

    Raises:
        EngineError: it stumbles, as over `multipleOf` with infinity or a pattern that Python does not know.
    """
    with stumbling():
        yield from validator.iter_errors(instance)


@contextmanager
def stumbling(*expected: type[BaseException]) -> Iterator[None]:
    """Around calls of a library: what it raises that nobody expects of it becomes an EngineError, not an error of ours.

    Too deep a recursion and too little memory have words of their own elsewhere.
    """
    try:
        yield
    except BaseException as error:
        # A panic of a library that is written in Rust is no Exception, so that nobody goes on after it.
        passes = isinstance(error, (RecursionError, MemoryError, *expected)) or not isinstance(error, Exception)
        if passes and type(error).__name__ != "PanicException":
            raise
        raise EngineError(f"{type(error).__name__}: {error}") from error


def metaschema_errors(document: Json, dialect: Dialect) -> Iterator[ValidationError]:
    """All that makes a document no schema of its draft, in the words of jsonschema."""
    known = _validator_class(dialect)
    return errors_of(known(known.META_SCHEMA), document)


@cache
def _validator_class(dialect: Dialect) -> Any:
    import jsonschema

    return jsonschema.validators.extend(  # type: ignore[no-untyped-call] # types-jsonschema leaves it bare
        getattr(jsonschema, dialect.validator), {"pattern": _pattern}
    )


def _pattern(_: Any, pattern: str, instance: Json, _schema: Json) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not compile_pattern(pattern).search(instance):
        yield ValidationError(f"does not match {pattern!r}")


def _spelt_out(document: Json) -> Json:
    """A rewritten copy of the schema that works around behaviour of jsonschema 4.26 that cannot be configured.

    A `false` that forbids a member or element becomes `{"not": {}}`: it means the same, but the place of what `false`
    refused is forgotten. The patterns of `patternProperties` are translated to those of Python.
    """
    spelt = deepcopy(document)
    for schema in list(every_schema(spelt)):
        for inner in list(subschemas(schema)):
            held = schema[inner.keyword]
            if inner.schema is False and inner.keyword in {"properties", "patternProperties", "prefixItems"}:
                held[inner.key] = {"not": {}}
            if inner.keyword == "patternProperties" and translated(str(inner.key)) != inner.key:
                held[translated(str(inner.key))] = held.pop(inner.key)
    return spelt


@cache
def _format_checker() -> FormatChecker:
    from jsonschema import FormatChecker

    made = FormatChecker(formats=())
    for name in FORMATS:
        made.checks(name)(partial(conforms, name))
    return made


def resource_of(document: Json, dialect: Dialect) -> Resource[Json]:
    """A document as `referencing` takes it, which resolves references for jsonschema."""
    from referencing.jsonschema import specification_with

    return specification_with(dialect.uri).create_resource(document)


def empty_registry(retrieve: Callable[[str], Resource[Json]]) -> Registry[Json]:
    """A registry that asks `retrieve` for every document."""
    from referencing import Registry

    return Registry(retrieve=retrieve)  # type: ignore[call-arg] # hidden by attrs


def schemas_of_drafts() -> Registry[Json]:
    """The schemas that define the drafts: a schema may refer to them, and both libraries bring them along."""
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped] # has no types

    registry: Registry[Json] = REGISTRY
    return registry


def _registry(files: Mapping[str, Json], *, dialect: Dialect) -> Registry[Json]:
    """The documents, and the schemas of the drafts, as something to look references up in that fetches nothing."""
    resources = (
        (uri, resource_of(content, dialect_of(content, inherited=dialect) or dialect)) for uri, content in files.items()
    )
    return schemas_of_drafts().with_resources(resources).crawl()
