"""Which metrics an expression of PromQL reads, and which labels it asks of them: as much grammar as the rules need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<range>\[[^\]]*\])
  | (?P<number>\d[\w.]*)
  | (?P<name>[A-Za-z_:][\w:]*)
  | (?P<mark>[!=]~|!=|[{}(),=~]|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLAUSES: Final = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS: Final = {"and", "or", "unless", "bool", "offset", "inf", "nan"}


@dataclass(frozen=True, kw_only=True)
class Read:
    """What an expression reads."""

    metrics: dict[str, set[str]]
    """Names with the labels of their matchers."""
    labels: set[str]
    """Those that it groups and joins by."""


def read(expression: str) -> Read:
    """Take an expression apart."""
    expression = re.sub(r"#[^\n]*", "", expression)
    found = [match for match in _TOKEN.finditer(expression) if not match[0].isspace()]
    tokens = [(str(match.lastgroup), match[0]) for match in found]
    metrics: dict[str, set[str]] = {}
    labels: set[str] = set()
    index = 0
    while index < len(tokens):
        kind, text = tokens[index]
        after = tokens[index + 1][1] if index + 1 < len(tokens) else ""
        index += 1
        if kind != "name" or text in _WORDS:
            continue
        if text in _CLAUSES:
            end = tokens.index(("mark", ")"), index)
            labels |= {name for kind, name in tokens[index:end] if kind == "name"}
            index = end + 1
        elif after == "{":
            end = tokens.index(("mark", "}"), index)
            asked = {tokens[at][1] for at in range(index, end) if tokens[at][0] == "name"}
            metrics.setdefault(text, set()).update(asked)
            index = end + 1
        elif after != "(" and after not in _CLAUSES:
            metrics.setdefault(text, set())
    return Read(metrics=metrics, labels=labels)
