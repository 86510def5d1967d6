"""The tools of a server that no probe knows, for rules of clients to look at."""

from __future__ import annotations

from prober.assertions.judge import Judge
from prober.client.target_cache import cache_of
from prober.config.model import Target
from prober.discover.calls import Surveyor
from prober.kinds.offered import read_offer
from prober.lint.offer import Offer
from prober.outcome import Failure, ServerInfo


async def offer_of(target: Target, *, timeout: float) -> tuple[ServerInfo, Offer]:
    """What the server says of itself, and its tools. Calls none of them. Raises Failure."""
    async with Judge() as judge:
        surveyor = Surveyor(target=target, target_cache=cache_of(target), judge=judge, timeout=timeout)
        context = surveyor.context(1)
        try:
            async with context.within_deadline(), context.session(explicit=True) as session:
                offer = await read_offer(session, target)
        except Failure as failure:
            raise context.masked(failure) from None
        return context.server, offer
