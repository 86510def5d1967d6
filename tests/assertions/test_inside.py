"""References into their own document mean what the library says they mean."""

from __future__ import annotations

from typing import Any

import pytest
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from prober.assertions.inside import inside, names_nothing

DOCUMENT: dict[str, Any] = {
    "$defs": {"a": {"type": "null"}, "b c": {"x": {}}, "": {"": {}}, "d/e": {}, "d~e": {}, "a%20b": {}, "t": True},
    "allOf": [{"$ref": "#/$defs/a"}],
    "properties": {"id": {"type": "string"}, "$id": {}},
}


def library_finds(reference: str) -> Any:
    resolver = Registry().with_resource("", DRAFT202012.create_resource(DOCUMENT)).resolver("")
    try:
        return resolver.lookup(reference).contents
    except (Unresolvable, ValueError):
        return None


@pytest.mark.parametrize(
    "reference",
    [
        *("#", "#/$defs/a", "#/$defs/b c", "#/$defs/b c/x", "#/$defs/", "#/$defs//", "#/$defs/t", "#/properties/id"),
        *("#/$defs/none", "#/none/a", "#/$defs/a/type/x"),
    ],
)
def test_a_plain_path_means_what_the_library_finds(reference: str) -> None:
    assert inside(DOCUMENT, reference) == library_finds(reference)


@pytest.mark.parametrize("reference", ["#/$defs/d~1e", "#/$defs/d~0e", "#/$defs/a%2520b", "#/allOf/0"])
def test_a_path_with_escapes_or_through_arrays_is_left_to_the_library(reference: str) -> None:
    assert inside(DOCUMENT, reference) is None
    assert library_finds(reference) is not None


@pytest.mark.parametrize("reference", ["", "a", "#a", "other.json", "other.json#/$defs/a", "/$defs/a", "#//"])
def test_what_is_no_path_inside_is_not_looked_up(reference: str) -> None:
    assert inside(DOCUMENT, reference) is None


@pytest.mark.parametrize(
    ("document", "plain"),
    [
        (DOCUMENT, True),
        (True, True),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, True),
        ({"$id": "https://x.test/"}, False),
        ({"$defs": {"a": {"$id": "b"}}}, False),
        ({"allOf": [{"$anchor": "a"}]}, False),
        ({"$dynamicAnchor": "a"}, False),
        ({"items": {"$dynamicRef": "#a"}}, False),
        ({"$recursiveAnchor": True}, False),
        ({"items": {"$recursiveRef": "#"}}, False),
        ({"items": {"id": "x"}}, False),
        ({"items": {"$schema": "http://json-schema.org/draft-07/schema#"}}, False),
        ({"default": {"$id": "mere data"}}, False),
    ],
)
def test_a_document_names_nothing_if_nothing_in_it_looks_like_a_name(document: Any, plain: bool) -> None:
    assert names_nothing(document) is plain
