"""Three reference servers on one Redis behind one address: connections go to each of them in turn."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from prober.config.model import Config, Probe
from prober.kinds.race import RaceSettings
from tests.races.reference import ROOT, Reference
from tests.real.process import free_port, running
from tests.reference.redis import server as redis

INSTANCES: Final = 3
CACHED: Final = 30.0
"""Seconds for which an instance may show a configuration that another one has changed."""


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """`front` is what clients are given; `connections` counts what each instance got, by its port."""

    front: Reference
    connections: Counter[int]

    def probes(self, folder: Path) -> Config:
        """The shipped probes. That of the cache says how old it may be, as it advises for a balancer."""
        config = self.front.probes(folder)
        return replace(config, probes={name: _behind_a_balancer(probe) for name, probe in config.probes.items()})


def _behind_a_balancer(probe: Probe) -> Probe:
    settings = probe.settings
    if probe.name != "reference-configuration" or not isinstance(settings, RaceSettings):
        return probe
    return replace(probe, settings=replace(settings, staleness=CACHED))


@contextmanager
def instances_on_redis(folder: Path) -> Iterator[Sequence[int]]:
    """The ports of the instances, and a Redis of their own."""
    with redis.running(folder / "redis") as store, ExitStack() as stack:
        ports = []
        for number in range(INSTANCES):
            port = free_port()
            command = [sys.executable, "-m", "prober.reference", "--listen", f"127.0.0.1:{port}"]
            command += ["--store", "redis", "--redis-url", store.url]
            log = folder / f"instance-{number}.log"
            stack.enter_context(running(command, port=port, log=log, env={"PYTHONPATH": str(ROOT)}))
            ports.append(port)
        yield ports


@asynccontextmanager
async def balancing(ports: Sequence[int]) -> AsyncIterator[Balanced]:
    """A port from which each connection goes to the next of these."""
    turns = itertools.cycle(ports)
    counted: Counter[int] = Counter()
    serving: set[asyncio.Task[None]] = set()

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter, port: int) -> None:
        instance, to_instance = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as both:
            both.create_task(pass_on(client, to_instance))
            both.create_task(pass_on(instance, to_client))

    def accept(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        port = next(turns)
        counted[port] += 1
        task = asyncio.create_task(serve(client, to_client, port))
        serving.add(task)
        task.add_done_callback(serving.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        front = Reference(port=listener.sockets[0].getsockname()[1])
        yield Balanced(front=front, connections=counted)
    finally:
        listener.close()
        if serving:
            await asyncio.wait(serving, timeout=5)
        await listener.wait_closed()
