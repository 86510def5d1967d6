"""The official test suite of JSON Schema through both implementations: they agree, or the table says why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pytest

from prober.assertions.json_schema.dialects import Dialect
from prober.assertions.json_schema.keywords import every_schema
from prober.assertions.json_schema.schema_cost import EndlessReferenceError, bound_of
from prober.assertions.json_schema.schema_libraries import (
    EngineError,
    errors_of,
    full_validator,
    quick_answer,
    quick_validator,
    resource_of,
    schemas_of_drafts,
    stumbling,
)
from prober.json_values.size import size_of
from tests.assertions.differences import DIFFERENCES
from tests.assertions.suite import DRAFTS, FOLDER, Example, examples, remotes

WITHOUT_JSONSCHEMA_RS: Final = frozenset({"draft3"})


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the two implementations say of an example; None where one cannot tell."""

    example: Example
    quick: bool | None
    full: bool | None
    in_loop: bool


def readable(documents: Mapping[str, Any], dialect: Dialect) -> Iterator[tuple[str, Any]]:
    """The documents without those of another draft, which `referencing` cannot read as one of this."""
    for uri, document in documents.items():
        try:
            with stumbling():
                schemas_of_drafts().with_resource(uri, resource_of(document, dialect)).crawl()
        except EngineError:
            continue
        yield uri, document


@cache
def answers(draft: str) -> tuple[Answers, ...]:
    """Both answers to every test of a draft."""
    if not FOLDER.is_dir():
        pytest.fail("the suite is not there: `make setup` or `python -m tests.assertions.suite` fetches it")
    dialect = DRAFTS[draft]
    documents = dict(readable(remotes(draft), dialect))
    found = []
    for example in examples(draft):
        try:
            bound = bound_of(example.schema, {})
        except EndlessReferenceError:
            bound = None
        inner = (schema.get("format") for schema in every_schema(example.schema) if isinstance(schema, dict))
        formats = frozenset(name for name in inner if isinstance(name, str)) if example.asserts else None
        quick = None
        if draft not in WITHOUT_JSONSCHEMA_RS:
            quick = quick_validator(example.schema, documents, asserted=formats)
        full = full_validator(example.schema, documents, asserts_formats=example.asserts, dialect=dialect)
        found.append(
            Answers(
                example=example,
                quick=quick_answer(quick, example.instance) if quick is not None else None,
                full=fits(full, example.instance),
                in_loop=quick is not None and bound is not None and bound.allows(size_of(example.instance)),
            )
        )
    return tuple(found)


def fits(validator: Any, instance: Any) -> bool | None:
    try:
        return next(errors_of(validator, instance), None) is None
    except (EngineError, RecursionError):
        return None


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_suite_is_whole(draft: str) -> None:
    assert len(answers(draft)) > 600 or draft == "draft3"
    assert len(answers(draft)) > 400


@pytest.mark.parametrize("draft", sorted(set(DRAFTS) - WITHOUT_JSONSCHEMA_RS))
def test_the_two_differ_only_where_the_table_says_so(draft: str) -> None:
    table = [row for row in DIFFERENCES if draft in row.drafts]
    unknown, used = [], set()
    for one in answers(draft):
        if one.quick is None or one.quick is one.full:
            continue
        row = next((row for row in table if one.example.name.startswith(row.where)), None)
        if row is None or row.in_loop is not one.in_loop:
            unknown.append(one)
        else:
            used.add(row.where)
    assert unknown == []
    assert used == {row.where for row in table}


@pytest.mark.parametrize("draft", sorted(set(DRAFTS) - WITHOUT_JSONSCHEMA_RS))
def test_most_is_answered_in_the_event_loop_and_rightly(draft: str) -> None:
    in_loop = [one for one in answers(draft) if one.in_loop and not one.example.asserts]
    assert len(in_loop) > 0.7 * len(answers(draft)) - sum(one.example.asserts for one in answers(draft))
    wrong = [one for one in in_loop if one.quick is not one.example.valid]
    assert [one for one in wrong if not one.example.name.startswith("optional/")] == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_a_false_answer_of_jsonschema_alone_is_never_to_a_mandatory_test(draft: str) -> None:
    alone = [one for one in answers(draft) if not one.in_loop and one.full is False and one.example.valid]
    mandatory = {one.example.name for one in alone if not one.example.name.startswith("optional/")}
    assert {name for name in mandatory if not name.startswith("vocabulary: ")} == set()
