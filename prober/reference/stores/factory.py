"""Settings -> the store they name. A store's library is imported only where that store is chosen."""

from __future__ import annotations

from prober.reference.settings import Settings
from prober.reference.stores.protocol import Store, StoreObserver


def is_safe(settings: Settings) -> bool:
    """Whether the store that is named keeps the protocol's promises."""
    return settings.store != "memory"


def make(settings: Settings, observer: StoreObserver) -> Store:
    """The store, still closed."""
    match settings.store:
        case "sqlite":
            from prober.reference.stores.sqlite import SqliteStore

            return SqliteStore(
                path=settings.db,
                synchronous=settings.synchronous,
                window=settings.commit_window,
                readers=settings.readers,
                max_wait=settings.store_wait,
                observer=observer,
            )
        case "redis":
            from prober.reference.stores.redis import RedisStore

            return RedisStore(
                url=settings.redis_url,
                pool_size=settings.redis_pool,
                max_wait=settings.store_wait,
                observer=observer,
            )
        case "memory":
            from prober.reference.stores.memory import UnsafeMemoryStore

            return UnsafeMemoryStore()
