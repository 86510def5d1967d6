"""The Prometheus families of shared state and of tool calls, the same in every server.

A series exists from the start, at zero, where the server says what its tools do; else from its first report on.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from mcp_state.logs import log
from mcp_state.protocol import CacheResult, Origin, Outcome

UNKNOWN_TOOL: Final = "unknown"
"""The `tool_name` of every call to a tool that does not exist: texts of callers never become label values."""

STATUSES: Final = ("ok", "error")
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
CACHE_RESULTS: Final[tuple[CacheResult, ...]] = get_args(CacheResult)
ORIGINS: Final[tuple[Origin, ...]] = get_args(Origin)

# Below 1 ms lie cache hits and local reads, around 10 ms shared commits, above 1 s calls that callers give up.
_CALL_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# One more than the three retries a write has; the fourth bucket is +Inf and stays empty.
_RETRIES: Final = (0, 1, 2, 3)
# A free lock is had in a round trip; a caller may ask to wait 30 s.
_LOCK_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BATCH: Final = (1, 2, 5, 10, 20, 50, 100, 200, 512)
# A commit without a sync takes tens of microseconds, with one on a slow disk tens of milliseconds.
_COMMIT_SECONDS: Final = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)
# A snapshot is written every 100 events by default; far more replayed events mean that snapshots fail.
_REPLAYED: Final = (0, 1, 10, 25, 50, 100, 200, 500, 1000, 10_000)
_POOL_SECONDS: Final = (0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(frozen=True, kw_only=True)
class ToolTraits:
    """What a tool does to shared state, and so which series it has."""

    writes: bool = False
    conflicts: bool = False
    """Its write can meet a conflict with another write."""
    retries: bool = False
    """It retries after a conflict."""
    locks: bool = False
    """It waits for a lock."""
    appends: bool = False
    """It appends to an event log."""
    replays: bool = False
    """It reads a state from snapshot and events."""
    caches: bool = False
    """It reads through the cache."""


_Call: TypeAlias = tuple[Counter, Histogram]


class StateMetrics:
    """All families of one server with one store; a StoreObserver."""

    def __init__(
        self,
        registry: CollectorRegistry = REGISTRY,
        *,
        store: str,
        tools: Mapping[str, ToolTraits] | None = None,
        safe: bool = True,
    ) -> None:
        """`store` is the name of the store, `safe` whether it keeps the promises of the protocol.

        Raises:
            ValueError: the registry has such families already; a second store needs a second registry.
        """
        self.store: Final = store
        self._registry = registry
        self._tools = tools or {}
        self._make_call_families(registry)
        self._make_write_families(registry)
        self._make_read_families(registry)
        self._make_store_families(registry)
        self.store_safe.labels(store).set(float(safe))
        self._initialize_series()

    def _make_call_families(self, registry: CollectorRegistry) -> None:
        self.tool_calls = Counter(
            "mcp_tool_calls_total",
            "Tool calls answered, by tool and status.",
            ["tool_name", "status"],
            registry=registry,
        )
        self.tool_duration = Histogram(
            "mcp_tool_duration_seconds",
            "Time from a tool call's arrival at the server to its answer, in seconds.",
            ["tool_name", "status"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self.active_sessions = Gauge(
            "mcp_active_sessions",
            "Workflow sessions that live; not a number while the store cannot be asked.",
            registry=registry,
        )
        self.active_sessions.set(math.nan)

    def _make_write_families(self, registry: CollectorRegistry) -> None:
        by_tool = ["store", "tool"]
        self.writes = Counter(
            "mcp_state_writes_total",
            "Writes to shared state as the caller was told: ok, conflict (lost for good), rejected (the caller's "
            "mistake) or failed (the store).",
            [*by_tool, "outcome"],
            registry=registry,
        )
        self.conflicts = Counter(
            "mcp_state_write_conflicts_total",
            "Attempts to write that lost against another writer, those that a retry made good included.",
            by_tool,
            registry=registry,
        )
        self.retries = Histogram(
            "mcp_state_write_retries",
            "Retries a write with optimistic locking took until it won or gave up.",
            by_tool,
            buckets=_RETRIES,
            registry=registry,
        )
        self.lock_wait = Histogram(
            "mcp_state_lock_wait_seconds",
            "Time a call waited for a session's lock, whether it got it or not, in seconds.",
            by_tool,
            buckets=_LOCK_SECONDS,
            registry=registry,
        )
        self.events = Counter("mcp_state_events_total", "Events appended to logs.", by_tool, registry=registry)

    def _make_read_families(self, registry: CollectorRegistry) -> None:
        self.cache_requests = Counter(
            "mcp_state_cache_requests_total",
            "Reads through the cache: hit, miss (nothing cached) or stale (cached too long ago).",
            ["store", "tool", "result"],
            registry=registry,
        )
        self.cache_invalidations = Counter(
            "mcp_state_cache_invalidations_total",
            "Invalidations of cached values, by whether a write here or elsewhere caused them.",
            ["store", "origin"],
            registry=registry,
        )
        self.replayed = Histogram(
            "mcp_state_replayed_events",
            "Events replayed on top of a snapshot for one read of a workflow; 0 where its state was known.",
            ["store", "tool"],
            buckets=_REPLAYED,
            registry=registry,
        )
        self.snapshots = Counter(
            "mcp_state_snapshots_total", "Snapshots of workflows written.", ["store"], registry=registry
        )

    def _make_store_families(self, registry: CollectorRegistry) -> None:
        self.batch_size = Histogram(
            "mcp_state_batch_size", "Writes that shared one commit.", ["store"], buckets=_BATCH, registry=registry
        )
        self.commit = Histogram(
            "mcp_state_commit_seconds",
            "Time one commit took, in seconds.",
            ["store"],
            buckets=_COMMIT_SECONDS,
            registry=registry,
        )
        self.write_lock_wait = Histogram(
            "mcp_state_write_lock_wait_seconds",
            "Time a commit waited for the write lock of the database, which processes share, in seconds.",
            ["store"],
            buckets=_POOL_SECONDS,
            registry=registry,
        )
        self.pool_connections = Gauge(
            "mcp_state_pool_connections",
            "Connections to the store's data, by whether a call uses them.",
            ["store", "state"],
            registry=registry,
        )
        self.pool_wait = Histogram(
            "mcp_state_pool_wait_seconds",
            "Time a tool call waited for a connection, in seconds.",
            ["store"],
            buckets=_POOL_SECONDS,
            registry=registry,
        )
        self.breaker_open = Gauge(
            "mcp_circuit_breaker_open",
            "1 while calls to the dependency are refused at once because it failed or was slow, else 0.",
            ["dependency"],
            registry=registry,
        )
        self.store_safe = Gauge(
            "mcp_state_store_safe",
            "0 where the store loses updates on purpose (the memory exhibit), 1 where it does not.",
            ["store"],
            registry=registry,
        )

    def _initialize_series(self) -> None:
        # Children are kept: to find one by its labels costs more than to count with it.
        self._calls: dict[tuple[str, str], _Call] = {}
        for name in (*self._tools, UNKNOWN_TOOL):
            self.expect_calls(name)
        for tool in self._names_with(lambda traits: traits.writes):
            for outcome in OUTCOMES:
                self.writes.labels(self.store, tool, outcome)
        per_tool: tuple[tuple[Counter | Histogram, Callable[[ToolTraits], bool]], ...] = (
            (self.conflicts, lambda traits: traits.conflicts),
            (self.retries, lambda traits: traits.retries),
            (self.lock_wait, lambda traits: traits.locks),
            (self.events, lambda traits: traits.appends),
            (self.replayed, lambda traits: traits.replays),
        )
        for family, trait in per_tool:
            for tool in self._names_with(trait):
                family.labels(self.store, tool)
        for tool in self._names_with(lambda traits: traits.caches):
            for result in CACHE_RESULTS:
                self.cache_requests.labels(self.store, tool, result)
        for origin in ORIGINS:
            self.cache_invalidations.labels(self.store, origin)
        self._in_use, self._idle = (self.pool_connections.labels(self.store, state) for state in ("in_use", "idle"))
        self._pool_wait = self.pool_wait.labels(self.store)
        for alone in (self.snapshots, self.batch_size, self.commit, self.write_lock_wait, self.breaker_open):
            alone.labels(self.store)

    def _names_with(self, trait: Callable[[ToolTraits], bool]) -> tuple[str, ...]:
        return tuple(name for name, traits in self._tools.items() if trait(traits))

    # Reports of tools and of the layers below them

    def expects(self, tool_name: str) -> bool:
        """Whether the calls of this tool are counted under its name."""
        return (tool_name, "ok") in self._calls

    def expect_calls(self, tool_name: str) -> None:
        """There is such a tool: its calls are counted from zero."""
        for status in STATUSES:
            labels = tool_name, status
            self._calls[labels] = self.tool_calls.labels(*labels), self.tool_duration.labels(*labels)

    def call_ended(self, *, tool_name: str, status: str, seconds: float) -> None:
        """A tool call was answered; one of a tool that `expect_calls` does not know counts as of `unknown`."""
        calls, duration = self._calls.get((tool_name, status)) or self._calls[UNKNOWN_TOOL, status]
        calls.inc()
        duration.observe(seconds)

    def write_ended(self, *, tool: str, outcome: Outcome) -> None:
        """A write ended with one of OUTCOMES."""
        self.writes.labels(self.store, tool, outcome).inc()

    def conflict_met(self, *, tool: str) -> None:
        """One attempt to write met a conflict."""
        self.conflicts.labels(self.store, tool).inc()

    def retries_ended(self, *, tool: str, retries: int) -> None:
        """A write with optimistic locking succeeded or gave up."""
        self.retries.labels(self.store, tool).observe(retries)

    def lock_waited(self, *, tool: str, seconds: float) -> None:
        """A call got the lock, or stopped waiting for it."""
        self.lock_wait.labels(self.store, tool).observe(seconds)

    def event_appended(self, *, tool: str) -> None:
        """One event was appended."""
        self.events.labels(self.store, tool).inc()

    def log_replayed(self, *, tool: str, events: int) -> None:
        """One workflow was rebuilt."""
        self.replayed.labels(self.store, tool).observe(events)

    def snapshot_written(self) -> None:
        """One snapshot was written."""
        self.snapshots.labels(self.store).inc()

    def cache_read(self, *, tool: str, result: CacheResult) -> None:
        """The cache was read, with one of CACHE_RESULTS."""
        self.cache_requests.labels(self.store, tool, result).inc()

    def cache_invalidated(self, *, origin: Origin) -> None:
        """One cached value, or all of them, were dropped because of a write of one of ORIGINS."""
        self.cache_invalidations.labels(self.store, origin).inc()

    # Reports of the store (the protocol StoreObserver)

    def batch_committed(self, *, size: int, seconds: float) -> None:
        """One transaction with `size` writes was committed."""
        self.batch_size.labels(self.store).observe(size)
        self.commit.labels(self.store).observe(seconds)

    def write_lock_waited(self, *, seconds: float) -> None:
        """A commit waited for the database's write lock."""
        self.write_lock_wait.labels(self.store).observe(seconds)

    def pool_changed(self, *, in_use: int, idle: int) -> None:
        """The present number of connections."""
        self._in_use.set(in_use)
        self._idle.set(idle)

    def pool_waited(self, *, seconds: float) -> None:
        """A call waited for a connection."""
        self._pool_wait.observe(seconds)

    def breaker_changed(self, *, is_open: bool) -> None:
        """The store's circuit breaker opened or closed. Logged, because all calls fail at once while it is open."""
        self.breaker_open.labels(self.store).set(float(is_open))
        log(logging.ERROR if is_open else logging.WARNING, "breaker", dependency=self.store, open=is_open)

    # The page

    def page(self, accept: str) -> tuple[bytes, str]:
        """The metrics page and its content type, in the format that the Accept header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(_WithoutCreated(self._registry)), content_type


class _WithoutCreated(Collector):
    """A registry's families without the `_created` samples, which double the page and are not used."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Every family, in the order of registration."""
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family
