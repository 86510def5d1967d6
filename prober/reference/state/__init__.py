"""The layer between tools and stores: how conflicts, event logs, caches and locks are handled correctly.

context.py      the store, metrics and caches of a server, as one value
optimistic.py   optimistic locking with retries; counts writes by outcome
workflow.py     the workflow of a session: an event log with snapshots
projection.py   the state that events fold into
cache.py        a read-through cache
store_failures.py failures of the store: logged, and remembered for readiness
lock_waiting.py waiting for a session's lock, and working under it
"""
