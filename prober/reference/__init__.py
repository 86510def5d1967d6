"""The reference server: an MCP server whose shared state is correct, measured from inside, and breakable on purpose.

This package imports nothing of the prober; only the command line of the prober imports this package.

    settings.py    what can be chosen at start
    reference_server.py settings -> the server as a value: build, run over HTTP or stdio
    tools/         the MCP tools, a file per theme; results.py holds the shape of every answer
    state/         the layer between tools and stores: retries, event sourcing, cache, locks
    stores/        one protocol, three stores: sqlite, redis, memory (the exhibit of how not to do it)
    faults/        failures to switch on: in the state, in a tool's answer, on the wire
    metrics.py     Prometheus families
    contention.py  the most contended sessions, in bounded memory
    http_status.py failures of the store as HTTP 503 and 500, for servers that do not handle them
    logs.py        JSON lines on stderr

Arguments of tools are snake_case, fields of their results camelCase.

Where to read about a pattern:

    atomic update             stores/protocol.py (the promises), sqlite/statements.py STEP, redis/scripts.py STEP
    compare-and-swap          sqlite/statements.py SWAP, redis/scripts.py SWAP, tools/steps.py compare_and_swap
    optimistic locking        state/optimistic.py: read, compute, write if unchanged, retry with backoff and jitter
    lost update               stores/unsafe_memory.py: what happens without any of these
    event sourcing, snapshots state/workflow.py (append, replay), state/projection.py (fold)
    lock with expiry          state/lock_waiting.py, sqlite/statements.py ACQUIRE, redis/scripts.py ACQUIRE
    fencing token             tools/locks.py run_exclusive, sqlite/statements.py WRITE_GUARDED
    read-through cache        state/cache.py (time to live, single flight), stores/redis/subscription.py (invalidation)
    group commit              stores/sqlite/writer.py
    connection pool           stores/redis/connections.py: bounded, one deadline for each call, never sends twice
    circuit breaker           breaker.py
    fault injection           faults/faulty_store.py, faults/answers.py, faults/wire.py
    heavy hitters             contention.py: Space-Saving counters instead of a label for each session
"""
