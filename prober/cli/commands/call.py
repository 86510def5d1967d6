"""`call`: calls one tool once, shows its answer on standard output and what is to be said of it on standard error."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from prober.assertions.checks import Finding
from prober.assertions.judge import Judge
from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, USAGE
from prober.cli.server_choice import Chosen
from prober.cli.tool_arguments import ArgumentMistake, GivenArguments, described, first_mistake, typed
from prober.client.exchange import ExchangeLog
from prober.client.session import Session
from prober.client.target_cache import Tool, cache_of
from prober.config.document.diagnostics import did_you_mean
from prober.config.model import Checks
from prober.deadline import Deadline
from prober.discover.disguised_error import disguised_error
from prober.kinds.answer import judge_answer, tool_error
from prober.kinds.context import ProbeContext
from prober.outcome import Failure, Reason, Verdict
from prober.report.answer import lines, masked
from prober.report.details import told
from prober.report.formatting import duration
from prober.report.tty import writable
from prober.report.untrusted import block, line


@dataclass(kw_only=True)
class _Call:
    """One call, and what became of it."""

    tool: str
    given: GivenArguments
    context: ProbeContext
    mistake: str | None = None
    """Why the arguments were not sent."""
    result: Mapping[str, Any] | None = None
    failure: Failure | None = None
    about_schema: str = ""

    async def run(self) -> None:
        """Never raises Failure. A mistake in the arguments ends the session as politely as any answer does."""
        try:
            async with self.context.within_deadline(), self.context.session() as session:
                tool = await self.context.tool(session, self.tool)
                arguments = await self._arguments(tool)
                if arguments is not None:
                    await self._send(session, tool, arguments)
        except Failure as failure:
            self.failure = self.context.masked(failure)

    async def _arguments(self, tool: Tool) -> dict[str, Any] | None:
        try:
            arguments = typed(self.given, tool.input_schema)
        except ArgumentMistake as mistake:
            self.mistake = str(mistake)
            return None
        finding = await first_mistake(arguments, tool.input_schema, self.context.judge, deadline=self.context.deadline)
        if finding is not None and finding.reason is Reason.SCHEMA_MISMATCH:
            self.mistake = f"the arguments do not fit the inputSchema: {finding.message}"
        elif finding is not None:
            self.context.warnings.append(f"the arguments were not checked: {_why_unchecked(finding)}")
        return arguments if self.mistake is None else None

    async def _send(self, session: Session, tool: Tool, arguments: Mapping[str, Any]) -> None:
        params = {"name": self.tool, "arguments": arguments}
        self.result = result = await session.request("tools/call", params, input_schema=tool.input_schema)
        if result.get("isError"):
            raise tool_error(self.tool, result)
        declared = tool.listing.get("outputSchema") is not None
        await judge_answer(self.context, Checks(), result, step="tools/call", tool=tool)
        if (said := disguised_error(result)) is not None:
            self.context.warnings.append(f"the answer looks like an error, though it does not say isError: {said}")
        self.about_schema = "it fits its outputSchema" if declared else "the tool declares no outputSchema"


def call(server: Chosen, tool: str, given: GivenArguments, *, output: str, allow_writes: bool) -> int:
    """Call the tool, print answer and verdict; returns the exit code."""
    done = asyncio.run(_run(server, tool, given, allow_writes=allow_writes))
    redact = done.context.log.redact
    if done.result is not None:
        _print(done.result, output=output, done=done)
    for warning in done.context.warnings:
        typer.echo(line(f"warning: {redact(warning)}"), err=True)
    if done.mistake is not None:
        listing = _listed(done)[tool]
        typer.echo(block(redact(f"{tool} was not called: {done.mistake}")), err=True)
        typer.echo(line(redact(f"its arguments (* required): {described(listing.input_schema)}")), err=True)
        return USAGE
    if done.failure is not None:
        return _tell(done.failure, done)
    typer.echo(f"pass: the answer took {_took(done)}; {done.about_schema}", err=True)
    return PASSED


async def _run(server: Chosen, tool: str, given: GivenArguments, *, allow_writes: bool) -> _Call:
    target_cache = cache_of(server.target)
    async with Judge() as judge:
        context = ProbeContext(
            target=server.target,
            target_cache=target_cache,
            judge=judge,
            deadline=Deadline.after(server.seconds),
            allow_writes=allow_writes,
            log=ExchangeLog(target_cache.redact),
        )
        done = _Call(tool=tool, given=given, context=context)
        await done.run()
    return done


def _print(result: Mapping[str, Any], *, output: str, done: _Call) -> None:
    redact = done.context.log.redact
    try:
        if output == "json":
            texts = [json.dumps(masked(result, redact), indent=2, allow_nan=False)]
        else:
            texts = list(lines(result, redact))
    except (RecursionError, ValueError):
        typer.echo("the answer is nested too deeply to be shown", err=True)
        return
    sys.stdout.write("".join(writable(text, sys.stdout) + "\n" for text in texts))
    sys.stdout.flush()


def _tell(failure: Failure, done: _Call) -> int:
    """What went wrong, on standard error; returns the exit code."""
    if failure.reason is Reason.NOT_READ_ONLY:
        text = f"{done.tool} was not called: it does not say readOnlyHint: true, so it may change something."
        typer.echo(line(f"{text} To call it all the same: --allow-writes"), err=True)
        return USAGE
    message = failure.message
    if failure.reason is Reason.TOOL_MISSING:
        message = done.context.log.redact(did_you_mean(message, done.tool, _listed(done)))
    verdict = failure.reason.verdict
    typer.echo(line(f"{verdict}: {failure.reason} at {failure.step}: {message}"), err=True)
    if failure.reason is not Reason.TOOL_MISSING:
        for proof in told(failure):
            typer.echo(f"  {proof}", err=True)
    if done.result is not None:
        typer.echo(f"the answer took {_took(done)}", err=True)
    return FAILED if verdict is Verdict.FAIL else UNKNOWN


def _why_unchecked(finding: Finding) -> str:
    if finding.reason is Reason.OUTPUT_SCHEMA_INVALID:
        return f"the inputSchema is no sound schema at {finding.evidence.pointer or '(root)'}"
    return finding.message


def _listed(done: _Call) -> Mapping[str, Tool]:
    listed = done.context.target_cache.tools.value
    return listed.tools if listed is not None else {}


def _took(done: _Call) -> str:
    """From the request to the end of its answer."""
    [exchange] = [exchange for exchange in done.context.log.finished if exchange.step == "tools/call"]
    return duration(exchange.duration_seconds)
