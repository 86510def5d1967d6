"""`init`: surveys a server and writes probes that pass."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import typer

from prober.cli import failures, questions, survey_report
from prober.cli.commands.contracts import check_output
from prober.cli.commands.init_update import find_existing, write_update
from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, refuse
from prober.cli.server_address import Server
from prober.cli.survey_report import Written
from prober.config import ConfigError
from prober.config.model import Target
from prober.discover.naming import target_name
from prober.discover.probe_file import FilesExistError, ProbeFile, probe_file_for, write
from prober.discover.survey import Choices, survey
from prober.discover.surveyed import Survey
from prober.files import behind_links
from prober.loader import load
from prober.outcome import Failure
from prober.report.untrusted import line

_MINUTE: Final = 60.0
_SENSITIVE: Final = re.compile(r"token|secret|password|passwd|credential|api_?key|auth", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """What to do with the server that was chosen."""

    folder: Path
    force: bool = False
    update: bool = False
    output: str = "text"
    values: tuple[str, ...] = ()
    """KEY=VALUE, as it was said."""
    read_only: tuple[str, ...] = ()
    """Names and patterns of tools that only read, though they do not say so."""


def init_each(servers: Sequence[Server], options: InitOptions) -> int:
    """A probe file for each server; returns the worst of their exit codes. One that fails does not stop the others."""
    check_output(options.output)
    if options.update and options.read_only:
        refuse("--update leaves the target as it is. Write the names under `read_only_tools` of the target instead.")
    values = _values(options.values)
    codes, results = [], []
    for server in servers:
        if len(servers) > 1 and options.output == "text":
            typer.echo(line(f"{server.name}: {server.target.address}"))
        try:
            code, result = init(server, options, values)
        except typer.Exit as refused:
            code, result = refused.exit_code, survey_report.result(server.target.address)
        codes.append(code)
        results.append(result)
    if options.output == "json":
        typer.echo(survey_report.document(results))
    return max(codes)


def init(server: Server, options: InitOptions, values: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Survey the server, write the probes, report to people; returns the exit code and the result for programs."""
    existing = find_existing(server, options.folder) if options.update else None
    target = _trusting(existing.target if existing else server.target, options.read_only)
    choices = Choices(
        values=values,
        ask=questions.ask if options.output == "text" and questions.can_ask() else lambda _questions: {},
        known=existing.known.tools if existing else frozenset(),
    )
    try:
        surveyed = asyncio.run(survey(target, timeout=server.seconds, choices=choices))
    except Failure as failure:
        failures.show(failure, of=target.address, target=target.name)
        return FAILED, survey_report.result(target.address, failure=failure)
    written = write_update(existing, surveyed) if existing else _write(server, surveyed, options)
    if written is None:
        return UNKNOWN, survey_report.result(target.address)
    if options.output == "text":
        for each in survey_report.summary(surveyed, written):
            typer.echo(each)
    return PASSED, survey_report.result(target.address, found=survey_report.found(surveyed, written))


def _values(said: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for each in said:
        name, found, value = each.partition("=")
        if not found or not name.strip():
            refuse("--set: write --set KEY=VALUE, or --set TOOL.KEY=VALUE for one tool")
        if _SENSITIVE.search(name):
            refuse(
                f"--set {name}: its value would be written to a file and shown in evidence. A secret belongs in the\n"
                "headers or the environment of the target: --header or --env"
            )
        values[name.strip()] = value
    return values


def _trusting(target: Target, patterns: tuple[str, ...]) -> Target:
    return replace(target, read_only_tools=tuple(dict.fromkeys((*target.read_only_tools, *patterns))))


def _write(server: Server, surveyed: Survey, options: InitOptions) -> Written | None:
    """Write a new probe file; None where it would have mistakes."""
    name = server.name or target_name(surveyed.server.name)
    defaults = {"interval": "60s" if server.seconds <= _MINUTE else server.timeout, "timeout": server.timeout}
    entry = _entry(server.entry, options)
    elsewhere = {key: value for key, value in entry.items() if key != "cwd"}  # it leads from the probe file
    if mistakes := _mistakes(probe_file_for(surveyed, name=name, target=elsewhere, defaults=defaults)):
        typer.echo(f"Nothing was written, because the files would have mistakes:\n{mistakes}", err=True)
        return None
    probe_file = probe_file_for(surveyed, name=name, target=entry, defaults=defaults)
    try:
        write(probe_file, options.folder, force=options.force)
    except FilesExistError as problem:
        refuse(
            f"{problem} would be overwritten. Say --update to add what is new, choose another --name or --output-dir,\n"
            "or say --force."
        )
    except OSError as problem:
        refuse(f"{problem.filename}: {problem.strerror}")
    return Written(
        target=name,
        path=options.folder / probe_file.path,
        files=[options.folder / path for path in probe_file.files],
        probes=probe_file.probes,
    )


def _entry(entry: Mapping[str, Any], options: InitOptions) -> dict[str, Any]:
    """The target as it is written: a command runs where it ran now, whoever starts the prober, and wherever."""
    found = dict(entry)
    if "command" in found:
        here, folder = Path.cwd(), behind_links(options.folder)
        cwd = Path(found.get("cwd", here))
        beside = os.path.relpath(cwd, folder) if folder.is_relative_to(cwd) else cwd
        found["cwd"] = Path(beside).as_posix()
    if options.read_only:
        found["read_only_tools"] = list(options.read_only)
    return found


def _mistakes(probe_file: ProbeFile) -> str:
    """The mistakes that `check` would find in the files: a name of a server may be invalid in a configuration."""
    with tempfile.TemporaryDirectory() as folder:
        write(probe_file, Path(folder))
        try:
            load([Path(folder)], environ=os.environ)
        except ConfigError as error:
            return "\n".join(line(f"{mistake.path}: {mistake.message}") for mistake in error.mistakes)
    return ""
