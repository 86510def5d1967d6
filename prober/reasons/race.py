"""What the reasons of the family `race` mean: several clients at once saw what a sound store never shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from prober.reasons.meaning import Meaning

_WITNESS: Final = (
    "The witness names the calls that cannot all be right. Record and draw them:"
    " `mcp-prober run --probe {probe} --trace race.jsonl`, then `mcp-prober judge race.jsonl --timeline race.html`."
)


def _race(sentence: str, *causes: str, cure: str) -> Meaning:
    return Meaning(sentence=sentence, causes=causes, next_step=f"{_WITNESS} {cure}", alert="McpRaceViolation")


MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.LOST_UPDATE: _race(
        "A write that the server confirmed is gone, because another client's write replaced it.",
        "read, change and write without a version or transaction",
        "several processes with a copy of the state each",
        cure="In the server, write only if the version is still the one that was read, or in one transaction.",
    ),
    Reason.TORN_READ: _race(
        "A read returned parts of two different writes.",
        "a record is written in two steps",
        "a read does not see one snapshot",
        cure="In the server, replace the whole record in one step, and read it in one.",
    ),
    Reason.STALE_READ: _race(
        "A read returned an older state than the one that was already confirmed to a client.",
        "a cache that is not invalidated",
        "a read from a replica that lags behind",
        cure="In the server, drop the cached value at each write, or read from the primary; if a delay is meant,"
        " state it by `guarantees` and `staleness`.",
    ),
    Reason.NON_MONOTONIC_READ: _race(
        "One client saw a newer state first and an older one afterwards.",
        "replicas or caches of different age answer in turn",
        "several processes without shared state",
        cure="In the server, keep a client's reads on one replica, or share the state.",
    ),
    Reason.DUPLICATE_EFFECT: _race(
        "One call took effect twice.",
        "a retry that is not idempotent",
        "two workers take the same job",
        cure="In the server, give each call a key, and skip a key that has been done.",
    ),
    Reason.PHANTOM_VALUE: _race(
        "A read returned a value that no client had written.",
        "a write that was refused took effect nevertheless",
        "values of other objects or tenants get mixed up",
        cure="In the server, look for a write that takes effect although its call fails. See that nothing else writes"
        " to the object of the race.",
    ),
    Reason.ORDER_VIOLATION: _race(
        "Events came in another order than the one in which they were confirmed.",
        "order by a clock instead of a sequence number",
        "several writers append without a lock",
        cure="In the server, number the events where they are stored, in one transaction with the write.",
    ),
    Reason.EXCLUSION_BROKEN: _race(
        "Two clients held the same lock at the same time.",
        "a lock that is checked and taken in two steps",
        "a lease that runs out while its holder still works",
        cure="In the server, take the lock in one atomic step, and check a fencing token at each write.",
    ),
    Reason.LOCK_STUCK: _race(
        "A lock was not given to anybody although nobody held it any more.",
        "the holder went away and the lock has no lease",
        "the release was lost",
        cure="In the server, give each lock a lease that ends by itself.",
    ),
    Reason.ANSWER_CROSSED: Meaning(
        sentence="A client was given the answer that belongs to another client.",
        causes=(
            "a gateway that sends every answer of its server to all sessions",
            "answers are matched to requests by their JSON-RPC id alone, which every session counts from 1",
            "a cache whose key leaves out the arguments or the caller",
        ),
        next_step="The witness names the two calls. Let {target} serve one client at a time until it is repaired. In"
        " the server, or the gateway before it, match answers by session and id, never by the id alone, and send each"
        " to its session only.",
        alert="McpRaceViolation",
    ),
}
