"""A quick yes: schemas that others wrote, compiled where they are simple, which most are.

What fits is told at once and without the library, whose import takes longer than a small pass. What does not is left
to the library: it has the last word and finds the words for it. So a check made here must be right when it says None,
and may say Fault whenever it is not sure. It knows only keywords that such a Fault below them cannot turn into a None:
no `not`, no `oneOf`, no `if`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.assertions.cost import size_of
from prober.assertions.dialects import DEFAULT, DRAFT_7, dialect_of
from prober.assertions.formats import FORMATS, conforms
from prober.assertions.inside import names_nothing
from prober.assertions.quick import NotSupported, compile_schema
from prober.assertions.quick_keywords import MAKERS, Compiler, Maker, anything
from prober.assertions.violation import Check, Fault
from prober.json_values import Json, hashable

MAX_COMPILED: Final = 500
"""Values in a schema up to which it is compiled: a few milliseconds, which hold up others."""


def quick_check(document: Json, *, asserts_formats: bool) -> Check | None:
    """A check of a sound schema that refers to no other document; None where it is not that simple.

    Draft 2020-12 is what the protocol says, draft 7 is what many servers write.
    """
    dialect = dialect_of(document, inherited=DEFAULT)
    if dialect not in (DEFAULT, DRAFT_7) or not names_nothing(document):
        return None
    if size_of(document, most=MAX_COMPILED) is None:
        return None
    makers = dict(_MAKERS)
    if asserts_formats:
        makers["format"] = _format
    if dialect is DRAFT_7:
        makers["$ref"] = _lone_reference
    try:
        return compile_schema(document, documents={"": document}, makers=makers)
    except NotSupported:
        return None


def _format(_: Compiler, name: Json, _schema: Json, _base: str) -> Check:
    if name not in FORMATS:
        return anything
    return lambda value: None if conforms(name, value) else Fault("format", name, value)


def _lone_reference(compiler: Compiler, reference: Json, schema: Json, base: str) -> Check:
    """A reference of draft 7, where nothing counts that stands beside it."""
    if len(schema) > 1:
        raise NotSupported("something beside $ref")
    return compiler.reference(reference, base)


def _unique_items(_: Compiler, wanted: Json, _schema: Json, _base: str) -> Check:
    def check(value: Json) -> Fault | None:
        if isinstance(value, list) and len(set(map(hashable, value))) < len(value):
            return Fault("uniqueItems", "no element twice", value)
        return None

    return check if wanted else anything


_MAKERS: Final[Mapping[str, Maker]] = {
    **{keyword: make for keyword, make in MAKERS.items() if keyword != "$dynamicRef"},
    "uniqueItems": _unique_items,
}
"""Unlike the schemas of the drafts, those of others ask for unique elements of every type."""
