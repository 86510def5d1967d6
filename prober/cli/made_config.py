"""A configuration that is made of the command line, and stands in no file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from prober.config.model import Config
from prober.loader import load


def made_config(document: Mapping[str, Any]) -> Config:
    """The configuration as if the document were a file in an empty folder. Raises ConfigError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yaml"
        path.write_text(yaml.safe_dump(dict(document)), encoding="utf-8")
        return load([path], environ=os.environ)
