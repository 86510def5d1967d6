"""Which alternative of a new schema stands for which of the old."""

from __future__ import annotations

from dataclasses import dataclass, field

from prober.contract.normalize import Alternative, base_type
from prober.json_values import Json, same


@dataclass
class Pairs:
    """Alternatives that belong together, and those that do not have a counterpart."""

    pairs: list[tuple[Alternative, Alternative]] = field(default_factory=list)
    gone: list[Alternative] = field(default_factory=list)
    come: list[Alternative] = field(default_factory=list)


def pair_up(olds: list[Alternative], news: list[Alternative]) -> Pairs:
    """Pair the alternatives of one type: equal ones first, then those with the same tag, then the last two if one is
    left on each side. An alternative of any type stands alone unless it is equal to one."""
    found = Pairs()
    for kind in dict.fromkeys(map(base_type, [*olds, *news])):
        some = [one for one in olds if base_type(one) == kind]
        others = [one for one in news if base_type(one) == kind]
        for alike in (same, _same_tag):
            for one in list(some):
                other = next((other for other in others if alike(one, other)), None)
                if other is not None:
                    found.pairs.append((one, other))
                    some = [rest for rest in some if rest is not one]
                    others = [rest for rest in others if rest is not other]
        if len(some) == len(others) == 1 and _tag(some[0]) == _tag(others[0]) == {}:
            found.pairs.append((some.pop(), others.pop()))
        found.gone += some
        found.come += others
    return found


def _same_tag(one: Alternative, other: Alternative) -> bool:
    tag = _tag(one)
    return bool(tag) and tag == _tag(other)


def _tag(alternative: Alternative) -> dict[str, str]:
    """The constant texts among an object's properties, which tell the members of a union apart."""
    properties = alternative.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: text for name, schema in properties.items() if (text := _constant(schema)) is not None}


def _constant(schema: Json) -> str | None:
    if not isinstance(schema, dict):
        return None
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    alone = values[0] if isinstance(values, list) and len(values) == 1 else None
    return alone if isinstance(alone, str) else None
