"""A value in a YAML document with its position, and the state of reading its file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prober.config.document.diagnostics import Mistake
from prober.config.document.expansion import ExpansionError, expand
from prober.config.document.nodes import ListNode, MappingNode, Node, ScalarNode, child_path, printable
from prober.config.fields.secret import Secret


class InvalidValueError(Exception):
    """A value could not be read. Its mistake is reported already."""


@dataclass(kw_only=True)
class FileScope:
    """State of reading one file. All files of a configuration share `schemas`."""

    file: Path
    environ: Mapping[str, str]
    contracts_may_be_missing: bool = False
    schemas: dict[Path, Any] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    defaults: Mapping[str, Any] | None = field(default_factory=dict)
    """Fields of `Probe` that the file's `defaults` set; None when they could not be read."""
    target_references: list[tuple[Cursor, str]] = field(default_factory=list)
    """Names of targets in probes, checked when all files are read."""
    source_references: list[tuple[Cursor, str]] = field(default_factory=list)
    """Names of sources in probes, likewise."""
    write_requests: list[tuple[Cursor, str]] = field(default_factory=list)
    """`allow_writes` of probes whose target, the name, must allow writes as well."""
    http_requests: list[tuple[Cursor, str]] = field(default_factory=list)
    """Probes whose target, the name, must be of Streamable HTTP."""
    files: set[Path] = field(default_factory=set)
    """Files that values of this file name, whether they can be read or not."""

    @property
    def folder(self) -> Path:
        """The base of relative paths. Symbolic links are not resolved: mounted files are links to other folders."""
        return self.file.absolute().parent

    def note(self, line: int, path: str, message: str) -> None:
        """Record a mistake as one line; control characters in the message are escaped."""
        self.mistakes.append(Mistake(file=self.file, line=line, path=path, message=printable(message)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """One value of a document. `line` is the line of its key, if it has one."""

    scope: FileScope
    node: Node
    line: int
    path: str
    name: str
    """The key or index of the value."""
    secrets: list[Secret]
    """The values of all `${…}` in this target or probe."""
    expands: bool = False
    """Whether `${…}` is expanded here."""

    @classmethod
    def root(cls, scope: FileScope, node: Node) -> Cursor:
        """The whole document."""
        return cls(scope=scope, node=node, line=node.line, path="", name="", secrets=[])

    def report(self, message: str) -> None:
        """Report a mistake here and go on."""
        node = self.node
        without_value = isinstance(node, ScalarNode) and node.value is None and not node.text
        if without_value and re.search(r":\S", self.name):  # `{a:b}` is a key to YAML
            message = f"a space is missing after the colon; {message}"
        self.scope.note(self.line, self.path, message)

    def error(self, message: str) -> InvalidValueError:
        """Report a mistake here; the caller raises the returned exception."""
        self.report(message)
        return InvalidValueError()

    def wrong_type(self, wanted: str) -> InvalidValueError:
        """Refuse a value of the wrong type."""
        return self.error(f"expected {wanted}, found {self.type_word}")

    @property
    def type_word(self) -> str:
        """The type of the value, for messages."""
        match self.node:
            case MappingNode():
                return "a mapping"
            case ListNode():
                return "a list"
            case ScalarNode(value=None):
                return "nothing"
            case ScalarNode(value=bool(), text=text):
                return text
            case ScalarNode(value=str()):
                return "a text"
            case _:
                return "a number"

    def raw_text(self) -> str | None:
        """The text in the file, without expansion of `${…}`; None if the value is no text."""
        node = self.node
        return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else None

    @property
    def shown(self) -> str:
        """The text in the file, shortened for messages."""
        text = self.raw_text() or ""
        return text if len(text) <= 200 else text[:199] + "…"

    def text(self, wanted: str) -> str:
        """The text, with `${…}` expanded where that is allowed. It may hold secrets: never show it."""
        raw = self.raw_text()
        if raw is None:
            hint = ": put it in quotes" if self.type_word in ("a number", "true", "false") else ""
            raise self.error(f"expected {wanted}, found {self.type_word}{hint}")
        if not self.expands:
            return raw
        try:
            return expand(raw, environ=self.scope.environ, folder=self.scope.folder, hide=self._hide)
        except ExpansionError as error:
            raise self.error(str(error)) from None

    def _hide(self, value: str) -> None:
        if value:
            self.secrets.append(Secret(value))

    def entries(self, wanted: str) -> Iterator[Cursor]:
        """The values of a mapping, in their order."""
        if not isinstance(self.node, MappingNode):
            raise self.wrong_type(wanted)
        return (self._child(key, line, node) for key, (line, node) in self.node.entries.items())

    def items(self, wanted: str) -> Iterator[Cursor]:
        """The values of a list, in their order."""
        if not isinstance(self.node, ListNode):
            raise self.wrong_type(wanted)
        return (self._child(index, line, node) for index, (line, node) in enumerate(self.node.items))

    def find(self, *steps: str | int) -> Cursor | None:
        """The value that keys and indexes lead to, or None if there is none."""
        here: Cursor = self
        for step in steps:
            node = here.node
            if isinstance(node, MappingNode) and str(step) in node.entries:
                line, child = node.entries[str(step)]
                here = here._child(str(step), line, child)
            elif isinstance(node, ListNode) and str(step).isdecimal() and int(step) < len(node.items):
                line, child = node.items[int(step)]
                here = here._child(int(step), line, child)
            else:
                return None
        return here

    def nearest(self, *steps: str | int) -> Cursor:
        """The value that keys and indexes lead to, or the last existing one on the way."""
        for length in range(len(steps), 0, -1):
            if (found := self.find(*steps[:length])) is not None:
                return found
        return self

    def expanding(self) -> Cursor:
        """The same value with expansion of `${…}`."""
        return self._copy(expands=True, secrets=self.secrets)

    def with_own_secrets(self) -> Cursor:
        """The same value with an empty list of secrets of its own."""
        return self._copy(expands=self.expands, secrets=[])

    def _copy(self, *, expands: bool, secrets: list[Secret]) -> Cursor:
        return Cursor(
            scope=self.scope,
            node=self.node,
            line=self.line,
            path=self.path,
            name=self.name,
            secrets=secrets,
            expands=expands,
        )

    def _child(self, key: str | int, line: int, node: Node) -> Cursor:
        return Cursor(
            scope=self.scope,
            node=node,
            line=line,
            path=child_path(self.path, key),
            name=str(key),
            secrets=self.secrets,
            expands=self.expands,
        )
