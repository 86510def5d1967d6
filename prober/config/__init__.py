"""YAML to a frozen Config: all mistakes at once, secrets that never print.

    load(paths, environ=…) -> Config     or ConfigError with every Mistake of every file
    json_schema()                        the language as JSON Schema, for editors

The rooms within, from the outside in: `loader` reads files and compares them, `root_schema` is the top of a file,
`targets` and `probes` its sections, `kinds/` what each kind of probe adds, `checks` what they share. `mapping_schema`
and `field_types` say how values are written, `cursor` where they stand, `yaml_document` turns YAML into a tree of
nodes, `diagnostics` is what is told of mistakes. `model` is what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prober.config.diagnostics import ConfigError, Mistake
from prober.config.model import Config
from prober.config.secret import Secret

__all__ = ["Config", "ConfigError", "Mistake", "Secret", "json_schema", "load"]


def load(paths: Sequence[Path], *, environ: Mapping[str, str], contracts_may_be_missing: bool = False) -> Config:
    """The configuration that files, and all YAML files directly in folders, make together.

    With `contracts_may_be_missing` a `contract` that is yet to be pinned is no mistake.

    Raises:
        ConfigError: something is wrong; it holds the mistakes of all files.
    """
    from prober.config import loader  # with YAML and the whole language: not every user of the values needs them

    return loader.load(paths, environ=environ, contracts_may_be_missing=contracts_may_be_missing)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration file."""
    from prober.config import root_schema

    return root_schema.json_schema()
