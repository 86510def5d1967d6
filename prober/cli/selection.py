"""Turns paths and names on the command line into a configuration and the selected probes."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NoReturn

from prober.cli.exit_codes import refuse
from prober.config import ConfigError
from prober.config.model import Config, Probe
from prober.loader import json_schema
from prober.loader import load as load_config

DEFAULT_PATH = Path("probes")


def load(paths: Sequence[Path] | None, *, pinning: bool = False) -> Config:
    """The configuration. If it has mistakes, all of them go to standard error, and the exit code is 2."""
    try:
        return load_config(paths_or_default(paths), environ=os.environ, contracts_may_be_missing=pinning)
    except ConfigError as error:
        refuse_mistakes(error, nothing_was="run")


def paths_or_default(paths: Sequence[Path] | None) -> Sequence[Path]:
    """The given paths, or the default folder."""
    if not paths and not DEFAULT_PATH.exists():
        refuse("There is no folder `probes` here. Name a probe file, or write one: mcp-prober init URL")
    return paths or [DEFAULT_PATH]


def refuse_mistakes(error: ConfigError, *, nothing_was: str) -> NoReturn:
    """Every mistake on standard error, and exit code 2."""
    refuse(f"{error}\n{counted(error.mistakes, 'mistake')}. Nothing was {nothing_was}.")


def choose(config: Config, *, probes: Sequence[str] | None = None, targets: Sequence[str] | None = None) -> list[Probe]:
    """The probes with the given names and targets; all probes where none is given."""
    _refuse_empty(config)
    for kind, wanted, known in (("probe", probes, config.probes), ("target", targets, config.targets)):
        for name in wanted or ():
            if name not in known:
                refuse(f"There is no {kind} {name!r}.{_nearest(name, known)}")
    chosen = [
        probe
        for probe in config.probes.values()
        if (not probes or probe.name in probes) and (not targets or probe.target in targets)
    ]
    if not chosen:
        refuse("No probe is left to run.")
    return chosen


def describe(config: Config) -> str:
    """One line about a configuration without mistakes."""
    _refuse_empty(config)
    probes, targets = counted(config.probes, "probe"), counted(config.targets, "target")
    return f"{probes} of {targets} in {counted(config.files, 'file')}, no mistakes"


def _refuse_empty(config: Config) -> None:
    if not config.probes:
        refuse("There are no probes in this configuration. Write some for a server: mcp-prober init URL")


def schema() -> str:
    return json.dumps(json_schema(), indent=2)


def counted(things: Collection[object], name: str) -> str:
    return f"{len(things)} {name}" + ("" if len(things) == 1 else "s")


def _nearest(name: str, known: Collection[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(sorted(known)[:20])}"
