"""`pin` writes the listings of targets to contract files; `drift` compares the listings with the files."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from prober.cli import failures
from prober.cli.exit_codes import FAILED, PASSED, refuse
from prober.cli.selection import counted
from prober.client.target_cache import cache_of
from prober.config.model import Config, Probe
from prober.contract.change import Change, Severity
from prober.contract.contract import Contract, compare, dump_contract
from prober.discover.survey import contract_of
from prober.kinds.catalog import CatalogSettings
from prober.outcome import Failure
from prober.redaction import Redactor
from prober.report.json_report import failure_fields, text_or_null
from prober.report.untrusted import line, scalar

VERSION: Final = 1
"""Of the JSON document, whose schema is `prober/report/schema/contracts.schema.json`."""

_MARKS: Final = {Severity.BREAKING: "!", Severity.ADDITIVE: "+", Severity.COSMETIC: "~"}
_REFUSED: Final = "what it offers holds a secret of this target"


@dataclass(frozen=True, kw_only=True)
class Read:
    """What came of reading the listing of one target."""

    probe: Probe
    file: Path
    found: Contract | None = None
    changes: tuple[Change, ...] | None = None
    """Between the contract file and the server, without secrets; None where there was no file yet."""
    pinned: bool = False
    refused: str | None = None
    """Why the contract was not written."""
    failure: Failure | None = None


def check_output(output: str) -> None:
    if output not in ("text", "json"):
        refuse(f"--output {output}: choose text or json")


def pin(config: Config, probes: Sequence[Probe], *, output: str = "text") -> int:
    """Write the contract files of catalog probes; returns the exit code."""
    results = []
    for read, redact in _each(config, probes):
        result = _pinned(read, redact)
        results.append(result)
        if output == "text":
            _show_failure(result)
            if result.pinned and result.found is not None:
                if result.changes is not None:
                    _show_changes(result, "nothing changed")
                typer.echo(f"{result.probe.target}: {counted(result.found.tools, 'tool')} pinned in {result.file}")
    return _ended(results, output, bad=lambda _read: False)


def drift(config: Config, probes: Sequence[Probe], *, output: str = "text") -> int:
    """Print every difference between contract files and servers; the exit code is 1 where one is breaking."""
    results = []
    for read, _redact in _each(config, probes):
        results.append(read)
        if output == "text":
            _show_failure(read)
            if read.changes is not None:
                _show_changes(read, "as pinned")
    return _ended(results, output, bad=lambda read: _counts(read)[Severity.BREAKING] > 0)


def _each(config: Config, probes: Sequence[Probe]) -> Iterator[tuple[Read, Redactor]]:
    """Read the listing of each target with a contract, and compare it with the file."""
    for probe in probes:
        settings = probe.settings
        if not isinstance(settings, CatalogSettings) or settings.contract_file is None:
            continue
        target = config.targets[probe.target]
        redact = cache_of(target).redact
        read = Read(probe=probe, file=settings.contract_file)
        try:
            found = asyncio.run(contract_of(target, timeout=probe.timeout, lists=settings.lists))
        except Failure as failure:
            yield Read(probe=probe, file=read.file, failure=failure), redact
            continue
        changes = None if settings.contract is None else compare(settings.contract, found)
        masked = changes and tuple(
            Change(severity=each.severity, where=redact(each.where), message=redact(each.message)) for each in changes
        )
        yield Read(probe=probe, file=read.file, found=found, changes=masked), redact


def _pinned(read: Read, redact: Redactor) -> Read:
    """Write the contract, unless it holds a secret."""
    if read.found is None:
        return read
    text = scalar(dump_contract(read.found))
    if redact(text) != text:
        return Read(probe=read.probe, file=read.file, found=read.found, changes=read.changes, refused=_REFUSED)
    try:
        read.file.parent.mkdir(parents=True, exist_ok=True)
        read.file.write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    return Read(probe=read.probe, file=read.file, found=read.found, changes=read.changes, pinned=True)


def _ended(results: Sequence[Read], output: str, *, bad: Callable[[Read], bool]) -> int:
    """Write the document where it is wanted; returns the highest exit code."""
    if not results:
        refuse("No catalog probe names a contract. Add to one:\n  contract: contracts/NAME.json")
    if output == "json":
        document = {"version": VERSION, "results": [_result(read) for read in results]}
        typer.echo(json.dumps(document, indent=2, allow_nan=False))
    failed = any(read.failure is not None or read.refused is not None or bad(read) for read in results)
    return FAILED if failed else PASSED


def _counts(read: Read) -> Counter[Severity]:
    return Counter(change.severity for change in read.changes or ())


def _show_changes(read: Read, none: str) -> None:
    counts = _counts(read)
    summary = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
    typer.echo(f"{read.probe.target}: {summary or none}")
    for change in read.changes or ():
        typer.echo(line(f"  {_MARKS[change.severity]} {change.severity:9} {change.where}: {change.message}"))


def _show_failure(read: Read) -> None:
    target = read.probe.target
    if read.refused is not None:
        typer.echo(f"{target}: not pinned, for {read.refused}", err=True)
    if read.failure is not None:
        failures.show(read.failure, of=target, target=target)


def _result(read: Read) -> dict[str, Any]:
    counts = _counts(read)
    return {
        "target": read.probe.target,
        "probe": read.probe.name,
        "file": str(read.file),
        "pinned": read.pinned,
        "refused": read.refused,
        "tools": None if read.found is None else len(read.found.tools),
        "summary": None if read.changes is None else {severity.value: counts[severity] for severity in Severity},
        "changes": None
        if read.changes is None
        else [
            {"severity": each.severity, "where": text_or_null(each.where), "message": text_or_null(each.message)}
            for each in read.changes
        ],
        "failure": None if read.failure is None else failure_fields(read.failure),
    }
