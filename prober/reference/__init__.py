"""The companion reference server: shared state done right, measured from inside, breakable on purpose.

Nothing in here imports the prober, and of the prober only the command line imports this package.

    settings.py    what can be chosen at start
    app.py         settings -> the server as a value: build, run over HTTP or stdio
    tools/         the MCP tools, a file per theme; results.py holds the shape of every answer
    state/         what stands between a tool and a store: retries, event sourcing, cache, locks
    stores/        one protocol, three stores: sqlite, redis, memory (the exhibit of how not to do it)
    faults/        failures to switch on: in the state, in a tool's answer, on the wire
    metrics.py     Prometheus families on a given registry
    contention.py  the most contended sessions, bounded
    logs.py        JSON lines on stderr

Arguments of tools are snake_case, fields of their results camelCase.
"""
