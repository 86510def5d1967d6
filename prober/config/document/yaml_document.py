"""Parses YAML 1.2 (core schema) into a tree of nodes with line numbers: strict and bounded.

It uses the parser's events instead of PyYAML's composer: the composer resolves scalars by YAML 1.1 (`on`, `2025-11-25`
and `12:30` are not texts there), does not separate `!!str 5` from a plain `5`, and its compiled form overflows the
stack on deeply nested input. Refused are duplicate keys, keys that are not texts, merge keys, tags beyond the core
schema, several documents, nesting beyond `MAX_DEPTH`, and aliases that expand to more than `MAX_NODES`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from prober.config.document.nodes import ListNode, MappingNode, Node, Scalar, ScalarNode, child_path

if TYPE_CHECKING:
    from yaml.events import Event

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_NODES: Final = 200_000
"""Nodes after the expansion of aliases. 2,000 probes with twenty lines each stay well below."""

_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"
# Aliases and tags are not named: a secret without quotes may begin with * or !.
_NO_ANCHOR: Final = "the alias has no anchor before it; a text that begins with * needs quotes"
_NO_TAG: Final = "the tag is not supported; a text that begins with ! needs quotes"

Complain: TypeAlias = Callable[[int, str, str], None]
"""Called with line, path and message of a mistake after which reading goes on."""


class UnreadableError(Exception):
    """The text is no usable YAML document; it was read up to `line`."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


def parse(content: bytes, complain: Complain, *, most_bytes: int = MAX_BYTES, most_nodes: int = MAX_NODES) -> Node:
    """The one document in `content`. `complain` gets mistakes after which reading goes on. Raises `UnreadableError`."""
    if len(content) > most_bytes:
        raise UnreadableError(0, f"larger than {most_bytes // 1024**2} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(content.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
    try:
        return _Composer(_events(text), complain, most_nodes).document()
    except yaml.reader.ReaderError as error:
        raise UnreadableError(
            _line_of(error, text), f"not YAML: character U+{error.character:04X} is not allowed"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text) from None


def _events(text: str) -> Iterator[Event]:
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    events: Iterator[Event] = yaml.parse(text, Loader=loader)
    return events


def _line_of(error: yaml.reader.ReaderError, text: str) -> int:
    # The compiled parser counts bytes, the other one characters.
    before = text.encode()[: error.position].decode() if yaml.__with_libyaml__ else text[: error.position]
    return before.count("\n") + 1


def _syntax_error(error: yaml.MarkedYAMLError, text: str) -> UnreadableError:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    lines = text.splitlines()
    here = lines[line] if line < len(lines) else ""
    what = str(error.problem or error.context)
    if "nesting depth" in what:
        # Newer versions of libyaml refuse 1,000 levels in the scanner, which runs ahead of the events checked below.
        return UnreadableError(line + 1, _TOO_DEEP)
    if "cannot start any token" in what and mark:
        first = here[mark.column : mark.column + 1]
        what = "a tab cannot indent; use spaces" if first == "\t" else f"a text that begins with {first} needs quotes"
    elif "tag handle" in what:
        what = _NO_TAG
    elif "end of stream" in what and error.context_mark and "quoted" in str(error.context):
        line = error.context_mark.line
        what = "a quoted text that never ends"
    elif "${" in here and ("'}'" in what or "']'" in what):
        what += "; a text with ${…} inside { } or [ ] needs quotes"
    return UnreadableError(line + 1, f"not YAML: {what}")


class _Composer:
    """Builds the tree. Recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, events: Iterator[Event], complain: Complain, most_nodes: int):
        self._events = events
        self._complain = complain
        self._most_nodes = most_nodes
        self._anchors: dict[str, Node | None] = {}

    def document(self) -> Node:
        event = next(self._events)
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise UnreadableError(0, "the file is empty")
        root = self._node(event, "", 0)
        next(self._events)  # the end of the document
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise UnreadableError(_line(event), "a second document; write one document a file")
        return root

    def _node(self, event: Event, path: str, depth: int) -> Node:
        line = _line(event)
        if depth > MAX_DEPTH:
            raise UnreadableError(line, _TOO_DEEP)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line)
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            event.value = sys.intern(event.value)  # thousands of probes have the same keys and words
            node = ScalarNode(line=line, text=event.value, value=self._scalar(event, line, path))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq", line, path)
            node = self._list(line, path, depth)
        else:
            self._check_tag(event, "map", line, path)
            node = self._mapping(line, path, depth)
        if node.size > self._most_nodes:
            raise UnreadableError(line, f"more than {self._most_nodes:,} values once aliases are unfolded")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent, line: int) -> Node:
        if event.anchor not in self._anchors:
            raise UnreadableError(line, _NO_ANCHOR)
        if (node := self._anchors[event.anchor]) is None:
            raise UnreadableError(line, "the alias stands inside its own anchor")
        return node

    def _list(self, line: int, path: str, depth: int) -> ListNode:
        # The line of an item or entry is its line in the list or mapping, also if it is an alias.
        items: list[tuple[int, Node]] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append((_line(event), self._node(event, child_path(path, len(items)), depth + 1)))
        return ListNode(line=line, items=tuple(items), size=1 + sum(item.size for _, item in items))

    def _mapping(self, line: int, path: str, depth: int) -> MappingNode:
        entries: dict[str, tuple[int, Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, path, depth + 1)
            key_line = _line(event)
            name = None if self._is_merge(event, path) else self._key(key, key_line, path)
            value = self._node(next(self._events), path if name is None else child_path(path, name), depth + 1)
            if name is None:
                continue
            if name in entries:
                self._complain(
                    key_line, child_path(path, name), f"written twice; the first is on line {entries[name][0]}"
                )
            else:
                entries[name] = (key_line, value)
        return MappingNode(line=line, entries=entries, size=1 + sum(value.size for _, value in entries.values()))

    def _key(self, key: Node, line: int, path: str) -> str | None:
        if not isinstance(key, ScalarNode):
            self._complain(line, path, "a key must be a text")
            return None
        if not isinstance(key.value, str):
            self._complain(line, path, f"a key must be a text; write {key.text!r} with the quotes")
            return None
        return key.value

    def _is_merge(self, event: Event, path: str) -> bool:
        """Whether a key is a merge key of YAML 1.1. In quotes it is a normal text."""
        if not isinstance(event, yaml.ScalarEvent) or event.value != "<<" or not event.implicit[0]:
            return False
        self._complain(_line(event), path, "merge keys (<<) are not supported; use an alias for a whole value")
        return True

    def _scalar(self, event: yaml.ScalarEvent, line: int, path: str) -> Scalar:
        plain = _resolve(event.value)
        if event.tag is None:
            if event.implicit[0]:
                return self._checked(plain, line, path)
            return event.value
        name = event.tag.removeprefix(_CORE)
        if event.tag == "!" or name == "str":
            return event.value
        if name not in _TYPES:
            self._complain(line, path, _NO_TAG)
            return event.value
        if not isinstance(plain, _TYPES[name]) or (name != "bool" and isinstance(plain, bool)):
            self._complain(line, path, f"the value does not fit its tag !!{name}")
            return event.value
        return self._checked(plain, line, path)

    def _checked(self, value: Scalar, line: int, path: str) -> Scalar:
        if isinstance(value, float) and value - value != 0.0:
            self._complain(line, path, "not a finite number; put it in quotes if it is a text")
        return value

    def _check_tag(self, event: Any, name: str, line: int, path: str) -> None:
        if event.tag not in (None, "!", _CORE + name):
            self._complain(line, path, _NO_TAG)


_CORE: Final = "tag:yaml.org,2002:"
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}
_WORDS: Final[dict[str, Scalar]] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INT: Final = re.compile(r"[-+]?[0-9]{1,400}")
_OCTAL: Final = re.compile(r"0o[0-7]{1,400}")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]{1,400}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _resolve(text: str) -> Scalar:
    """The value of a plain scalar by the core schema (YAML 1.2.2 section 10.3.2)."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(event: Event) -> int:
    line: int = event.start_mark.line  # type: ignore[union-attr]  # a parser's events always have a mark
    return line + 1
