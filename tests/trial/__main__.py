"""`python -m tests.trial`: installs the servers, tries them one after the other, writes `results.md`.

--only NAME   this server alone; the table is not written      --busy   with both cores kept busy meanwhile
--install     install and try nothing
--clients     lint each package instead, write `clients.md`
Exit code 1 where a red result is not proved, or a process was left behind.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.trial.clients import RESULTS as CLIENTS
from tests.trial.clients import lint_server, one_of_each_package
from tests.trial.clients import markdown as clients_table
from tests.trial.installing import InstallError, install
from tests.trial.rounds import Trial, try_server
from tests.trial.servers import Server, needed_by, table
from tests.trial.table import RESULTS, markdown


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trial")
    parser.add_argument("--only", action="append", choices=table(), default=[])
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--clients", action="store_true")
    options = parser.parse_args()
    servers = [server for name, server in table().items() if not options.only or name in options.only]
    for server in dict.fromkeys(each for chosen in servers for each in (chosen, *needed_by(chosen))):
        try:
            install(server.package, npm=server.npm is not None)
        except InstallError as problem:
            print(f"{server.name}: {problem}", file=sys.stderr)
            return 2
    if options.install:
        return 0
    if options.clients:
        return _lint(servers, write=not options.only)
    with _busy(options.busy):
        trials = [_told(server) for server in servers]
    conditions = f"on {os.cpu_count()} cores" + (", both kept busy" if options.busy else "")
    if not options.only:
        file = RESULTS.with_stem("results-busy") if options.busy else RESULTS
        file.write_text(markdown(trials, conditions=conditions), encoding="utf-8")
    return int(any(trial.false_alarms or trial.left_behind or trial.trouble for trial in trials))


def _lint(servers: Sequence[Server], *, write: bool) -> int:
    results = []
    for server in one_of_each_package(servers):
        results.append(lint_server(server))
        found = [each["rule"] for each in results[-1].findings if each["severity"] == "error"]
        print(f"{server.name}: {', '.join(dict.fromkeys(found)) or results[-1].trouble or 'no error'}", flush=True)
    if write:
        CLIENTS.write_text(clients_table(results), encoding="utf-8")
    return 0


def _told(server: Server) -> Trial:
    trial = try_server(server)
    runs = " ".join(f"{passed}/{all_}" for _, passed, all_ in trial.passed)
    print(f"{server.name}: init {trial.seconds:.1f} s, {runs} {trial.trouble}", flush=True)
    for red in trial.reds:
        print(
            f"  {red.round} {red.probe} {red.reason}: {red.message}\n    raw: {red.proof or 'FALSE ALARM'}", flush=True
        )
    if trial.left_behind:
        print(f"  {trial.left_behind} processes left behind", flush=True)
    return trial


@contextmanager
def _busy(wanted: bool) -> Iterator[None]:
    """Every core kept busy by a process that does nothing else."""
    spin = [sys.executable, "-c", "while True: pass"]
    spinners = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)] if wanted else []
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


if __name__ == "__main__":
    sys.exit(main())
