"""What a read over HTTP costs, beside a tool of the same SDK that returns a constant.

    python -m tests.reference.bench_calls

With --listen it is the server of that tool.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import uvicorn
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel

from prober.reference.serve import listen
from prober.reference.tools.results import SessionRecord
from tests.reference.calling import crowd
from tests.reference.measuring import ROUNDS, Measured, drive, ratio, write_head, write_row
from tests.reference.processes import ServerProcess, serving

CONNECTIONS: Final = 16
EVENTS: Final = 50
"""In the workflow that is read: half of what a snapshot leaves at most."""


async def _calls(server: ServerProcess, tool: str, arguments: dict[str, Any]) -> Measured:
    async with crowd([server], CONNECTIONS) as clients:
        return await drive(
            lambda number: clients[number].call(tool, **arguments), CONNECTIONS, lambda: _cpu_seconds(server)
        )


def _cpu_seconds(server: ServerProcess) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def bench_calls(folder: Path) -> None:
    """The server's reads against a tool that returns a constant."""
    with (
        serving(folder, "--db", "calls.db", "--session", "probe") as server,
        serving(folder, name="bare", module="tests.reference.bench_calls") as bare,
    ):
        async with crowd([server], 1) as (client,):
            for number in range(EVENTS):
                await client.call("complete_step", session_id="probe", step_id=f"step {number}", agent_id="a")
        cases = {
            "bare: constant": (bare, "constant", {}),
            "bare: constant, as large as get_session": (bare, "record", {"session_id": "probe"}),
            "get_session": (server, "get_session", {"session_id": "probe"}),
            "get_session_config": (server, "get_session_config", {"session_id": "probe"}),
            f"get_workflow_state, {EVENTS} events": (server, "get_workflow_state", {"session_id": "probe"}),
        }
        results: dict[str, list[Measured]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, case in cases.items():
                results[name].append(await _calls(*case))
    write_head(f"{CONNECTIONS} connections calling a tool")
    base = results["bare: constant"]
    for name, measured in results.items():
        share, cpu = ratio(measured, base), ratio(base, measured, "cpu")
        write_row(name, measured, f"{share:.2f} x as many calls as of the constant, {cpu:.2f} by CPU")


class Constant(BaseModel):
    """What the bare server answers."""

    session_id: str = "probe"
    step_count: int = 0
    updated_at: str = "2026-01-31T12:00:00.000Z"


RECORD: Final = SessionRecord(
    session_id="probe",
    step_count=0,
    updated_at=Constant().updated_at,
    expires_at=None,
    created_at=Constant().updated_at,
    lifetime_seconds=None,
    last_tool=None,
    last_result=None,
    value=None,
    value_version=0,
    guarded_value=0,
    fencing_token=0,
    last_event=EVENTS,
)
"""What `get_session` answers of the session of the bench, but for its times."""


async def _serve_bare() -> None:
    """A server as small as can be with the same SDK: two tools, a constant each."""
    mcp: MCPServer[Any] = MCPServer("bare", version="1", log_level="ERROR")

    @mcp.tool()
    async def constant() -> Constant:
        return Constant()

    @mcp.tool()
    async def record(session_id: str) -> SessionRecord:
        return RECORD

    with listen("127.0.0.1", 0) as listener:
        app = mcp.streamable_http_app(json_response=True, stateless_http=True)
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
        await uvicorn.Server(config).serve(sockets=[listener])


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        await bench_calls(Path(folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", help=argparse.SUPPRESS)
    asyncio.run(_serve_bare() if parser.parse_args().listen else _bench())
