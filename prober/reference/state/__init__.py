"""What stands between a tool and a store: how conflicts, logs, caches and locks are used right.

context.py      the store, metrics and caches that tools and this room work with, as one value
optimistic.py   writes counted by what their caller was told; optimistic locking with retries
workflow.py     the workflow of a session: an event log with snapshots
projection.py   the state that events fold into
cache.py        a read-through cache
locks.py        waiting for a session's lock
"""
