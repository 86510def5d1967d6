"""A server on the official SDK that answers a tool by a task, by the extension `io.modelcontextprotocol/tasks`.

python -m tests.real.task_server FD         serves the listening socket FD at /mcp
"""

from __future__ import annotations

import asyncio
import socket
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import uvicorn
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from mcp_types import CallToolRequestParams, RequestParams

WORKS: float = 0.6
"""Seconds that a task takes."""


class TaskParams(RequestParams):
    task_id: str


class Tasks(Extension):
    """Every call becomes a task, for clients that say that they can follow one."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self) -> None:
        self.running: dict[str, asyncio.Task[HandlerResult]] = {}
        self.created: dict[str, str] = {}

    def methods(self) -> list[MethodBinding]:
        return [MethodBinding(method="tasks/get", params_type=TaskParams, handler=self._get)]

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        declared = ((ctx.params or {}).get("_meta") or {}).get("io.modelcontextprotocol/clientCapabilities") or {}
        if self.identifier not in (declared.get("extensions") or {}):
            return await call_next(ctx)
        task = str(uuid4())
        self.created[task] = datetime.now(UTC).isoformat()
        self.running[task] = asyncio.create_task(self._work(call_next, ctx))
        return {"resultType": "task", **self._state(task)}

    async def _work(self, call_next: CallNext, ctx: ServerRequestContext[Any, Any]) -> HandlerResult:
        await asyncio.sleep(WORKS)
        return await call_next(ctx)

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        return self._state(params.task_id)

    def _state(self, task: str) -> dict[str, Any]:
        work = self.running[task]
        times = {"createdAt": self.created[task], "lastUpdatedAt": datetime.now(UTC).isoformat()}
        state = {"taskId": task, "status": "working", "ttlMs": 60_000, "pollIntervalMs": 200, **times}
        if not work.done():
            return state
        result: Any = work.result()
        return state | {
            "status": "completed",
            "result": result.model_dump(by_alias=True, exclude_none=True, mode="json"),
        }


server = MCPServer("task-server", version="1.0.0", log_level="ERROR", extensions=[Tasks()])


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def ponder(question: str) -> dict[str, str]:
    """Think for a while."""
    return {"answer": f"{question}: it depends"}


if __name__ == "__main__":
    config = uvicorn.Config(server.streamable_http_app(json_response=True), log_level="error", access_log=False)
    asyncio.run(uvicorn.Server(config).serve(sockets=[socket.socket(fileno=int(sys.argv[1]))]))
