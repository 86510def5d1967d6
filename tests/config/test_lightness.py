"""What loading a configuration does not import: `check` and `--help` stay quick."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HEAVY = ("mcp", "mcp_types", "httpx", "rich", "pydantic", "jsonschema", "jsonpath_rfc9535", "ssl", "asyncio")


def _imported(code: str, *arguments: str) -> set[str]:
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_importing_the_values_imports_nothing_heavy() -> None:
    modules = _imported("import prober.config, prober.config.model")
    assert modules.isdisjoint({*HEAVY, "yaml"})


def test_loading_imports_only_what_the_files_ask_for(write: Callable[..., Path]) -> None:
    file = write(
        "targets: {server: {url: 'https://mcp.test/mcp', headers: {X-Key: '${HOME}'}}}\n"
        "probes: {one: {target: server, kind: call, tool: echo, latency: {fail: 1s}}}\n"
    )
    code = "import os, pathlib, prober.loader as c; c.load([pathlib.Path(sys.argv[1])], environ=os.environ)"
    modules = _imported(code, str(file))
    assert "yaml" in modules
    assert modules.isdisjoint(HEAVY)
    assert "prober.kinds.race" in modules  # every kind is declared
    assert [name for name in modules if name.startswith("prober.kinds.") and name.endswith(".run")] == []


def test_only_a_cron_expression_imports_the_scheduler(write: Callable[..., Path]) -> None:
    code = "import os, pathlib, prober.loader as c; c.load([pathlib.Path(sys.argv[1])], environ=os.environ)"
    text = "targets: {server: {url: 'https://mcp.test/mcp'}}\nprobes: {one: {target: server, kind: handshake, %s}}\n"
    assert "apscheduler" not in _imported(code, str(write(text % "interval: 1m")))
    assert "apscheduler" in _imported(code, str(write(text % "cron: '* * * * *'")))


def test_the_schema_of_the_language_needs_no_schema_library() -> None:
    assert _imported("import prober.loader; prober.loader.json_schema()").isdisjoint(HEAVY)
