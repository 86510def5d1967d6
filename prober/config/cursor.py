"""A value in a YAML document, where it stands, and the file it is read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prober.config.diagnostics import Mistake
from prober.config.expansion import ExpansionError, expand
from prober.config.nodes import ListNode, MappingNode, Node, ScalarNode, child_path, printable
from prober.config.secret import Secret


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
    targets_named: list[tuple[Cursor, str]] = field(default_factory=list)
    """Where which target is wanted: known to exist only when all files are read."""
    writes_wanted: list[tuple[Cursor, str]] = field(default_factory=list)
    """Where a probe asks for writes that its target must allow as well."""

    @property
    def folder(self) -> Path:
        """Where relative paths start. Links are kept: a mounted file stands beside its mounted neighbours."""
        return self.file.absolute().parent

    def note(self, line: int, path: str, message: str) -> None:
        """Keep a mistake, as one line whatever characters the message holds."""
        self.mistakes.append(Mistake(file=self.file, line=line, path=path, message=printable(message)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """One value of a document. `line` is that of its key, where it has one."""

    scope: FileScope
    node: Node
    line: int
    path: str
    name: str
    """The key or index it stands under."""
    secrets: list[Secret]
    """Every value that a `${…}` stood for, in this target or probe."""
    expands: bool = False
    """Whether `${…}` means something here."""

    @classmethod
    def root(cls, scope: FileScope, node: Node) -> Cursor:
        """The whole document."""
        return cls(scope=scope, node=node, line=node.line, path="", name="", secrets=[])

    def report(self, message: str) -> None:
        """Report a mistake here and go on."""
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
        """What kind of value stands here, in a word for a person."""
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
        """The text as it stands in the file, no `${…}` replaced, or None if this is not a text."""
        node = self.node
        return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else None

    @property
    def shown(self) -> str:
        """The text as it stands in the file, cut for a message."""
        text = self.raw_text() or ""
        return text if len(text) <= 200 else text[:199] + "…"

    def text(self, wanted: str) -> str:
        """The text that stands here, with `${…}` replaced where that means something. Never to be shown."""
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
        """The value that keys and indexes lead to, or the last one on the way that is there."""
        for length in range(len(steps), 0, -1):
            if (found := self.find(*steps[:length])) is not None:
                return found
        return self

    def expanding(self) -> Cursor:
        """The same value, where `${…}` means something."""
        return self._copy(expands=True, secrets=self.secrets)

    def apart(self) -> Cursor:
        """The same value with a list of secrets of its own."""
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
