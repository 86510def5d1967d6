"""What stands between a tool and a store: how conflicts, logs, caches and locks are used right.

shared.py      the parts all of this works with, as one value
writes.py      writes counted by what their caller was told; optimistic locking with retries
workflow.py    the workflow of a session: events, the state they fold into, snapshots
cache.py       a read-through cache
locks.py       waiting for a session's lock
"""
