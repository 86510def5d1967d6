"""`run --last-failed`: remembers which probes of a configuration failed when they were run last, on this machine.

A file for each set of configuration paths, with names of probes and nothing else. There is none where nothing failed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import typer

from prober.cli.selection import counted
from prober.cli.state_folder import state_folder
from prober.config.model import Probe
from prober.outcome import Outcome, Reason, Verdict


def narrowed(probes: Sequence[Probe], paths: Sequence[Path]) -> Sequence[Probe]:
    """Those of the probes that failed when they were run last; all, where none did. Standard error says which."""
    failed = _read(paths)
    chosen = [probe for probe in probes if probe.name in failed]
    if not chosen:
        typer.echo("--last-failed: none of these probes failed when it was run last here, so all are run", err=True)
        return probes
    typer.echo(f"--last-failed: {len(chosen)} of {counted(probes, 'probe')}", err=True)
    return chosen


def remember(outcomes: Sequence[Outcome], paths: Sequence[Path], *, configured: Collection[str]) -> None:
    """Remember what did not pass. A probe that was not run stays as it was; one that is gone is forgotten.

    Where the state folder cannot be written, as in many containers, nothing is remembered and the run is none the
    worse for it.
    """
    failed = _read(paths) & set(configured)
    for outcome in outcomes:
        if outcome.verdict is Verdict.PASS:
            failed.discard(outcome.probe)
        elif outcome.reason is not Reason.NOT_RUN:
            failed.add(outcome.probe)
    with suppress(OSError, RuntimeError):
        file = _file_for(paths)
        if not failed:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps({"paths": _absolute(paths), "failed": sorted(failed)}, indent=2) + "\n")
        new.replace(file)


def _read(paths: Sequence[Path]) -> set[str]:
    """The names in the file; none where there is no file, or where it is not ours any more."""
    with suppress(OSError, RuntimeError, ValueError, TypeError, KeyError):
        return set(map(str, json.loads(_file_for(paths).read_bytes())["failed"]))
    return set()


def _file_for(paths: Sequence[Path]) -> Path:
    """Raises RuntimeError where this user has no home folder."""
    key = hashlib.sha256("\0".join(_absolute(paths)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return state_folder() / "last-failed" / f"{key}.json"


def _absolute(paths: Sequence[Path]) -> list[str]:
    return sorted(str(path.absolute()) for path in paths)
