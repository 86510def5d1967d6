"""`demo`: runs probes on the reference server, then two faults, and a race that one store passes and one fails."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import typer

from prober.cli.exit_codes import FAILED, INTERRUPTED, PASSED, UNKNOWN
from prober.cli.invocation import own_command, shown
from prober.cli.package_data import shipped
from prober.config.model import Config
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason, Verdict
from prober.report import REPORTS

_STOP_SECONDS: Final = 10.0
_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)

_RACES: Final = "reference-races.yaml"
_RACE: Final = "reference-steps"
"""The probe of that file whose clients increment one counter."""

_FAULTS: Final = (
    ("null-field", "a required field of every answer is null", Reason.OUTPUT_SCHEMA_MISMATCH),
    ("http-503", "the store's connections are used up", Reason.UNAVAILABLE),
)
_FAULTY: Final = ("reference-handshake", "reference-session", "reference-workflow-state")
"""Probes that the demo shows with faults: enough to see which notice, few enough to read."""


def demo(*, serve: bool) -> int:
    """Show what the prober does; returns the exit code. `serve` keeps the server up until it is interrupted."""
    return asyncio.run(_interruptible(serve=serve))


async def _interruptible(*, serve: bool) -> int:
    """A signal ends what is awaited at the moment, so that the servers and folders of the demo go with it."""
    showing = asyncio.ensure_future(_demo(serve=serve))
    loop = asyncio.get_running_loop()
    for number in _INTERRUPTIONS:
        loop.add_signal_handler(number, showing.cancel)
    try:
        return await showing
    except asyncio.CancelledError:
        typer.echo("interrupted", err=True)
        return INTERRUPTED


async def _demo(*, serve: bool) -> int:
    with TemporaryDirectory(prefix="mcp-prober-demo-") as folder, reference_server(Path(folder)) as url:
        typer.echo(f"A reference server is up at {url}, its state in an SQLite file.")
        as_expected = [await _probes_pass(url)]
        as_expected += [await _fault_is_caught(url, *fault) for fault in _FAULTS]
        _set_faults(url, [])
        as_expected += [await _race_is_won(url), await _race_is_lost()]
        typer.echo("" if all(as_expected) else "\nThis is not what the demo should show.\n")
        typer.echo(_next_steps())
        if serve:
            await _serve(url)
    return PASSED if all(as_expected) else FAILED


def _next_steps() -> str:
    """Commands to go on with, each of which works as it stands."""
    me = own_command()
    races = shlex.quote(shown(shipped("probes") / _RACES))
    return (
        "Probes for a server of yours, then one pass over them:\n"
        f"  {me} init https://your.server/mcp\n"
        f"  {me} run probes\n"
        "The race that was lost, once more, with the server in a second terminal:\n"
        f"  {me} reference --store memory\n"
        f"  {me} run {races} --probe {_RACE}"
    )


async def _probes_pass(url: str) -> bool:
    config = _config_for(url, "reference.yaml")
    typer.echo(f"\nOne pass over probes/reference.yaml ({len(config.probes)} probes):\n")
    outcomes = await _run_pass(config)
    return all(outcome.verdict is Verdict.PASS for outcome in outcomes)


async def _fault_is_caught(url: str, name: str, what: str, reason: Reason) -> bool:
    typer.echo(f"\nThree of them with the fault {name}: {what}.\n")
    _set_faults(url, [name])
    outcomes = await _run_pass(_config_for(url, "reference.yaml", only=_FAULTY))
    return any(outcome.reason is reason for outcome in outcomes)


async def _race_is_won(url: str) -> bool:
    typer.echo("\nThe faults are off. Now several clients count at once, on the SQLite store:\n")
    outcomes = await _run_pass(_config_for(url, _RACES, only=(_RACE,)))
    return all(outcome.verdict is Verdict.PASS for outcome in outcomes)


async def _race_is_lost() -> bool:
    typer.echo("\nThe same on the memory store, which is how not to do it:\n")
    with TemporaryDirectory(prefix="mcp-prober-demo-") as folder, reference_server(Path(folder), "memory") as url:
        outcomes = await _run_pass(_config_for(url, _RACES, only=(_RACE,)))
    return any(outcome.reason is Reason.LOST_UPDATE for outcome in outcomes)


async def _run_pass(config: Config) -> list[Outcome]:
    outcomes = await run_pass(config, list(config.probes.values()))
    REPORTS["table"](outcomes, started_at=min(each.started_at for each in outcomes), verbose=False, stream=sys.stdout)
    sys.stdout.flush()
    return outcomes


def _config_for(url: str, file: str, *, only: Collection[str] = ()) -> Config:
    config = load([shipped("probes") / file], environ=os.environ)
    targets = {name: replace(target, url=url, address=url) for name, target in config.targets.items()}
    # Without an origin a lost race prints no command to run it again: its server is gone by then.
    probes = {name: replace(probe, origin="") for name, probe in config.probes.items() if not only or name in only}
    return replace(config, targets=targets, probes=probes)


def _set_faults(url: str, faults: Sequence[str]) -> None:
    """Switch these faults of the server on, and all others off."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        url.removesuffix("/mcp") + "/debug/faults",
        data=json.dumps({"faults": list(faults)}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5):  # noqa: S310
        pass


async def _serve(url: str) -> None:
    metrics = url.removesuffix("/mcp") + "/metrics"
    try:
        typer.echo(f"\nThe server stays up: MCP at {url}, metrics at {metrics}. Ctrl-C ends it.")
        await asyncio.Event().wait()
    except asyncio.CancelledError:  # as it should end
        typer.echo("")


@contextmanager
def reference_server(folder: Path, store: str = "sqlite", *, fault: str | None = None) -> Iterator[str]:
    """Run a reference server that writes its files to `folder`; yields the URL of its MCP endpoint."""
    command = [sys.executable, "-m", "prober.reference", "--listen", "127.0.0.1:0", "--session", "probe"]
    command += ["--fault", fault] if fault else []
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own server
            [*command, "--store", store, "--db", str(folder / "demo.db")], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield _wait_for_url(process, folder / "server.log")
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _wait_for_url(process: subprocess.Popen[str], log: Path) -> str:
    """The URL in the first line of the server, which it prints when it is ready; without that line, exit."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        typer.echo(f"The reference server did not start:\n{log.read_text()[-2000:]}", err=True)
        raise typer.Exit(UNKNOWN)
    return line.removeprefix("listening on ").strip()
