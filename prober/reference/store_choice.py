"""Makes the store that the settings name. The library of a store is imported only if that store is chosen."""

from __future__ import annotations

from mcp_state.breaker import BreakerPolicy
from mcp_state.protocol import Store, StoreObserver
from prober.reference.settings import Settings


def make(settings: Settings, observer: StoreObserver) -> Store:
    """The store, not opened yet. Raises ValueError for an unusable Redis URL, or if redis-py is not installed."""
    breaker = BreakerPolicy(
        bad_calls=settings.breaker_bad_calls, of_last=settings.breaker_window, slow_after=settings.breaker_slow
    )
    match settings.store:
        case "sqlite":
            from mcp_state.sqlite import SqliteStore

            return SqliteStore(
                path=settings.db,
                synchronous=settings.synchronous,
                window=settings.commit_window,
                readers=settings.readers,
                max_wait=settings.store_wait,
                breaker=breaker,
                observer=observer,
            )
        case "redis":
            try:
                from mcp_state.redis import RedisStore
            except ModuleNotFoundError as error:
                if error.name is None or error.name.partition(".")[0] != "redis":
                    raise
                raise ValueError("--store redis needs redis-py: pip install 'mcp-prober[redis]'") from None

            return RedisStore(
                url=settings.redis_url,
                pool_size=settings.redis_pool,
                max_wait=settings.store_wait,
                idle_trust=settings.redis_ping,
                breaker=breaker,
                observer=observer,
            )
        case "memory":
            from prober.reference.unsafe_memory import UnsafeMemoryStore

            return UnsafeMemoryStore()
