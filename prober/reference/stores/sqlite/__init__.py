"""The embedded store: one SQLite file in WAL mode, shared by any number of processes on one machine.

store.py           the methods of the protocol
statements.py      their SQL
schema.py          tables; opening a connection
writer.py          the one writing thread of a process, with group commit
readers.py         reading threads, which never wait for the writer
error_mapping.py   SQLite's errors -> the store's
"""

from prober.reference.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
