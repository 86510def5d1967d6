"""`check-metrics`: holds a server's page of metrics against the families, and its counters against what is done."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import typer
import yaml

from prober.cli import failures
from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, refuse
from prober.cli.made_config import made_config
from prober.cli.package_data import shipped
from prober.cli.server_address import Server, ServerArguments, check_server
from prober.client.exchange import ExchangeLog
from prober.client.http.metrics_page import OPENMETRICS, STEP, TEXT, metrics_page
from prober.client.target_cache import cache_of
from prober.config import ConfigError
from prober.config.fields.urls import without_query
from prober.engine import run_pass
from prober.kinds.metrics.settings import ACTS
from prober.outcome import Failure, Outcome, Reason, Verdict
from prober.outcome.masking import MaskedFailure, Redact
from prober.report import REPORTS
from prober.report.state_metrics import JudgedPage, document, lines
from prober.report.tty import columns, writable
from prober.report.untrusted import line
from prober.state_metrics.families import families
from prober.state_metrics.judging import Finding, judge
from prober.state_metrics.page import Page, PageError, parse

_ACT: Final = re.compile(rf"({'|'.join(ACTS)})=(\S+)(?:\s+(.*))?", re.DOTALL)
_HOW: Final[Mapping[str, Mapping[str, Any]]] = {
    "write": {"times": 3},
    # Who retries loses only where many meet; a call that lost after all is an error to its caller.
    "conflict": {"times": 64, "at_once": 16, "conflict_when": [{"path": "$.isError", "equals": True}]},
    "lock_wait": {"times": 8, "at_once": 8},
}
"""How an act is carried out whose tool was named by the user."""


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """What is looked at, and what is done to the server."""

    url: str
    mcp: str | None
    acts: Sequence[str]
    header: Sequence[str]
    timeout: str
    output: str


def check_metrics(options: CheckOptions) -> int:
    """Judge the page, do what was asked for, report; returns the exit code."""
    place = _server(options.url, options, headers=())
    redact = cache_of(place.target).redact
    probe = _probe(options)
    started_at = datetime.now(UTC)
    try:
        pages = asyncio.run(_pages(place))
    except Failure as failure:
        failures.show(MaskedFailure(failure, redact), of=without_query(options.url))
        return FAILED if failure.reason.verdict is Verdict.FAIL else UNKNOWN
    except PageError as error:
        typer.echo(line(f"{without_query(options.url)}: no page of metrics: {redact(str(error))}"), err=True)
        return FAILED
    outcome = None if probe is None else _outcome(options, probe)
    judged = _judged(options, pages, outcome, started_at, redact)
    _print(judged, options)
    verdict = Verdict.PASS if outcome is None else outcome.verdict
    if judged.count("error") or verdict is Verdict.FAIL:
        return FAILED
    return PASSED if verdict is Verdict.PASS else UNKNOWN


def _server(url: str, options: CheckOptions, *, headers: Sequence[str]) -> Server:
    """An address as it was typed: nothing else is tried where it does not answer."""
    if not url.lower().startswith(("http://", "https://")):
        refuse(f"{without_query(url)}: a URL begins with http:// or https://")
    return check_server(
        ServerArguments(
            words=[url],
            transport="http",
            headers=list(headers),
            env=[],
            name=None,
            timeout=options.timeout,
            startup_timeout=None,
            command="check-metrics",
        )
    )


async def _pages(place: Server) -> list[Page]:
    """The page in both formats: a server may get one right and the other wrong."""
    log = ExchangeLog(cache_of(place.target).redact)
    pages = []
    for accept in (TEXT, OPENMETRICS):
        try:
            async with asyncio.timeout(place.seconds):
                got = await metrics_page(place.target, place.target.url or "", log=log, accept=accept)
        except TimeoutError:
            raise Failure(Reason.TIMEOUT, f"no page within {place.seconds:g} s", step=STEP) from None
        pages.append(parse(*got))
    return pages


def _judged(
    options: CheckOptions, pages: Sequence[Page], outcome: Outcome | None, started_at: datetime, redact: Redact
) -> JudgedPage:
    known = families()
    findings: dict[Finding, None] = {}
    for page in pages:
        findings |= {
            replace(each, family=redact(each.family), what=redact(each.what)): None for each in judge(page, known)
        }
    return JudgedPage(
        address=without_query(options.url),
        version=known.version,
        found=len(known.by_name) - len({finding.family for finding in findings if finding.is_absent}),
        known=len(known.by_name),
        findings=tuple(findings),
        acts=outcome,
        started_at=started_at,
    )


def _print(judged: JudgedPage, options: CheckOptions) -> None:
    if options.output == "json":
        sys.stdout.write(json.dumps(document(judged), indent=2, allow_nan=False) + "\n")
        return
    text = "\n".join(lines(judged, width=columns(sys.stdout)))
    sys.stdout.write(writable(text, sys.stdout) + "\n")
    if judged.acts is not None and judged.acts.verdict is not Verdict.PASS:
        REPORTS["table"]([judged.acts], started_at=judged.started_at, verbose=False, stream=sys.stdout)


def _probe(options: CheckOptions) -> dict[str, Any] | None:
    """The probe that moves the counters; None where only the page is looked at."""
    if options.mcp is None:
        if options.acts:
            refuse("--act needs --mcp URL: the server whose tool it calls.")
        return None
    shown = yaml.safe_load((shipped("probes") / "reference-truth.yaml").read_text(encoding="utf-8"))
    [probe] = shown["probes"].values()
    if options.acts:
        probe = {name: value for name, value in probe.items() if name not in ("setup", "cleanup", *ACTS)}
        probe |= dict(map(_mapped, options.acts))
    return {**probe, "target": "server", "metrics_url": options.url, "single_process": False}


def _mapped(text: str) -> tuple[str, dict[str, Any]]:
    """An act as typed: `write=TOOL {"argument": 1}`."""
    match = _ACT.fullmatch(text)
    if match is None:
        refuse(f"--act: write one of {', '.join(ACTS)}, then =TOOL and its arguments as a JSON object")
    name, tool, arguments = match.groups()
    try:
        read = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        refuse(f"--act {name}={tool}: its arguments are not a JSON object")
    return name, {"tool": tool, "arguments": read, **_HOW[name]}


def _outcome(options: CheckOptions, probe: Mapping[str, Any]) -> Outcome:
    """What comes of the probe."""
    assert options.mcp is not None
    server = _server(options.mcp, options, headers=options.header)
    told = {
        "targets": {"server": {**server.entry, "allow_writes": True}},
        "defaults": {"timeout": options.timeout, "interval": "1d"},
        "probes": {"check-metrics": dict(probe)},
    }
    try:
        config = made_config(told)
    except ConfigError as error:
        refuse("\n".join(f"{mistake.path}: {mistake.message}" for mistake in error.mistakes))
    [outcome] = asyncio.run(run_pass(config, list(config.probes.values())))
    return outcome
