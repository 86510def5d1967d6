"""Patterns of shared state for MCP servers, and the metrics that show how they fare.

    metrics = StateMetrics(store="sqlite")
    recorder = StateRecorder(metrics)
    store = SqliteStore(path=Path("state.db"), observer=metrics)
    ...
    result, retries = await optimistic(attempt, recorder=recorder, tool="add_item", handle=cart)

The parts, each usable alone:

    metrics.py      the families `mcp_state_*` and `mcp_tool_*`, on a registry of prometheus-client
    recorder.py     what happens to shared state: counted, ranked and logged in one place
    middleware/     tool calls counted and timed, for the official SDK and for FastMCP
    writes.py       optimistic locking: read, compute, write if unchanged, retry with backoff and jitter
    lock.py         waiting for a lock, and working under it; fencing tokens are the store's
    event_log.py    event sourcing: append, replay, snapshots (snapshots.py)
    cache.py        a read-through cache: time to live, single flight, invalidation
    breaker.py      a circuit breaker
    sqlite/         the store in one SQLite file; group commit (writer.py)
    redis/          the store in Redis; bounded pool, one deadline for each call
    protocol.py     what the parts ask of each other: bring a store or a recorder of your own
    push.py         metrics of a server without a page of them, to a Pushgateway; otlp.py, by OTLP
    logs.py         the log lines, as JSON

Each of the names below is imported when it is first used.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # what type checkers take for true; `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from mcp_state.cache import ReadThroughCache
    from mcp_state.errors import GaveUpError, LockHeldError, RejectedError, StoreError, VersionConflictError
    from mcp_state.event_log import EventLog
    from mcp_state.lock import acquire, holding
    from mcp_state.metrics import StateMetrics, ToolTraits
    from mcp_state.recorder import StateRecorder
    from mcp_state.sqlite import SqliteStore
    from mcp_state.writes import counted, optimistic

__all__ = [
    "EventLog",
    "GaveUpError",
    "LockHeldError",
    "ReadThroughCache",
    "RejectedError",
    "SqliteStore",
    "StateMetrics",
    "StateRecorder",
    "StoreError",
    "ToolTraits",
    "VersionConflictError",
    "__version__",
    "acquire",
    "counted",
    "holding",
    "optimistic",
]

_HOMES = {
    "mcp_state.cache": ("ReadThroughCache",),
    "mcp_state.errors": ("GaveUpError", "LockHeldError", "RejectedError", "StoreError", "VersionConflictError"),
    "mcp_state.event_log": ("EventLog",),
    "mcp_state.lock": ("acquire", "holding"),
    "mcp_state.metrics": ("StateMetrics", "ToolTraits"),
    "mcp_state.writes": ("counted", "optimistic"),
    "mcp_state.recorder": ("StateRecorder",),
    "mcp_state.sqlite": ("SqliteStore",),
}


if not TYPE_CHECKING:  # a type checker that saw it would take every name for one that is there

    def __getattr__(name):
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                value = getattr(import_module(home), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
