"""The reference server: an MCP server whose shared state is correct, measured from inside, and breakable on purpose.

It is built on `mcp_state`, the package that holds the patterns, and adds tools that show them and faults that break
them. It imports nothing of the prober; only the command line of the prober imports it.

    settings.py         what can be chosen at start
    reference_server.py settings -> the server as a value: build, run over HTTP or stdio
    tools/              the MCP tools, a file per theme; results.py holds the shape of every answer
    projection.py       the state that a workflow's events fold into
    store_choice.py     sqlite and redis of `mcp_state`, or unsafe_memory.py (the exhibit of how not to do it)
    faults/             failures to switch on: in the state, in a tool's answer, on the wire
    http_app.py         the pages: metrics, health, contention, faults
    http_status.py      failures of the store as HTTP 503 and 500, for servers that do not handle them

Arguments of tools are snake_case, fields of their results camelCase.

Events that it logs itself: `purge_failed`, `session_made_again`, `faults`, `listening`, `stopped`.

Where to read about a pattern, in `packages/mcp-state/src/mcp_state` unless it begins with `prober`:

    atomic update             protocol.py (the promises), sqlite/statements.py STEP, redis/scripts.py STEP
    compare-and-swap          sqlite/statements.py SWAP, redis/scripts.py SWAP, prober/reference/tools/registers.py;
                              by value and not by version: SWAP_VALUE
    atomic dequeue            sqlite/statements.py DEQUEUE, redis/scripts.py DEQUEUE
    optimistic locking        writes.py: read, compute, write if unchanged, retry with backoff and jitter
    lost update               prober/reference/unsafe_memory.py: what happens without any of these
    event sourcing, snapshots event_log.py (append, replay), snapshots.py, prober/reference/projection.py (fold)
    lock with expiry          lock.py, sqlite/statements.py ACQUIRE, redis/scripts.py ACQUIRE
    fencing token             prober/reference/tools/locks.py run_exclusive, sqlite/statements.py WRITE_GUARDED
    read-through cache        cache.py (time to live, single flight), redis/subscription.py (invalidation)
    group commit              sqlite/writer.py
    connection pool           redis/connections.py: bounded, one deadline for each call, never sends twice
    circuit breaker           breaker.py
    fault injection           prober/reference/faults/faulty_store.py, answers.py, wire.py
    heavy hitters             contention.py: Space-Saving counters instead of a label for each session
"""
