"""What is only read or printed does not cost the start of an HTTP library, and nothing but `second_opinion` the SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.command import ended, started, written
from tests.kinds.offering import document, gives, offering, tool
from tests.peers.child import StdioPeer

SDK: Final = {"mcp", "mcp_types", "pydantic", "anyio"}
HEAVY: Final = SDK | {"httpx", "httpcore", "rich", "jsonschema", "prometheus_client", "starlette", "asyncio"}

NEEDLESS: Final = (HEAVY - {"httpx", "httpcore", "asyncio"}) | {
    *("jsonschema_specifications", "referencing", "attr", "rpds", "jsonpath_rfc9535", "xml.etree", "authlib"),
    *(
        "prober.consistency",
        "prober.kinds.race.run",
        "prober.discover",
        "prober.report.junit",
        "prober.report.json_report",
        "prober.report.sarif",
        "prober.report.github",
        "prober.cli.watching",
    ),
}
"""What a passing probe, which is no race, does not wait for."""

SCHEMA: Final = {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"type": "integer"}}}

PROBES: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "handshake"},
    {"kind": "catalog"},
    {"kind": "call", "tool": "count", "schema": SCHEMA, "from": "result"},
)

MODULES: Final = """
import json, sys
from prober.cli import main
sys.argv[0] = "mcp-prober"
try:
    main()
except SystemExit as ending:
    assert not ending.code, ending.code
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


async def imported(*words: str, cwd: Path) -> set[str]:
    """The modules and packages that a command has imported when it is done."""
    async with started(*words, cwd=cwd, program=("-c", MODULES)) as process:
        done = await ended(process)
    assert done.code == 0, done.err
    return set(json.loads(done.err.splitlines()[-1]))


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "--version",
        "run --help",
        "check --help",
        "init --help",
        "call --help",
        "list --help",
        "drift --help",
        "check",
        "check --print-schema",
    ],
)
async def test_what_does_not_run_anything_is_light(words: str, tmp_path: Path) -> None:
    probe = {"target": "t", "kind": "call", "tool": "x", "arguments": {"a": "${HOME}"}, "latency": {"fail": "1s"}}
    (tmp_path / "probes").mkdir()
    written({"targets": {"t": {"url": "http://127.0.0.1:9/mcp"}}, "probes": {"p": probe}}, tmp_path / "probes")
    assert HEAVY & await imported(*words.split(), cwd=tmp_path) == set()


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe["kind"])
async def test_a_run_over_http_that_passes_imports_no_sdk_and_judges_without_a_library(
    probe: dict[str, Any], tmp_path: Path
) -> None:
    async with offering(tool("count", gives({"n": 1}), outputSchema=SCHEMA)) as peer:
        file = written(document(peer, probe, protocol="auto"), tmp_path)
        modules = await imported("run", file, cwd=tmp_path)
    assert "httpx" in modules
    assert NEEDLESS & modules <= {"anyio"}  # httpcore waits by it
    assert "prober.client.stdio.stdio_transport" not in modules


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe["kind"])
async def test_a_run_over_stdio_that_passes_imports_no_http_library_either(
    probe: dict[str, Any], tmp_path: Path
) -> None:
    peer = StdioPeer(tmp_path, era="modern")
    told = {"tool": "echo", "arguments": {"message": "hi"}} if "tool" in probe else {}
    configuration = {"targets": {"t": peer.target}, "probes": {"p": {"target": "t", **probe, **told}}}
    modules = await imported("run", written(configuration, tmp_path), cwd=tmp_path)
    assert (NEEDLESS | {"httpx", "httpcore", "h11", "prober.client.http.http_client"}) & modules == set()
