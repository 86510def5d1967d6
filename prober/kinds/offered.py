"""Reads the tools of a server as rules of clients look at them: also those that the specification does not allow."""

from __future__ import annotations

from prober.client.session import Session
from prober.config.model import Target
from prober.lint.offer import Offer


async def read_offer(session: Session, target: Target) -> Offer:
    """Every page of the list of tools, in an explicitly negotiated session; none where no tools are announced."""
    listings = await session.pages("tools/list", "tools", any_shape=True) if "tools" in session.capabilities else []
    return Offer.of(listings, server=session.server.name or "", transport=target.transport)
