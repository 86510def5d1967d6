"""Files that a configuration names: folders, readable files, JSON documents. Relative to the YAML file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

from prober.config.forms import Form, JsonSchema
from prober.config.place import Place

MAX_JSON_BYTES: Final = 8 * 1024 * 1024


class FilePath(Form[Path]):
    """A path; absolute once read. Nothing need be there."""

    stated: ClassVar[JsonSchema] = {"type": "string", "minLength": 1}

    def read(self, place: Place) -> Path:
        text = place.text("a path")
        if not text:
            raise place.refuse("must not be empty")
        if "\0" in text:
            raise place.refuse("not a path")
        return place.book.folder / text


class ExistingFile(FilePath):
    """The path of a file that can be read."""

    def read(self, place: Place) -> Path:
        path = super().read(place)
        try:
            if path.is_dir():
                raise place.refuse("a folder; expected a file")
            if path.exists() and not path.is_file():
                raise place.refuse("not a file")  # to open a pipe might wait forever
            with path.open("rb"):
                return path
        except OSError as error:
            raise place.refuse(why_unreadable(error)) from None


class ExistingFolder(FilePath):
    """The path of a folder."""

    def read(self, place: Place) -> Path:
        path = super().read(place)
        try:
            if path.is_dir():
                return path
            raise place.refuse("not a folder" if path.exists() else "no such folder")
        except OSError as error:
            raise place.refuse(why_unreadable(error)) from None


class JsonFile(Form[tuple[Path, Any]]):
    """A file with one JSON document: its absolute path and what stands in it."""

    stated: ClassVar[JsonSchema] = FilePath.stated

    def read(self, place: Place) -> tuple[Path, Any]:
        path = self.path(place)
        return path, self.content(place, path)

    def path(self, place: Place) -> Path:
        """Where the file lies; it can be read."""
        if "://" in (place.raw_text() or ""):
            raise place.refuse("expected the path of a file: nothing is fetched from the network")
        return ExistingFile().read(place)

    def content(self, place: Place, path: Path) -> Any:
        """What stands in the file that the place names."""
        shown = place.shown
        try:
            with path.open("rb") as file:
                content = file.read(MAX_JSON_BYTES + 1)
            if len(content) > MAX_JSON_BYTES:
                raise place.refuse(f"{shown}: larger than {MAX_JSON_BYTES // 1024**2} MiB")
            return json.loads(
                content.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates
            )
        except OSError as error:
            raise place.refuse(why_unreadable(error)) from None
        except json.JSONDecodeError as error:
            raise place.refuse(f"{shown}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
        except UnicodeDecodeError:
            raise place.refuse(f"{shown}: not UTF-8") from None
        except RecursionError:
            raise place.refuse(f"{shown}: nested too deeply") from None
        except ValueError as error:
            raise place.refuse(f"{shown}: not JSON: {error}") from None


def why_unreadable(error: OSError) -> str:
    """Why a file cannot be opened, without its path: a `${…}` may have been put into it."""
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
