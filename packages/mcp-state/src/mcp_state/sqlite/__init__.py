"""The embedded store: one SQLite file in WAL mode, shared by any number of processes on one machine.

store.py           the methods of the protocol
statements.py      the SQL
schema.py          tables; opening a connection
writer.py          the one writing thread of a process, with group commit
readers.py         reading threads, which never wait for the writer
jobs.py            the queue between the event loop and these threads
rows.py            rows -> values
writes.py          the writes that are more than a statement
error_mapping.py   exceptions of sqlite3 -> errors of the store protocol
"""

from mcp_state.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
