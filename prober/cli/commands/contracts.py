"""`pin` writes the listings of targets to contract files; `drift` compares the listings with the files."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import typer

from prober.cli.exit_codes import FAILED, PASSED, refuse
from prober.cli.selection import counted
from prober.client.target_cache import cache_of
from prober.config.model import Config, Probe
from prober.contract.change import Severity
from prober.contract.contract import Contract, compare, dump_contract
from prober.discover.survey import contract_of
from prober.kinds.catalog import CatalogSettings
from prober.outcome import Failure
from prober.report.details import told
from prober.report.next_step import next_for
from prober.report.untrusted import line, scalar

_MARKS: Final = {Severity.BREAKING: "!", Severity.ADDITIVE: "+", Severity.COSMETIC: "~"}


def pin(config: Config, probes: Sequence[Probe]) -> int:
    """Write the contract files of catalog probes; returns the exit code."""

    def write(probe: Probe, settings: CatalogSettings, contract: Contract) -> int:
        assert settings.contract_file is not None
        file, text = settings.contract_file, scalar(dump_contract(contract))
        if cache_of(config.targets[probe.target]).redact(text) != text:
            typer.echo(f"{probe.target}: not pinned, for what it offers holds a secret of this target", err=True)
            return FAILED
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            refuse(f"{error.filename}: {error.strerror}")
        typer.echo(f"{probe.target}: {counted(contract.tools, 'tool')} pinned in {file}")
        return PASSED

    return _for_each_contract(config, probes, write)


def drift(config: Config, probes: Sequence[Probe]) -> int:
    """Print every difference between contract files and servers; the exit code is 1 where one is breaking."""

    def show(probe: Probe, settings: CatalogSettings, contract: Contract) -> int:
        assert settings.contract is not None
        redact = cache_of(config.targets[probe.target]).redact
        changes = compare(settings.contract, contract)
        counts = Counter(change.severity for change in changes)
        summary = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
        typer.echo(f"{probe.target}: {summary or 'as pinned'}")
        for change in changes:
            text = redact(f"{change.where}: {change.message}")
            typer.echo(line(f"  {_MARKS[change.severity]} {change.severity:9} {text}"))
        return FAILED if counts[Severity.BREAKING] else PASSED

    return _for_each_contract(config, probes, show)


def _for_each_contract(
    config: Config, probes: Sequence[Probe], command: Callable[[Probe, CatalogSettings, Contract], int]
) -> int:
    """Read the listing of each target with a contract, and run `command` on it; returns the highest exit code."""
    codes = []
    for probe in probes:
        settings = probe.settings
        if not isinstance(settings, CatalogSettings) or settings.contract_file is None:
            continue
        try:
            contract = asyncio.run(contract_of(config.targets[probe.target], timeout=probe.timeout))
        except Failure as failure:
            typer.echo(line(f"{probe.target}: {failure.reason} at {failure.step}: {failure.message}"), err=True)
            for proof in told(failure):
                typer.echo(f"  {proof}", err=True)
            typer.echo(f"  next: {next_for(failure, target=probe.target)}", err=True)
            codes.append(FAILED)
        else:
            codes.append(command(probe, settings, contract))
    if not codes:
        refuse("No catalog probe names a contract. Add to one:\n  contract: contracts/NAME.json")
    return max(codes)
