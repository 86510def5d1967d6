"""Picks the most helpful error of a JSON Schema validator and words it in our style."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from prober.assertions.mismatch import Mismatch
from prober.json_values import cap, pointer, render

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_CHOICES: Final = frozenset({"anyOf", "oneOf"})


def most_telling(errors: Iterable[ValidationError]) -> Mismatch | None:
    """The error closest to the root of the instance; of several the first in the schema's order.

    Where it is a choice (`anyOf`, `oneOf`), the alternative that was meant speaks for it: the one whose tag, a constant
    member, is right. Without tags it is the one that came furthest, if there is one such: an object with a wrong member
    is more of an object than of a null. The order is that of the schema and of the
    instance, so the same case always gives the same answer.
    """
    best = min(errors, key=_rank, default=None)
    while best is not None and best.validator in _CHOICES and best.context:
        alternatives = _by_alternative(best.context)
        meant = [errors for errors in alternatives if not _tags(errors)]
        if not meant and (wrong := _wrong_tag(alternatives)):
            return wrong
        spokesmen = _spokesmen(meant or alternatives)
        if len(spokesmen) > 1:
            return _mismatch(best, spokesmen)
        best = spokesmen[0]
    return _mismatch(best, []) if best is not None else None


def _rank(error: ValidationError) -> tuple[int, bool]:
    return len(error.path), error.validator in _CHOICES


def _by_alternative(context: list[ValidationError]) -> list[list[ValidationError]]:
    """The errors of a choice, together for each alternative."""
    alternatives: dict[Any, list[ValidationError]] = defaultdict(list)
    for error in context:
        # An alternative that is `false` has no path (jsonschema 4.26), and no more than this one error.
        path = error.relative_schema_path
        alternatives[path[0] if path else None].append(error)
    return list(alternatives.values())


def _tags(errors: list[ValidationError]) -> dict[str, ValidationError]:
    """The members that are not the constant which an alternative asks for, by name."""
    wrong = [error for error in errors if error.validator == "const" and len(error.relative_path) == 1]
    return {str(error.relative_path[0]): error for error in wrong if isinstance(error.validator_value, str)}


def _wrong_tag(alternatives: list[list[ValidationError]]) -> Mismatch | None:
    """The mismatch of a value whose tag is none of those that the alternatives ask for."""
    tags = [_tags(errors) for errors in alternatives]
    for name, first in tags[0].items():
        if len(tags) > 1 and all(name in others for others in tags):
            known = [others[name].validator_value for others in tags]
            return Mismatch(
                pointer=pointer(first.absolute_path),
                keyword="enum",
                seen=render(first.instance),
                expected=cap(f"one of {render(known)}"),
            )
    return None


def _spokesmen(alternatives: list[list[ValidationError]]) -> list[ValidationError]:
    """Of each alternative its first error; only of the alternatives whose errors lie deepest."""
    spokesmen = [min(errors, key=_rank) for errors in alternatives]
    depth = max(len(error.path) for error in spokesmen)
    return [error for error in spokesmen if len(error.path) == depth]


def _mismatch(error: ValidationError, spokesmen: list[ValidationError]) -> Mismatch:
    keyword = _keyword(error)
    expected, seen = _PHRASES.get(keyword, _as_written)(error)
    if spokesmen and not any(spokesman.path for spokesman in spokesmen):
        expected = _alternatives(_PHRASES.get(_keyword(one), _as_written)(one)[0] for one in spokesmen)
    return Mismatch(pointer=pointer(error.absolute_path), keyword=keyword, seen=cap(seen), expected=cap(expected))


def _keyword(error: ValidationError) -> str:
    return error.validator if isinstance(error.validator, str) else "false"


_Phrase = Callable[["ValidationError"], tuple[str, str]]
"""What was expected, and what was seen."""


def _names(value: Any) -> list[str]:
    return [
        name if isinstance(name, str) else render(name, 40) for name in (value if isinstance(value, list) else [value])
    ]


def _alternatives(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " or ".join(unique) if len(unique) < 3 else ", ".join(unique[:-1]) + " or " + unique[-1]


def _as_written(error: ValidationError) -> tuple[str, str]:
    return render(error.validator_value), render(error.instance)


def _expecting(words: str) -> _Phrase:
    """A phrase with the keyword's value in place of `{}`."""
    return lambda error: (words.format(render(error.validator_value, 150)), render(error.instance))


def _plainly(words: str) -> _Phrase:
    """A phrase that the keyword's value adds nothing to."""
    return lambda error: (words, render(error.instance))


def _counting(words: str, unit: str) -> _Phrase:
    """A phrase for a number of things; what is seen begins with how many there are."""

    def phrase(error: ValidationError) -> tuple[str, str]:
        instance: Any = error.instance
        return f"{words} {error.validator_value} {unit}", f"{len(instance)} {unit}: {render(instance)}"

    return phrase


def _required(error: ValidationError) -> tuple[str, str]:
    instance: Any = error.instance
    required: Any = error.validator_value
    missing = [render(name, 60) for name in required if name not in instance]
    return f"{'member' if len(missing) == 1 else 'members'} {', '.join(missing)}", render(instance)


def _additional(error: ValidationError) -> tuple[str, str]:
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    instance: Any = error.instance
    extra = {name: value for name, value in instance.items() if name not in known}
    return "no member that is not declared", render(extra)


_PHRASES: Final[Mapping[str, _Phrase]] = {
    "false": _plainly("nothing"),
    "type": lambda error: (_alternatives(_names(error.validator_value)), render(error.instance)),
    "enum": _expecting("one of {}"),
    "const": _expecting("{}"),
    "anyOf": _plainly("one of the alternatives"),
    "oneOf": _plainly("exactly one of the alternatives"),
    "not": lambda error: (
        "nothing" if error.validator_value == {} else _expecting("anything but {}")(error)[0],
        render(error.instance),
    ),
    "required": _required,
    "additionalProperties": _additional,
    "minimum": _expecting("at least {}"),
    "maximum": _expecting("at most {}"),
    "exclusiveMinimum": _expecting("more than {}"),
    "exclusiveMaximum": _expecting("less than {}"),
    "multipleOf": _expecting("a multiple of {}"),
    "minLength": _counting("at least", "characters"),
    "maxLength": _counting("at most", "characters"),
    "minItems": _counting("at least", "elements"),
    "maxItems": _counting("at most", "elements"),
    "minProperties": _counting("at least", "members"),
    "maxProperties": _counting("at most", "members"),
    "pattern": _expecting("a match of {}"),
    "format": _expecting("format {}"),
    "uniqueItems": _plainly("no element twice"),
    "unevaluatedProperties": _plainly("no member beyond those declared"),
    "unevaluatedItems": _plainly("no element beyond those declared"),
    "dependentRequired": _expecting("members by the rule {}"),
    "contains": _expecting("an element that fits {}"),
}
