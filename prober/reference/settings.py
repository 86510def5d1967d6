"""The settings of the reference server. Durations are seconds, sizes bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

StoreName = Literal["sqlite", "redis", "memory"]
Synchronous = Literal["NORMAL", "FULL"]

HANDLE_PATTERN: Final = r"^[A-Za-z0-9_-]{1,64}$"

_MOST: Final = {"readers": 256, "redis_pool": 10_000, "breaker_window": 10_000}
"""What is made or kept so many times. A reader is a connection with a thread and a cache of its own."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. Defaults are written here and nowhere else."""

    store: StoreName = "sqlite"

    db: Path = Path("mcp-prober-reference.db")
    """The SQLite file; made where it is missing."""
    synchronous: Synchronous = "NORMAL"
    """An acknowledged write survives a crash of the process (NORMAL), or also a crash of the machine (FULL)."""
    commit_window: float = 0.010
    """How long a write waits at most for other writes to share its commit; 0 commits each write by itself."""
    readers: int = 4
    """Reading connections to the SQLite file."""

    redis_url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    """May hold a password, so it is never shown, and may come from the environment or a file."""
    redis_pool: int = 64
    """Connections to Redis at most: the number of calls expected at once."""

    redis_ping: float = 15.0
    """A connection that was idle for longer is checked with a PING before a call uses it."""

    breaker_bad_calls: int = 5
    """This many bad calls among the last `breaker_window` cut the store off for a while."""
    breaker_window: int = 10
    breaker_slow: float = 1.0
    """A call that took longer is bad, even if it was answered."""

    store_wait: float = 5.0
    """How long a call waits for a connection, or for SQLite's write lock, before it fails with StoreBusyError."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0 lets the system choose; the address is announced when the server listens."""
    allowed_hosts: tuple[str, ...] = ()
    """Values of the Host header that are served beside the loopback names, `name` or `name:port` or `name:*`."""

    http_status: bool = False
    """Whether a call that fails because of the store is answered with HTTP 503 or 500 instead of a tool error."""

    drain: int = 5
    """How long running calls may take when the server stops."""

    sessions: tuple[str, ...] = ()
    """Handles of sessions that are created at start and never expire, for probes that only read."""
    handle_lifetime: float = 3600.0
    """How long a session lives after its last write."""
    purge_every: float = 60.0
    """How often expired sessions are deleted."""

    cache_ttl: float = 30.0
    """How old a cached session configuration may get."""
    snapshot_every: int = 100
    """Events between two snapshots of a workflow: a read replays at most this many."""
    snapshots_kept: int = 4
    """So many of the newest snapshots, and as many of every second one, of every fourth and so on."""
    payload_limit: int = 65_536
    """The largest JSON value of one argument."""
    lock_wait_warning: float = 0.5
    """A longer wait for a lock is logged."""

    faults: tuple[str, ...] = ()
    """Faults that are on from the start, `NAME[:DURATION][:RATE]`."""
    fault_seed: int | None = None
    """Makes the random choices of fault rates repeatable."""

    def __post_init__(self) -> None:
        """Raises ValueError with every mistake, a line each."""
        mistakes = [
            f"{name} must be above 0, not {value}"
            for name, value in (
                ("readers", self.readers),
                ("redis_pool", self.redis_pool),
                ("redis_ping", self.redis_ping),
                ("breaker_bad_calls", self.breaker_bad_calls),
                ("breaker_slow", self.breaker_slow),
                ("store_wait", self.store_wait),
                ("handle_lifetime", self.handle_lifetime),
                ("purge_every", self.purge_every),
                ("snapshot_every", self.snapshot_every),
                ("payload_limit", self.payload_limit),
            )
            if not value > 0
        ]
        mistakes += [
            f"{name} must not be below 0, but is {value}"
            for name, value in (
                ("commit_window", self.commit_window),
                ("cache_ttl", self.cache_ttl),
                ("lock_wait_warning", self.lock_wait_warning),
                ("drain", self.drain),
            )
            if not value >= 0
        ]
        mistakes += [
            f"session handle {handle!r} is not 1 to 64 characters of A-Z a-z 0-9 _ -"
            for handle in self.sessions
            if not re.fullmatch(HANDLE_PATTERN, handle)
        ]
        mistakes += [
            f"{name} must not be above {most}, but is {getattr(self, name)}"
            for name, most in _MOST.items()
            if getattr(self, name) > most
        ]
        if self.snapshots_kept < 2:  # one of each alone leaves gaps without a bound
            mistakes.append(f"snapshots_kept must be 2 or more, not {self.snapshots_kept}")
        if self.breaker_window < self.breaker_bad_calls:
            mistakes.append(
                f"breaker_window must not be below breaker_bad_calls, {self.breaker_bad_calls}, "
                f"but is {self.breaker_window}"
            )
        if not 0 <= self.port <= 65_535:
            mistakes.append(f"port must be between 0 and 65535, not {self.port}")
        if mistakes:
            raise ValueError("\n".join(mistakes))
