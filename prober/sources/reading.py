"""One look at a source: the document that it gives now, and the targets that a document means.

The two are apart because a document is kept on disk, and targets are made of it anew with each configuration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from prober.config.document.yaml_document import UnreadableError
from prober.config.fields.file_fields import why_unreadable
from prober.config.sources import TargetSource
from prober.files import read_bounded
from prober.sources import registry
from prober.sources.client_file import take_client_file
from prober.sources.fetching import fetch_json
from prober.sources.found import Found, SourceError
from prober.sources.parsing import MOST_BYTES, StrangeError, parsed
from prober.sources.target_groups import take_groups
from prober.sources.yaml_values import yaml_values

_SUFFIXES: Final = (".json", ".yaml", ".yml")


async def document_of(source: TargetSource, known: Any) -> Any:
    """What the source says now. `known` is what it said before, of which a registry only tells changes.

    Raises SourceError.
    """
    match source.way:
        case "http":
            assert source.http is not None
            return await fetch_json(source.http, headers=source.headers, contact=source.contact)
        case "registry":
            return await registry.refreshed(source, known if isinstance(known, dict) else {})
        case "file":
            return await asyncio.to_thread(_groups_of_files, source)
        case _:
            return None  # the client's file itself is read for its targets


def targets_of(source: TargetSource, document: Any, *, environ: Mapping[str, str]) -> Found:
    """The targets that the document means. Raises SourceError."""
    found = Found(source=source)
    match source.way:
        case "registry":
            registry.take_entries(document, found)
        case "client_config":
            take_client_file(found, environ=environ)
        case way:
            take_groups(document, found, where=way)
    return found


def stamp_of(source: TargetSource) -> tuple[object, ...] | None:
    """What is another once a file of the source has changed; None where only a look can tell."""
    if source.way not in ("file", "client_config"):
        return None
    files = _files(source) if source.client_config is None else [source.client_config]
    stamps = []
    for file in files:
        try:
            stat = file.stat()
        except OSError:
            return None  # the look says what is wrong
        stamps.append((file, stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return tuple(stamps)


def _files(source: TargetSource) -> list[Path]:
    return sorted(Path("/").glob((source.file or "").lstrip("/")))  # the loader has made it absolute


def _groups_of_files(source: TargetSource) -> list[Any]:
    """The target groups of all files that fit the pattern, in the order of their names."""
    groups: list[Any] = []
    files = _files(source)
    if not files:
        raise SourceError(f"{source.file}: no such file")
    for file in files:
        document = _read(file)
        if not isinstance(document, list):
            raise SourceError(f"{file}: expected a list of target groups, as Prometheus' file_sd has it")
        groups += document
    return groups


def _read(file: Path) -> Any:
    if file.suffix not in _SUFFIXES:
        raise SourceError(f"{file}: expected {', '.join(_SUFFIXES)}")
    try:
        content = read_bounded(file, most=MOST_BYTES)
    except OSError as error:
        raise SourceError(f"{file}: {why_unreadable(error)}") from None
    if len(content) > MOST_BYTES:
        raise SourceError(f"{file}: more than {MOST_BYTES // 1024**2} MiB")
    try:
        return parsed(content) if file.suffix == ".json" else yaml_values(content, most_bytes=MOST_BYTES)
    except StrangeError as strange:
        raise SourceError(f"{file}: {strange}") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{file}: not JSON, or not written to its end") from None
    except UnreadableError as error:
        raise SourceError(f"{file}:{error.line}: {error}") from None
