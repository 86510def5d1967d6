"""A configuration that is made of the command line, and stands in no file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from prober.config.document.diagnostics import ConfigError, Mistake
from prober.config.document.nodes import child_path
from prober.config.model import Config
from prober.loader import load


def made_config(document: Mapping[str, Any]) -> Config:
    """The configuration as if the document were a file in an empty folder. Raises ConfigError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yaml"
        if bytes_at := tuple(_no_texts(document, "")):
            raise ConfigError(Mistake(file=path, line=0, path=at, message="not UTF-8") for at in bytes_at)
        path.write_text(yaml.safe_dump(dict(document)), encoding="utf-8")
        return load([path], environ=os.environ)


def _no_texts(value: Any, path: str) -> Iterator[str]:
    """Where the document has words of the command line that are no text: bytes that are not UTF-8 (PEP 383)."""
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            yield path
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _no_texts(key, child_path(path, key))
            yield from _no_texts(each, child_path(path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _no_texts(each, child_path(path, index))
