"""Finds arguments of a tool, such as an id, in the answers of the server's own list tools.

`get_note` wants `note_id`; `list_notes` has answered `{"notes": [{"id": 7}]}`: the plan is to call `list_notes`, take
`$.notes[0].id`, and call `get_note` with it. Names decide, in any spelling; whether the plan works, only a call shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prober.discover.surveyed import Borrowed, CalledTool
from prober.kinds.placeholders import NAME_PATTERN, SCRATCH, names_in

MAX_PLANS: Final = 3
"""Plans that are tried for one tool."""

_MAX_DEPTH: Final = 3
_MAX_MEMBERS: Final = 200
_LONGEST: Final = 300
"""Characters of a value that may be an identifier."""

_GENERIC: Final = frozenset(
    {
        "id",
        "name",
        "key",
        "slug",
        "uri",
        "url",
        "path",
        "uuid",
        "code",
        "number",
        "ref",
        "identifier",
        "handle",
        "symbol",
    }
)
"""Words that say which sort of identifier, but not of what."""

_ACTIONS: Final = frozenset(
    {"list", "get", "all", "search", "find", "read", "fetch", "show", "describe", "query", "by"}
)
_CONTAINERS: Final = frozenset({"result", "item", "data", "value", "entry", "row", "content", ""})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A call to make: a tool, its arguments, and the calls whose answers fill `{name}` in the arguments."""

    tool: str
    arguments: Mapping[str, Any]
    borrowed: tuple[Borrowed, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A value in the answer of a tool that may identify something."""

    tool: CalledTool
    path: str
    key: str
    container: str


def plans(tool: str, arguments: Mapping[str, Any], wanted: Iterable[str], called: Sequence[CalledTool]) -> list[Plan]:
    """Plans for a call of `tool` whose `wanted` arguments come from answers of `called`, the likeliest first."""
    names = list(wanted)
    if not names or any(re.fullmatch(NAME_PATTERN, name) is None or name == SCRATCH for name in names):
        return []
    if names_in({name: value for name, value in arguments.items() if name not in names}):
        return []  # a text of the server that would be taken for a placeholder
    candidates = [each for answering in called if not answering.borrowed for each in _candidates(answering)]
    found = [_matching(tool, name, candidates) for name in names]
    if not all(found):
        return []
    chosen = [[ranked[min(place, len(ranked) - 1)] for ranked in found] for place in range(max(map(len, found)))]
    return [_plan(tool, arguments, dict(zip(names, each, strict=True))) for each in chosen[:MAX_PLANS]]


def _plan(tool: str, arguments: Mapping[str, Any], chosen: Mapping[str, _Candidate]) -> Plan:
    borrowed = []
    for source in {each.tool.name: each.tool for each in chosen.values()}.values():
        capture = {name: each.path for name, each in chosen.items() if each.tool is source}
        borrowed.append(Borrowed(tool=source.name, arguments=source.arguments, source=source.source, capture=capture))
    placeholders = {name: f"{{{name}}}" for name in chosen}
    return Plan(tool=tool, arguments={**arguments, **placeholders}, borrowed=tuple(borrowed))


def _matching(tool: str, argument: str, candidates: Iterable[_Candidate]) -> list[_Candidate]:
    scored = [(_score(tool, argument, each), each) for each in candidates]
    ranked = sorted((each for each in scored if each[0] > 0), key=lambda each: -each[0])
    return [each for _, each in ranked[:MAX_PLANS]]


def _score(tool: str, argument: str, candidate: _Candidate) -> int:
    """How well a candidate fits: 0 is not at all."""
    wanted, key = _words(argument), _words(candidate.key)
    container = _words(candidate.container)
    about = {*(() if set(container) <= _CONTAINERS else container), *_words(candidate.tool.name)} - _ACTIONS - _GENERIC
    stem = [word for word in wanted if word not in _GENERIC]
    if not wanted:
        return 0
    if wanted == key:
        return 4 if stem else 3 if about & set(_words(tool)) else 0
    if stem and not set(stem) <= about:
        return 0
    if not stem and not about & set(_words(tool)):
        return 0
    if not key:  # a list of texts or numbers, such as the names of tables
        return 3
    sort = [word for word in wanted if word in _GENERIC]
    if sort and sort == [word for word in key if word in _GENERIC]:
        return 3
    return 2 if not sort and key in (["name"], ["id"], ["key"], ["slug"]) else 0


def _candidates(tool: CalledTool) -> Iterator[_Candidate]:
    if tool.source != "result":
        for path, key, container in _identifiers(tool.answer, "$", "", 0):
            yield _Candidate(tool=tool, path=path, key=key, container=container)


def _identifiers(value: Any, path: str, container: str, depth: int) -> Iterator[tuple[str, str, str]]:
    """Path, key and container of each identifier in the first element of each list."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list) and value:
        first, at = value[0], f"{path}[0]"
        if _identifies(first):
            yield at, "", container
        elif isinstance(first, dict):
            members = ((key, first[key]) for key in list(first)[:_MAX_MEMBERS])
            yield from (
                (f"{at}.{key}", key, container) for key, member in members if _is_word(key) and _identifies(member)
            )
    elif isinstance(value, dict):
        for key in list(value)[:_MAX_MEMBERS]:
            if _is_word(key) and isinstance(value[key], list | dict):
                yield from _identifiers(value[key], f"{path}.{key}", key, depth + 1)


def _identifies(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST
    return isinstance(value, int) and not isinstance(value, bool)


def _is_word(name: str) -> bool:
    return len(name) <= _LONGEST and re.fullmatch(NAME_PATTERN, name) is not None


def _words(name: str) -> list[str]:
    """The words of a name in any spelling, lower case, singular: `noteIds` is note, id."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:_LONGEST])
    return [_singular(word.lower()) for word in re.findall(r"[A-Za-z0-9]+", spaced)]


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word
