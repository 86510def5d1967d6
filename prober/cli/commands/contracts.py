"""`pin` and `drift`: what targets offer, written to contract files and compared with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import typer

from prober.cli.exit_codes import FAILED, PASSED, refuse
from prober.cli.selection import counted
from prober.client.target_cache import cache_of
from prober.config.model import Config, Probe
from prober.contract.change import Severity
from prober.contract.contract import Contract, compare, dump_contract
from prober.discover.survey import read_offer
from prober.kinds.catalog import CatalogSettings
from prober.outcome import Failure
from prober.report.details import told
from prober.report.untrusted import line, scalar

_MARKS: Final = {Severity.BREAKING: "!", Severity.ADDITIVE: "+", Severity.COSMETIC: "~"}


def pin(config: Config, probes: Sequence[Probe]) -> int:
    """Write the contract files of catalog probes; returns the exit code."""

    def write(probe: Probe, settings: CatalogSettings, offer: Contract) -> int:
        file, text = _file(settings), scalar(dump_contract(offer))
        if cache_of(config.targets[probe.target]).redact(text) != text:
            typer.echo(f"{probe.target}: not pinned, for what it offers holds a secret of this target", err=True)
            return FAILED
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            refuse(f"{error.filename}: {error.strerror}")
        typer.echo(f"{probe.target}: {counted(offer.tools, 'tool')} pinned in {file}")
        return PASSED

    return _each(config, probes, write)


def drift(config: Config, probes: Sequence[Probe]) -> int:
    """Tell every difference between contract files and servers; the exit code is 1 where one is breaking."""

    def tell(probe: Probe, settings: CatalogSettings, offer: Contract) -> int:
        assert settings.contract is not None
        redact = cache_of(config.targets[probe.target]).redact
        changes = compare(settings.contract, offer)
        counts = Counter(change.severity for change in changes)
        summary = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
        typer.echo(f"{probe.target}: {summary or 'as pinned'}")
        for change in changes:
            told = redact(f"{change.where}: {change.message}")
            typer.echo(line(f"  {_MARKS[change.severity]} {change.severity:9} {told}"))
        return FAILED if counts[Severity.BREAKING] else PASSED

    return _each(config, probes, tell)


def _each(config: Config, probes: Sequence[Probe], do: Callable[[Probe, CatalogSettings, Contract], int]) -> int:
    """Read what each target with a contract offers, and `do` something with it; the highest exit code counts."""
    codes = []
    for probe in probes:
        settings = probe.settings
        if not isinstance(settings, CatalogSettings) or settings.contract_file is None:
            continue
        try:
            offer = asyncio.run(read_offer(config.targets[probe.target], timeout=probe.timeout))
        except Failure as failure:
            typer.echo(line(f"{probe.target}: {failure.reason} at {failure.step}: {failure.message}"), err=True)
            for proof in told(failure):
                typer.echo(f"  {proof}", err=True)
            codes.append(FAILED)
        else:
            codes.append(do(probe, settings, offer))
    if not codes:
        refuse("No catalog probe names a contract. Add to one:\n  contract: contracts/NAME.json")
    return max(codes)


def _file(settings: CatalogSettings) -> Path:
    assert settings.contract_file is not None
    return settings.contract_file
