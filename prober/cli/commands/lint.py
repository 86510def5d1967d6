"""`lint`: says which clients and models can use the tools that a server lists. It calls no tool."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from prober.cli import failures
from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, refuse
from prober.cli.server_choice import Chosen
from prober.client.target_cache import cache_of
from prober.discover.offered import offer_of
from prober.files import is_file
from prober.lint.linting import lint
from prober.lint.offer import Offer
from prober.lint.rules import FAILING, rules
from prober.outcome import Failure, ServerInfo, Verdict
from prober.report.answer import masked
from prober.report.clients import LintedServer, document, sarif, table
from prober.report.tty import columns, writable
from prober.report.untrusted import line


@dataclass(frozen=True, kw_only=True)
class LintOptions:
    """What is looked at, and what fails."""

    output: str
    clients: tuple[str, ...]
    """Empty where none was named."""
    fail_on: str
    max_tokens: int | None


_DOCUMENTS: Final = {"json": document.document, "sarif": sarif.document}


def lint_servers(servers: Sequence[Chosen], options: LintOptions) -> int:
    """Look at each server; returns the exit code. Why one could not be looked at goes to standard error."""
    found: list[LintedServer] = []
    code = PASSED
    for server in servers:
        try:
            info, offer = asyncio.run(offer_of(server.target, timeout=server.seconds))
        except Failure as failure:
            failures.show(failure, of=server.target.address)
            code = max(code, FAILED if failure.reason.verdict is Verdict.FAIL else UNKNOWN, key=_GRAVER.index)
            continue
        offer = Offer.of(
            masked([dict(tool.listing) for tool in offer.tools], cache_of(server.target).redact),
            server=info.name or "",
            transport=offer.transport,
        )
        found.append(_linted(server.target.address, info, offer, options))
    return _end(found, options, code)


_GRAVER: Final = (PASSED, UNKNOWN, FAILED)


def lint_file(path: Path, listings: list[dict[str, Any]], options: LintOptions) -> int:
    """Look at tools that stand in a file; returns the exit code."""
    return _end([_linted(str(path), ServerInfo(), Offer.of(listings), options)], options, PASSED)


def tools_in(path: Path) -> list[dict[str, Any]] | None:
    """The tools of a contract that `pin` wrote, or of the result of `tools/list`; None for any other file."""
    if path.suffix.lower() != ".json" or not is_file(path):
        return None
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    found = found.get("result", found) if isinstance(found, dict) else found
    tools = found.get("tools") if isinstance(found, dict) else None
    if isinstance(tools, dict):
        tools = [{"name": name, **tool} for name, tool in tools.items() if isinstance(tool, dict)]
    if not isinstance(tools, list):
        return None
    if not all(isinstance(tool, dict) for tool in tools):
        refuse(f"{path}: the tools of `tools` have to be objects, as tools/list gives them.")
    return tools


def _linted(address: str, info: ServerInfo, offer: Offer, options: LintOptions) -> LintedServer:
    clients = options.clients or rules().usual(offer.transport)
    return LintedServer(address=address, server=info, transport=offer.transport, linted=lint(offer, rules(), clients))


def _end(found: Sequence[LintedServer], options: LintOptions, code: int) -> int:
    if found or options.output != "table":
        text = "\n".join(_text(found, options))
        sys.stdout.write(writable(text, sys.stdout) + "\n")
    for server in found:
        for complaint in _complaints(server, options):
            typer.echo(line(f"{server.address}: {complaint}"), err=True)
            code = FAILED
        if any(server.linted.count(severity) for severity in FAILING[options.fail_on]):
            code = FAILED
    return code


def _text(found: Sequence[LintedServer], options: LintOptions) -> Iterator[str]:
    if options.output in _DOCUMENTS:
        yield json.dumps(_DOCUMENTS[options.output](found), indent=2, allow_nan=False)
        return
    for number, server in enumerate(found):
        if number:
            yield ""
        yield from table.lines(server, rules(), width=columns(sys.stdout), named=bool(options.clients))


def _complaints(server: LintedServer, options: LintOptions) -> Iterator[str]:
    """What fails beside findings."""
    linted = server.linted
    if not linted.tools:
        yield "the server lists no tools: there is nothing that a client could use"
    if linted.unread:
        yield f"tools with schemas that are too large or no Unicode, so not looked at: {len(linted.unread)}"
    if options.max_tokens is not None and linted.weight.tokens > options.max_tokens:
        yield f"the tools take about {linted.weight.tokens:,} tokens, the budget is {options.max_tokens:,}"
