"""Turns paths and names on the command line into a configuration and the selected probes."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NoReturn

import typer

from prober.cli.exit_codes import refuse
from prober.config import ConfigError
from prober.config.model import Config, Probe
from prober.loader import json_schema
from prober.loader import load as load_config

DEFAULT_PATH = Path("probes")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which probes are meant. Each part narrows the choice; within a part, one that fits is enough."""

    probes: Sequence[str] = ()
    """Names, or patterns with `*`, `?` and `[…]`; so are those of targets and tags."""
    targets: Sequence[str] = ()
    tags: Sequence[str] = ()
    without_tags: Sequence[str] = ()
    """A probe with one of these is left out, whatever else chose it."""
    disabled_too: bool = False


def load(paths: Sequence[Path] | None, *, pinning: bool = False, read: set[Path] | None = None) -> Config:
    """The configuration. If it has mistakes, all of them go to standard error, and the exit code is 2.

    The files that it depends on are added to `read`, see `prober.loader.load`.
    """
    try:
        return load_config(
            paths_or_default(paths), environ=os.environ, contracts_may_be_missing=pinning, read=read, pipes=True
        )
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


def choose(config: Config, choice: Choice) -> list[Probe]:
    """The probes that are meant, without those that are disabled, which standard error counts.

    Where no probe is left, the choice is refused.
    """
    _refuse_empty(config)
    tags = {tag for probe in config.probes.values() for tag in probe.tags}
    for kind, patterns, known in (
        ("probe", choice.probes, config.probes),
        ("target", choice.targets, config.targets),
        ("tag", (*choice.tags, *choice.without_tags), tags),
    ):
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in known):
                refuse(f"{_no_such(kind, pattern)}{_nearest(pattern, known)}")
    meant = [
        probe
        for probe in config.probes.values()
        if _fits((probe.name,), choice.probes)
        and _fits((probe.target,), choice.targets)
        and _fits(probe.tags, choice.tags)
        and not (choice.without_tags and _fits(probe.tags, choice.without_tags))
    ]
    chosen = [probe for probe in meant if probe.enabled or choice.disabled_too]
    left_out = [probe for probe in meant if not (probe.enabled or choice.disabled_too)]
    for probe in left_out:
        if probe.name in choice.probes:
            refuse(f"{_why_disabled(config, probe)} Remove that, or run it this once with --disabled-too.")
    if meant and not chosen:
        refuse("Every probe that was chosen is disabled. `mcp-prober run --disabled-too` runs them this once.")
    if not chosen:
        refuse("No probe is left to run: no probe fits all of --probe, --target, --tag and --exclude-tag.")
    if left_out:
        typer.echo(f"{counted(left_out, 'disabled probe')} left out", err=True)
    return chosen


def _fits(names: Collection[str], patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _no_such(kind: str, pattern: str) -> str:
    return f"No {kind} matches {pattern!r}." if _is_pattern(pattern) else f"There is no {kind} {pattern!r}."


def _is_pattern(text: str) -> bool:
    return any(character in text for character in "*?[")


def _why_disabled(config: Config, probe: Probe) -> str:
    """The sentence that says where a probe is disabled."""
    if not config.targets[probe.target].enabled:
        return f"The probe {probe.name!r} is disabled: its target {probe.target!r} says `enabled: false`."
    return f"The probe {probe.name!r} is disabled: {probe.origin} says `enabled: false`."


def describe(config: Config) -> str:
    """One line about a configuration without mistakes."""
    _refuse_empty(config)
    probes, targets = counted(config.probes, "probe"), counted(config.targets, "target")
    disabled = sum(not probe.enabled for probe in config.probes.values())
    kept = f" ({disabled} disabled)" if disabled else ""
    more = [counted(each, word) for each, word in ((config.sources, "source"), (config.templates, "template")) if each]
    return f"{', '.join((f'{probes}{kept} of {targets}', *more))} in {counted(config.files, 'file')}, no mistakes"


def _refuse_empty(config: Config) -> None:
    if config.templates and config.sources and not config.probes:
        return
    if not config.probes:
        refuse("There are no probes in this configuration. Write some for a server: mcp-prober init URL")


def schema() -> str:
    return json.dumps(json_schema(), indent=2)


def counted(things: Collection[object], name: str) -> str:
    return f"{len(things)} {name}" + ("" if len(things) == 1 else "s")


def _nearest(name: str, known: Collection[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known: {', '.join(sorted(known)[:20])}" if known else " There is none at all."
