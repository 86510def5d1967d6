"""Gives `mcp-prober daemon` several command lines, one after the other, in one process; prints what became of each.

    echo '[["--drain", "10"]]' | python -m tests.daemon.refusing

An interpreter for each would take seconds where this takes milliseconds. In the main thread, where signals are handled.
"""

from __future__ import annotations

import json
import sys

from typer.testing import CliRunner

from prober.cli import app


def main() -> None:
    told = []
    for words in json.load(sys.stdin):
        result = CliRunner().invoke(app, ["daemon", *words])
        ended = result.exception is None or isinstance(result.exception, SystemExit)
        told.append([result.exit_code if ended else repr(result.exception), result.stdout, result.stderr])
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
