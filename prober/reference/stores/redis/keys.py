"""The keys. Those of one session share the hash tag `{handle}`, and so the slot of a cluster.

    NAMESPACE:{handle}            hash    the record, and its lifetime
    NAMESPACE:{handle}:events     stream  an event under the ID `number-0`
    NAMESPACE:{handle}:snapshots  hash    number -> state
    NAMESPACE:{handle}:options    hash    option -> JSON text
    NAMESPACE:{handle}:lock       string  its owner; gone when the lock expires
    NAMESPACE:sessions            sorted set of all handles, to walk over them in byte order; may hold expired ones
    NAMESPACE:changes             Pub/Sub channel: `instance handle`

Scripts on one session name all their keys, and all are in one slot. The scripts that also use the set of handles
(create, delete, page, count, purge) are as atomic as the rest on one Redis; where keys are spread over several, give a
namespace with a hash tag of its own, `{like-this}`: the first tag in a key counts, so all keys stay together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """The names of all keys of one deployment."""

    namespace: str

    def record(self, handle: str) -> str:
        """The hash that holds a session's record. The session lives as long as this key."""
        return self.record_head + handle + self.record_tail

    def of_session(self, handle: str) -> tuple[str, str, str, str, str]:
        """Record, events, snapshots, options, lock: the order that every script on one session takes them in."""
        record = self.record(handle)
        return record, f"{record}:events", f"{record}:snapshots", f"{record}:options", f"{record}:lock"

    @property
    def record_head(self) -> str:
        """What stands before the handle in the key of a record."""
        return self.namespace + ":{"

    @property
    def record_tail(self) -> str:
        """What stands behind it."""
        return "}"

    @property
    def sessions(self) -> str:
        """The sorted set of all handles."""
        return f"{self.namespace}:sessions"

    @property
    def changes(self) -> str:
        """The channel that changed handles are told on."""
        return f"{self.namespace}:changes"
