"""Whole processes: `--help` against importing Typer, `run` of one HTTP probe against the MCP Inspector on the shell.

The goals are for CPU time, for on a busy machine wall time is mostly that of others. It is told beside it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.fresh_probe import ARGUMENTS, SCHEMA, TOOL
from tests.bench.timing import Comparison, process_rounds
from tests.real.install import npm_script
from tests.real.servers import sdk_http

ROUNDS = 7
HELP = Comparison(what="mcp-prober --help against python -c 'import typer'", ours="help", theirs="typer", at_most=2)
RUN = Comparison(what="mcp-prober run against the Inspector CLI", ours="run", theirs="inspector", at_most=0.6)


def compare() -> bool:
    prober = [sys.executable, "-m", "prober"]
    with TemporaryDirectory() as folder, sdk_http(Path(folder)) as server:
        url = str(server.target["url"])
        path = Path(folder) / "one.yaml"
        call = {"target": "sdk", "kind": "call", "tool": TOOL, "arguments": ARGUMENTS, "schema": SCHEMA}
        path.write_text(json.dumps({"targets": {"sdk": {"url": url}}, "probes": {"state": call}}))
        inspector = npm_script("@modelcontextprotocol/inspector", "clients/launcher/build/index.js")
        inspector += ["--cli", url, "--transport", "http", "--method", "tools/call", "--tool-name", TOOL]
        for name, value in ARGUMENTS.items():
            inspector += ["--tool-arg", f"{name}={value}"]
        cost = process_rounds(
            {
                "help": [*prober, "--help"],
                "typer": [sys.executable, "-c", "import typer"],
                "run": [*prober, "run", str(path)],
                "inspector": inspector,
            },
            rounds=ROUNDS,
        )
    all_met = True
    for goal in (HELP, RUN):
        for measure, medians in (("CPU", cost.cpu), ("wall", cost.wall)):
            line, met = replace(goal, what=f"{goal.what}, {measure}").line(medians, "ms")
            print(line)
            all_met = all_met and (met or measure != "CPU")
    return all_met
