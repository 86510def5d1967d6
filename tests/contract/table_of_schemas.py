"""Pairs of schemas, old and new, beside the rules of `test_compatibility`: what `changes.txt` says of each was read
over by a person once, and is not to change unseen."""

from __future__ import annotations

from typing import Any, Final

from tests.contract.test_compatibility import CAT, DOG, INTEGER, NULL, STRING, a, of

NUMBER: Final[dict[str, Any]] = {"type": "number"}
LONG: Final = "abcdefghij" * 20


def array(**keywords: Any) -> dict[str, Any]:
    return {"type": "array", **keywords}


def behind(reference: Any, **root: Any) -> dict[str, Any]:
    """A property that refers to somewhere in its root."""
    return {**a({"$ref": reference}), **root}


def tagged(kind: Any, **properties: Any) -> dict[str, Any]:
    return of(kind=kind, **properties)


SCHEMAS: Final[dict[str, tuple[Any, Any]]] = {
    # members
    "several members at once": (
        of(a=STRING, b=STRING, c=STRING, d=STRING, e=STRING) | {"required": ["d"]},
        of(c=STRING, d=STRING, e=INTEGER, f=STRING, g=STRING, h=STRING) | {"required": ["c", "g", "z"]},
    ),
    "members where there were none": ({"maxProperties": 3}, {"properties": {"b": STRING}, "maxProperties": 3}),
    "members no longer": ({"properties": {"b": STRING}, "maxProperties": 3}, {"maxProperties": 3}),
    "names required without members": ({"maxProperties": 3}, {"required": ["b"], "maxProperties": 3}),
    "names no longer required without members": ({"required": ["b"], "maxProperties": 3}, {"maxProperties": 3}),
    "names that are no texts": (of() | {"required": [1, "b"]}, of() | {"required": ["b", 2]}),
    "members that are no object": (of(a=STRING), {"type": "object", "properties": [STRING]}),
    # anything and nothing
    "words beside anything": (a({"title": "x"}), a({"title": "y", "default": 1})),
    "anything among alternatives": (a({"anyOf": [STRING, {}]}), a({"anyOf": [INTEGER, {}]})),
    "anything for several types": (a({"type": ["string", "null"]}), a({})),
    "anything for nothing": (a(False), a(True)),
    "nothing for anything": (a(True), a(False)),
    "nothing in common any more": (a(STRING), a({"allOf": [{"enum": ["x"]}, {"enum": ["y"]}]})),
    "no types at all": (a(STRING), a({"type": []})),
    # types
    "a type for keywords alone": (a({"minimum": 1}), a({"type": "integer", "minimum": 1})),
    "keywords alone for a type": (a({"type": "number", "minimum": 1}), a({"minimum": 1})),
    "a type that nobody knows": (a({"type": "file"}), a({"type": "file", "minimum": 1})),
    "a type twice": (a({"type": ["string", "string"]}), a(STRING)),
    "types that are no texts": (a({"type": [1, "string"]}), a(STRING)),
    "a number among integers": (a({"type": ["integer", "number"]}), a(NUMBER)),
    "something that is no schema": (a(3), a(4)),
    "something that is a schema now": (a(3), a(STRING)),
    # values
    "values of many types": (a({"enum": ["x", 1, None, True, 1.5, [1], {"a": 1}]}), a({"enum": ["x", 2, None, [1]]})),
    "a constant null": (a({"const": None}), a(NULL)),
    "numbers that are integers": (a({"type": "number", "enum": [1, 2.5]}), a({"type": "integer", "enum": [1, 2.5]})),
    "values of another type than said": (a({"type": "string", "enum": ["x", 1]}), a({"enum": ["x"]})),
    "one is no truth": (a({"enum": [1, True]}), a({"enum": [1.0]})),
    "fewer numbers": (a({"enum": [1, 1.5, 2]}), a({"enum": [1.5, 2]})),
    "values that are no list": (a({"type": "string", "enum": 3}), a({"type": "string", "enum": ["x"]})),
    "no values at all": (a({"enum": []}), a({"enum": ["x"]})),
    "no values at all within all of": (a({"allOf": [{"enum": []}]}), a({"enum": ["x"]})),
    "more values than are shown": (
        a({"enum": [LONG, *(f"old {n}" for n in range(12))]}),
        a({"enum": [LONG + "x", *(f"new {n}" for n in range(12))]}),
    ),
    "an enum of long texts": (a(STRING), a({"enum": [LONG, "x"]})),
    # numbers
    "a least value from nothing": (a(NUMBER), a(NUMBER | {"exclusiveMinimum": -5})),
    "no least value": (a(NUMBER | {"minimum": -5}), a(NUMBER)),
    "a greatest value": (a(NUMBER), a(NUMBER | {"maximum": 1e9})),
    "a bound that is no number": (a(NUMBER | {"minimum": "1"}), a(NUMBER | {"minimum": "2"})),
    "the same bound that is no number": (a(NUMBER | {"minimum": "1"}), a(NUMBER | {"minimum": "1"})),
    "a truth for a bound": (a(NUMBER | {"minimum": True}), a(NUMBER | {"minimum": 1})),
    "a step": (a(NUMBER), a(NUMBER | {"multipleOf": 2})),
    "no step": (a(NUMBER | {"multipleOf": 2}), a(NUMBER)),
    "the same step": (a(NUMBER | {"multipleOf": 2, "minimum": 0}), a(NUMBER | {"multipleOf": 2.0, "minimum": 0})),
    "steps that are fractions": (a(NUMBER | {"multipleOf": 0.5}), a(NUMBER | {"multipleOf": 1.5})),
    "a multiple of one": (a(NUMBER | {"multipleOf": 1}), a(NUMBER | {"multipleOf": 2})),
    "steps of no size": (a(NUMBER | {"multipleOf": 0}), a(NUMBER | {"multipleOf": 2})),
    "steps below nothing": (a(NUMBER | {"multipleOf": -2}), a(NUMBER | {"multipleOf": -4})),
    "a truth for a step": (a(NUMBER | {"multipleOf": True}), a(NUMBER | {"multipleOf": 2})),
    # texts and arrays
    "a long pattern": (a(STRING), a(STRING | {"pattern": LONG})),
    "elements may be there twice": (array(uniqueItems=True), array()),
    "elements may be there twice, as before": (array(uniqueItems=False), array()),
    "elements may no longer be there twice": (array(uniqueItems=False), array(uniqueItems=True)),
    "elements of a tuple": (array(items=[STRING, STRING]), array(items=[STRING, INTEGER])),
    "elements for a tuple": (array(items=[STRING]), array(items=STRING)),
    "the same tuple, and a bound": (array(items=[STRING], minItems=1), array(items=[STRING], minItems=2)),
    "a tuple": (array(), array(prefixItems=[STRING])),
    "elements of any type, said": (array(items=True), array(items=STRING)),
    "members that are matched by two patterns": (
        {"type": "object", "patternProperties": {"^y": STRING, "^x": NULL}},
        {"type": "object", "patternProperties": {"^x": STRING, "^y": INTEGER}},
    ),
    "members beyond of one type": (
        of() | {"additionalProperties": False},
        of() | {"additionalProperties": STRING},
    ),
    "members beyond of one type, no longer": (
        of() | {"additionalProperties": STRING},
        of() | {"additionalProperties": False},
    ),
    "members beyond, said to be taken": (of(), of() | {"additionalProperties": True, "title": "x"}),
    # references
    "a name with a slash and a tilde": (behind("#/$defs/a~1b~0c", **{"$defs": {"a/b~c": STRING}}), a(INTEGER)),
    "a name with a space": (behind("#/$defs/a%20b", **{"$defs": {"a b": STRING}}), a(INTEGER)),
    "a place in a list": (behind("#/anyOf/1", anyOf=[True, STRING]), {**a(INTEGER), "anyOf": [True, STRING]}),
    "a place behind a list": (behind("#/anyOf/2", anyOf=[True, STRING]), {**a(STRING), "anyOf": [True, STRING]}),
    "a place that is no number": (behind("#/anyOf/-1", anyOf=[True, STRING]), {**a(STRING), "anyOf": [True, STRING]}),
    "a place inside a text": (behind("#/title/0", title="x"), {**a(STRING), "title": "x"}),
    "a definition that is not there": (behind("#/$defs/x"), behind("#/$defs/y")),
    "a reference that is no text": (behind(3), behind(4)),
    "a reference to a name": (behind("#x"), a(STRING)),
    "a reference to another document": (behind("other.json#/a", a=STRING), a(STRING)),
    "a reference beside keywords": (
        {**a({"$ref": "#/$defs/x", "maxLength": 3}), "$defs": {"x": STRING}},
        {**a({"$ref": "#/$defs/x", "maxLength": 4}), "$defs": {"x": STRING}},
    ),
    "old definitions behind a dynamic reference": (
        {**a({"$dynamicRef": "#x"}), "definitions": {"x": STRING}},
        {**a({"$dynamicRef": "#x"}), "definitions": {"x": INTEGER}},
    ),
    "a reference deep inside": (
        {**a({"not": {"anyOf": [1, {"$ref": "#/$defs/x"}]}}), "$defs": {"x": STRING}},
        {**a({"not": {"anyOf": [1, {"$ref": "#/$defs/x"}]}}), "$defs": {"x": INTEGER}},
    ),
    "a reference beside other keywords inside": (
        {**a({"not": {"title": "x", "items": {"$ref": "#/$defs/x"}}}), "$defs": {"x": STRING}},
        {**a({"not": {"title": "x", "items": {"$ref": "#/$defs/x"}}}), "$defs": {"x": INTEGER}},
    ),
    "other definitions, and no reference": (
        {**a({"not": STRING, "title": "x"}), "$defs": {"x": STRING}},
        {**a({"not": STRING, "title": "y"}), "$defs": {"x": INTEGER}},
    ),
    # all of
    "values in common": (a({"allOf": [{"enum": ["x", "y"]}, {"enum": ["y", "z"]}]}), a({"enum": ["y", "z"]})),
    "names required together": (
        {"type": "object", "allOf": [{"required": ["a", "b"]}, {"required": ["b", "c"]}]},
        {"type": "object", "required": ["a"]},
    ),
    "members together": (
        {"allOf": [of(a=STRING), of(b=STRING)]},
        of(a=STRING, b=INTEGER, c=STRING),
    ),
    "one member said twice": (
        {"allOf": [of(a=STRING), of(a=INTEGER)]},
        {"allOf": [of(a=STRING), of(a=NUMBER)]},
    ),
    "one member said twice alike": ({"allOf": [of(a=STRING), of(a=STRING)]}, of(a=INTEGER)),
    "other words in each part": (
        a({"allOf": [{"title": "x", "default": 1}, {"title": "y", "default": 2}], "type": "string"}),
        a({"type": "string", "title": "x", "default": 1}),
    ),
    "parts that are no list": (a({"allOf": 3}), a({"allOf": 4})),
    "a part that is nothing": (a({"allOf": [STRING, False]}), a(STRING)),
    "a choice within all of": (a({"allOf": [{"anyOf": [STRING, INTEGER]}, {"title": "x"}]}), a(STRING)),
    "bounds that contradict": (
        a({"allOf": [{"minimum": 1}, {"minimum": 2}]}),
        a({"allOf": [{"minimum": 1}, {"minimum": 3}]}),
    ),
    # choices
    "a choice that is no list": (a({"anyOf": 3}), a({"anyOf": 4})),
    "one of that is no list": (a({"oneOf": 3}), a({"oneOf": 4})),
    "a choice beside keywords": (a({"anyOf": [STRING, INTEGER], "title": "x"}), a({"type": ["string", "integer"]})),
    "two untagged objects each": ({"anyOf": [of(a=STRING), of(b=STRING)]}, {"anyOf": [of(c=STRING), of(d=STRING)]}),
    "an untagged object each": ({"anyOf": [of(a=STRING), NULL]}, {"anyOf": [of(b=STRING), NULL]}),
    "a tag comes": ({"anyOf": [of(a=STRING), NULL]}, {"anyOf": [tagged({"const": "x"}, a=STRING), NULL]}),
    "another tag": ({"anyOf": [CAT, NULL]}, {"anyOf": [DOG, NULL]}),
    "a tag as an enum of one": ({"anyOf": [CAT, DOG]}, {"anyOf": [DOG, tagged({"enum": ["cat"]}, lives=STRING)]}),
    "an enum of two is no tag": (
        {"anyOf": [tagged({"enum": ["x", "y"]}, a=STRING), CAT]},
        {"anyOf": [tagged({"enum": ["x", "y"]}, a=INTEGER), CAT]},
    ),
    "a number is no tag": (
        {"anyOf": [tagged({"const": 1}, a=STRING), CAT]},
        {"anyOf": [tagged({"const": 2}, a=STRING), CAT]},
    ),
    "a tag of two members": (
        {"anyOf": [tagged({"const": "x"}, v={"const": "1"}), tagged({"const": "x"}, v={"const": "2"}, a=STRING)]},
        {"anyOf": [tagged({"const": "x"}, v={"const": "2"}, a=INTEGER), tagged({"const": "x"}, v={"const": "1"})]},
    ),
    "members beside no schema": ({"anyOf": [of(a=True), NULL]}, {"anyOf": [of(a=False), NULL]}),
    "an alternative that is long": (
        {"anyOf": [CAT, DOG]},
        {"anyOf": [CAT, DOG, tagged({"const": LONG}) | {"title": "not shown"}]},
    ),
    "more alternatives than are compared": (
        a({"anyOf": [{"enum": [n], "title": str(n)} for n in range(65)]}),
        a({"anyOf": [{"enum": [n], "title": str(n)} for n in range(66)]}),
    ),
    "as many alternatives as are compared": (
        a({"anyOf": [array(minItems=n) for n in range(64)]}),
        a({"anyOf": [array(minItems=n) for n in range(63)]}),
    ),
}
