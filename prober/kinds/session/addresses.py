"""Every address of the target's name: a broken instance of several is seen by some clients, and by no other probe."""

from __future__ import annotations

import asyncio

from prober.client.error_mapping import timed_out
from prober.client.http.every_address import addresses_of
from prober.kinds.context import ProbeContext
from prober.kinds.several_failures import first_of
from prober.kinds.speaker import Speaker, answered, refused
from prober.outcome import Failure, Reason


async def ask_every_address(context: ProbeContext, speaker: Speaker) -> None:
    """Raises the failure of the first address at which MCP is not spoken; the others are its further evidence."""
    if context.target.proxy is not None:
        raise Failure(Reason.NOT_RUN, "the proxy looks up the name: its addresses cannot be asked one by one")
    with context.log.exchange("addresses") as recorder:
        reachable, unreachable = await addresses_of(context.target, recorder)
    context.warnings += [f"this machine has no way to {address}: it was not asked" for address in unreachable]
    if not reachable:
        raise Failure(Reason.NOT_RUN, "this machine has no way to any address of the name")
    failed: list[Failure] = []
    for number, address in enumerate(reachable):
        # an address that says nothing must not take the time of the others, nor of what comes after them
        share = context.deadline.left() / (len(reachable) - number + 1)
        try:
            try:
                async with asyncio.timeout(share):
                    await _ask(speaker, address)
            except TimeoutError:
                raise timed_out(context.log.last, limit=f"its share of {share:.2g} s") from None
        except Failure as failure:
            failure.message = f"{address}: {failure.message}"
            failed.append(failure)
    context.facts["session_addresses_well"] = len(reachable) - len(failed)
    context.facts["session_addresses_failed"] = len(failed)
    if failed:
        message = f"{len(failed)} of {len(reachable)} addresses do not answer well, first {failed[0].message}"
        raise first_of(failed, message, told=lambda other: other.evidence)


async def _ask(speaker: Speaker, address: str) -> None:
    async with speaker.connection(address) as connection:
        there = speaker.another()
        async with there.session(connection):
            reply = await there.ask(connection, there.harmless)
            if not answered(reply):
                raise refused(reply, step=there.harmless)
