"""`init --update`: adds what is new in a server to a probe file that is there, and keeps every hand edit."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import typer

from prober.cli.exit_codes import refuse
from prober.cli.selection import refuse_mistakes
from prober.cli.server_address import Server
from prober.cli.survey_report import Written
from prober.config import ConfigError
from prober.config.model import Config, Target
from prober.discover.probe_file import EDITOR_SCHEMA, editor_schema
from prober.discover.surveyed import Survey
from prober.discover.update import Known, NotUpdatableError, known_of, update_for
from prober.files import is_there
from prober.loader import load
from prober.report.untrusted import line


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A probe file of the server, and what its configuration knows of it."""

    file: Path
    config: Config
    target: Target
    known: Known


def find_existing(server: Server, folder: Path) -> Existing:  # noqa: RET503 - refuse does not return
    """The probe file that `init` wrote for this server: the target of that name, or with that URL or command."""
    config = _loaded([folder]) if is_there(folder) else Config(targets={}, probes={}, notify=None, files=())
    for target in config.targets.values():
        same = server.name == target.name if server.name else _same(target, server.target)
        files = [probe.origin.rpartition(":")[0] for probe in config.probes.values() if probe.target == target.name]
        if same and files:
            known = known_of(config, target.name)
            return Existing(file=Path(files[0]), config=config, target=target, known=known)
    wanted = f"the target {server.name}" if server.name else "this server"
    refuse(f"No probe file in {folder} has probes of {wanted}. Write one first, without --update.")


def _same(one: Target, other: Target) -> bool:
    return (one.url, one.command) == (other.url, other.command)


def write_update(existing: Existing, surveyed: Survey) -> Written | None:
    """Write the new text and the new files; None where the configuration would have mistakes. Nothing is lost then."""
    file, target = existing.file.resolve(), existing.target.name
    text = file.read_bytes().decode()
    try:
        update = update_for(
            text, surveyed, folder=file.parent, target=target, known=existing.known, config=existing.config
        )
    except NotUpdatableError as problem:
        refuse(f"{existing.file} cannot be added to: {problem}.")
    written = [path for path, new in update.files.items() if not path.exists() or path.read_text("utf-8") != new]
    try:
        for path in written:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(update.files[path], encoding="utf-8")
        if update.text != text:
            if not _replaced(file, update.text):
                return None
            written.insert(0, existing.file)
        (file.parent / EDITOR_SCHEMA).write_text(editor_schema(), encoding="utf-8")
    except OSError as problem:
        refuse(f"{problem.filename}: {problem.strerror}")
    return Written(
        target=target, path=existing.file, files=written, probes=update.probes, new=update.new, gone=update.gone
    )


def _replaced(file: Path, text: str) -> bool:
    """Put the text in place of the file's, at once and only if it has no mistakes."""
    beside = file.with_name(f".{file.name}.new.yaml")
    beside.write_bytes(text.encode())
    try:
        load([beside], environ=os.environ, contracts_may_be_missing=True)
    except ConfigError as error:
        mistakes = "\n".join(line(f"{mistake.path}: {mistake.message}") for mistake in error.mistakes)
        typer.echo(f"{file} was left as it is, because it would have mistakes:\n{mistakes}", err=True)
        beside.unlink()
        return False
    shutil.copymode(file, beside)
    beside.replace(file)
    return True


def _loaded(paths: list[Path]) -> Config:
    try:
        return load(paths, environ=os.environ, contracts_may_be_missing=True)
    except ConfigError as error:
        refuse_mistakes(error, nothing_was="updated")
