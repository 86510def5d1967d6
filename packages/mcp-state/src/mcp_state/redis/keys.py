"""The keys. All of one deployment carry the hash tag `{NAMESPACE}`.

    {NAMESPACE}:session:HANDLE            hash    the record, and its lifetime
    {NAMESPACE}:session:HANDLE:events     stream  an event under the ID `number-0`
    {NAMESPACE}:session:HANDLE:snapshots  hash    number -> state
    {NAMESPACE}:session:HANDLE:options    hash    option -> JSON text
    {NAMESPACE}:session:HANDLE:queue      list    JSON texts, the first to be taken at its head
    {NAMESPACE}:session:HANDLE:lock       string  the owner of the lock; expires with the lock
    {NAMESPACE}:sessions                  sorted set of the keys of all records, in byte order: to walk over them
    {NAMESPACE}:expiries                  sorted set of the same, by their last millisecond: to count and purge
    {NAMESPACE}:changes                   Pub/Sub channel: `instance handle`

The two sets may name expired records; `purge` removes them.

The tag puts all keys into one slot of a cluster: a script that writes a record together with the sets, or reads a page
at one instant, needs all its keys on one shard. To spread over several shards, use several namespaces.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """The names of all keys of one deployment."""

    namespace: str

    def record(self, handle: str) -> str:
        """The hash that holds a session's record. The session lives as long as this key."""
        return f"{{{self.namespace}}}:session:{handle}"

    def handle(self, record: str) -> str:
        """The handle in the key of a record."""
        return record.removeprefix(self.record(""))

    def of_session(self, handle: str) -> tuple[str, ...]:
        """All keys of a script on one session, in the order of its KEYS."""
        record = self.record(handle)
        parts = (f"{record}:{part}" for part in ("events", "snapshots", "options", "queue", "lock"))
        return record, *parts, self.sessions, self.expiries

    @property
    def sessions(self) -> str:
        """The sorted set to walk over."""
        return f"{{{self.namespace}}}:sessions"

    @property
    def expiries(self) -> str:
        """The sorted set by expiry."""
        return f"{{{self.namespace}}}:expiries"

    @property
    def changes(self) -> str:
        """The channel on which changed handles are published."""
        return f"{{{self.namespace}}}:changes"
