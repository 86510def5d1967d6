"""Paths in a configuration: folders, readable files, JSON documents. Relative to the YAML file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

from prober.config.document.cursor import Cursor
from prober.config.fields.field_types import FieldType, JsonSchema

MAX_JSON_BYTES: Final = 8 * 1024 * 1024


class FilePath(FieldType[Path]):
    """An absolute path. The file need not exist."""

    json_schema: ClassVar[JsonSchema] = {"type": "string", "minLength": 1}

    def words(self) -> str:
        return "a path"

    def read(self, cursor: Cursor) -> Path:
        text = cursor.text("a path")
        if not text:
            raise cursor.error("must not be empty")
        if "\0" in text:
            raise cursor.error("not a path")
        return cursor.scope.folder / text


class ExistingFile(FilePath):
    """The path of a file that can be read."""

    def words(self) -> str:
        return "the path of a file"

    def read(self, cursor: Cursor) -> Path:
        path = super().read(cursor)
        cursor.scope.files.add(path)
        try:
            if path.is_dir():
                raise cursor.error("a folder; expected a file")
            if path.exists() and not path.is_file():
                raise cursor.error("not a file")  # opening a pipe might block forever
            with path.open("rb"):
                return path
        except OSError as error:
            raise cursor.error(why_unreadable(error)) from None


class ExistingFolder(FilePath):
    """The path of a folder."""

    def words(self) -> str:
        return "the path of a folder"

    def read(self, cursor: Cursor) -> Path:
        path = super().read(cursor)
        try:
            if path.is_dir():
                return path
            raise cursor.error("not a folder" if path.exists() else "no such folder")
        except OSError as error:
            raise cursor.error(why_unreadable(error)) from None


class JsonFile(FieldType[tuple[Path, Any]]):
    """A file with one JSON document: its absolute path and the document."""

    json_schema: ClassVar[JsonSchema] = FilePath.json_schema

    def words(self) -> str:
        return "the path of a JSON file"

    def read(self, cursor: Cursor) -> tuple[Path, Any]:
        path = self.path(cursor)
        return path, self.content(cursor, path)

    def path(self, cursor: Cursor) -> Path:
        """The path of a readable file."""
        if "://" in (cursor.raw_text() or ""):
            raise cursor.error("expected the path of a file: nothing is fetched from the network")
        return ExistingFile().read(cursor)

    def content(self, cursor: Cursor, path: Path) -> Any:
        """The document in the file; mistakes are reported at the cursor."""
        shown = cursor.shown
        try:
            with path.open("rb") as file:
                content = file.read(MAX_JSON_BYTES + 1)
            if len(content) > MAX_JSON_BYTES:
                raise cursor.error(f"{shown}: larger than {MAX_JSON_BYTES // 1024**2} MiB")
            return json.loads(
                content.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates
            )
        except OSError as error:
            raise cursor.error(why_unreadable(error)) from None
        except json.JSONDecodeError as error:
            raise cursor.error(f"{shown}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
        except UnicodeDecodeError:
            raise cursor.error(f"{shown}: not UTF-8") from None
        except RecursionError:
            raise cursor.error(f"{shown}: nested too deeply") from None
        except ValueError as error:
            raise cursor.error(f"{shown}: not JSON: {error}") from None


def why_unreadable(error: OSError) -> str:
    """Why a file cannot be opened, without its path: an expanded `${…}` may be a secret."""
    return (error.strerror or "cannot be read").lower()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key!r} is written twice in one object")
            seen.add(key)
    return entries
