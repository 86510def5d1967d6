"""`export`: copies probes, dashboards or alerts out of the package."""

from __future__ import annotations

import shutil
from pathlib import Path

import typer

from prober.cli.exit_codes import PASSED, refuse
from prober.cli.package_data import SHIPPED, shipped
from prober.cli.selection import counted
from prober.files import is_there


def export(what: str, folder: Path, *, force: bool) -> int:
    """Copy the files of `what` into `folder`; returns the exit code. Nothing is overwritten without `force`."""
    if what not in SHIPPED:
        refuse(f"There is no {what!r} to export. Known: {', '.join(SHIPPED)}")
    source = shipped(what)
    files = [path.relative_to(source) for path in sorted(source.glob(SHIPPED[what])) if path.is_file()]
    existing = [str(folder / file) for file in files if is_there(folder / file)]
    if existing and not force:
        refuse(f"{', '.join(existing)} would be overwritten. Choose another folder, or say --force.")
    try:
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, folder / file)
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    typer.echo(f"{counted(files, 'file')} copied to {folder}")
    return PASSED
