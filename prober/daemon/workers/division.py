"""Which worker a target falls to: the hash of shards, over what its probes have in common.

All probes of a target are one worker's, and so are all targets that share the allowance of a host: concurrency, budget,
kept processes and a server's Retry-After are counted where the requests are sent. Arithmetic on names alone, so that a
reload moves nothing.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from prober.config.model import Target
from prober.schedule.shard import stable_hash


def worker_of(target: Target, workers: int) -> int:
    """The number of its worker, from 0."""
    return stable_hash("worker", *_in_common(target)) % workers


def _in_common(target: Target) -> tuple[str, ...]:
    host = urlsplit(target.url or "").hostname
    if target.host_budget is not None and host is not None:
        return target.source or "", host
    return (target.name,)
