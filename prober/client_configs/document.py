"""A configuration file as plain values, with the line of each: JSON with comments and trailing commas, or TOML."""

from __future__ import annotations

import bisect
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prober.config.document.diagnostics import ConfigError, Mistake
from prober.config.document.nodes import shown_key

MAX_BYTES: Final = 16 * 1024 * 1024
"""Claude Code keeps the history of every project in the file that lists its servers."""

MAX_DEPTH: Final = 64

Steps = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""

_GAP: Final = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_SCALAR: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_TOML_LINE: Final = re.compile(r"\s*(?:(\[+)\s*([^\]]+?)\s*\]+|([^=#\[\]]+?)\s*=)")
_TOML_KEY: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")


@dataclass(frozen=True, kw_only=True)
class Document:
    """The values of a file, and the line of each."""

    file: Path
    value: Any
    lines: Mapping[Steps, int]

    def line(self, steps: Steps) -> int:
        """The line of a value, else of the nearest value around it."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 0)

    def mistake(self, steps: Steps, message: str) -> Mistake:
        return Mistake(file=self.file, line=self.line(steps), path=shown(steps), message=message)

    def place(self, steps: Steps) -> str:
        """`FILE:LINE`."""
        line = self.line(steps)
        return f"{self.file}:{line}" if line else f"{self.file}"


def shown(steps: Steps) -> str:
    """The way to a value, as `mcpServers.github.args[2]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{shown_key(step)}" for step in steps).removeprefix(".")


def read_document(file: Path) -> Document:
    """Raises ConfigError where the file cannot be read, or is neither JSON nor TOML."""
    try:
        if not file.is_file():  # opening a pipe might block forever
            raise _unreadable(file, "not a file" if file.exists() else "no such file")
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, (error.strerror or "cannot be read").lower()) from None
    if len(content) > MAX_BYTES:
        raise _unreadable(file, f"larger than {MAX_BYTES // 1024**2} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(file, "not UTF-8; save it as UTF-8") from None
    if not text.strip():
        raise _unreadable(file, "the file is empty")
    return _toml(file, text) if file.suffix.lower() == ".toml" else _json(file, text)


def _unreadable(file: Path, message: str, *, line: int = 0, path: str = "") -> ConfigError:
    return ConfigError([Mistake(file=file, line=line, path=path, message=message)])


def _toml(file: Path, text: str) -> Document:
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", place)
        number = int(line[1]) if line else text.count("\n") + 1
        raise _unreadable(file, f"not TOML: {message[:1].lower()}{message[1:]}", line=number) from None
    except RecursionError:
        raise _unreadable(file, f"nested deeper than {MAX_DEPTH} levels") from None
    return Document(file=file, value=value, lines=dict(_toml_lines(text)))


def _toml_lines(text: str) -> Iterator[tuple[Steps, int]]:
    """Where keys stand that have a line of their own: the parser of the standard library keeps no positions."""
    table: Steps = ()
    for number, line in enumerate(text.split("\n"), 1):
        if (match := _TOML_LINE.match(line)) is None:
            continue
        steps: Steps = tuple("".join(found) for found in _TOML_KEY.findall(match[2] or match[3]))
        if match[1]:
            table = steps
        yield (steps if match[1] else table + steps), number


def _json(file: Path, text: str) -> Document:
    reader = _JsonReader(file, text)
    value = reader.document()
    return Document(file=file, value=value, lines=reader.lines)


class _JsonReader:
    """Reads JSON as VS Code and Zed do: with comments and trailing commas. A key that is written twice is refused."""

    def __init__(self, file: Path, text: str):
        self.lines: dict[Steps, int] = {}
        self._file, self._text, self._at = file, text, 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]

    def document(self) -> Any:
        self._skip_gap()
        value = self._value(())
        self._skip_gap()
        if self._at < len(self._text):
            raise self._error("something follows the end of the document")
        return value

    def _value(self, steps: Steps) -> Any:
        if len(steps) > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels", steps=())
        self.lines.setdefault(steps, self._line())
        match self._text[self._at : self._at + 1]:
            case "{":
                return self._object(steps)
            case "[":
                return self._array(steps)
            case '"':
                return self._string()
        if (scalar := _SCALAR.match(self._text, self._at)) is None:
            raise self._error("a value is missing here", steps=steps)
        self._at = scalar.end()
        return json.loads(scalar[0])

    def _object(self, steps: Steps) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while self._another("}", first=not entries):
            if self._text[self._at : self._at + 1] != '"':
                raise self._error("a key in double quotes is missing here", steps=steps)
            line, key = self._line(), self._string()
            below = (*steps, key)
            if key in entries:
                first = self.lines[below]
                raise _unreadable(
                    self._file, f"written twice; the first is in line {first}", line=line, path=shown(below)
                )
            self.lines[below] = line
            self._skip_gap()
            if self._text[self._at : self._at + 1] != ":":
                raise self._error("a colon is missing behind the key", steps=below)
            self._at += 1
            self._skip_gap()
            entries[key] = self._value(below)
        return entries

    def _array(self, steps: Steps) -> list[Any]:
        items: list[Any] = []
        while self._another("]", first=not items):
            items.append(self._value((*steps, len(items))))
        return items

    def _another(self, end: str, *, first: bool) -> bool:
        """Move on to the next entry; False, and behind the end, where there is none."""
        if first:
            self._at += 1
        self._skip_gap()
        if not first and self._text[self._at : self._at + 1] == ",":
            self._at += 1
            self._skip_gap()
        elif not first and self._text[self._at : self._at + 1] != end:
            where = "here" if self._at < len(self._text) else "at the end of the file"
            raise self._error(f"a comma or {end} is missing {where}")
        if self._text[self._at : self._at + 1] == end:
            self._at += 1
            return False
        return True

    def _string(self) -> str:
        try:
            text, self._at = json.decoder.scanstring(self._text, self._at + 1)  # type: ignore[attr-defined]
        except json.JSONDecodeError as error:
            self._at = error.pos
            what = (
                "a text that never ends" if "control" in error.msg or "Unterminated" in error.msg else "a wrong escape"
            )
            raise self._error(f"{what} in its line") from None
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise self._error("half of a character in a text (a lone surrogate)")
        return str(text)

    def _skip_gap(self) -> None:
        gap = _GAP.match(self._text, self._at)
        self._at = gap.end() if gap else self._at

    def _line(self) -> int:
        return bisect.bisect_left(self._line_ends, self._at) + 1

    def _error(self, message: str, *, steps: Steps = ()) -> ConfigError:
        return _unreadable(self._file, f"not JSON: {message}", line=self._line(), path=shown(steps))
