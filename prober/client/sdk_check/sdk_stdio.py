"""A stdio transport for the SDK client whose process always ends with the run.

The transport of the SDK shields the end of its process for up to six seconds, leaves grandchildren running, and sends
the log of the server to our standard error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from prober.client.stdio.process import Process
from prober.config.model import Target
from prober.deadline import Deadline

_EXIT_GRACE: Final = 0.5
"""Seconds for the process to exit by itself, at most half of the time left."""


@asynccontextmanager
async def process_streams(target: Target, *, deadline: Deadline) -> AsyncIterator[Any]:
    """The read and write streams that the SDK client expects of a transport."""
    import anyio
    from mcp.shared.message import SessionMessage

    env = {name: value.reveal() for name, value in target.env.items()}
    process = await Process.start(target.command, env=env, cwd=target.cwd)
    to_client, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write_stream, from_client = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with to_client, read_stream, write_stream, from_client, anyio.create_task_group() as tasks:
            tasks.start_soon(_read, process, to_client, target.limits.line)
            tasks.start_soon(_write, process, from_client)
            yield read_stream, write_stream
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await process.leave(min(_EXIT_GRACE, deadline.left() / 2))
            await process.aclose()


async def _read(process: Process, to_client: Any, limit: int) -> None:
    import mcp_types
    from mcp.shared.message import SessionMessage

    buffer = bytearray()
    async with to_client:
        while chunk := await process.read():
            *lines, rest = (buffer + chunk).split(b"\n")
            buffer = bytearray(rest)
            for line in lines:
                try:
                    message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError as error:
                    await to_client.send(error)
                else:
                    await to_client.send(SessionMessage(message))
            if len(buffer) > limit:
                return


async def _write(process: Process, from_client: Any) -> None:
    async with from_client:
        async for item in from_client:
            line = item.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
            try:
                await process.write(line.encode())
            except BrokenPipeError:
                return
