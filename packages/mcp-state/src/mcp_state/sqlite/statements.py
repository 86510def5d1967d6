"""The SQL of the store's methods. Parameters are named; `:now` is the time the statement runs at."""

from __future__ import annotations

from typing import Final

SESSION: Final = (
    "handle",
    "created_at",
    "updated_at",
    "lifetime",
    "expires_at",
    "step_count",
    "last_tool",
    "last_result",
    "value",
    "value_version",
    "last_event",
    "guarded_value",
    "fence",
    "last_event_at",
)
"""The fields of a Session, in the order of every statement that returns one."""

_LAST_EVENT_AT: Final = """
    (SELECT occurred_at / 1000000.0 FROM events WHERE events.handle = sessions.handle AND number = last_event)
"""
_SESSION: Final = ", ".join((*SESSION[:-1], _LAST_EVENT_AT))
_LIVE: Final = "(expires_at IS NULL OR expires_at > :now)"
_RENEWED: Final = "updated_at = :now, expires_at = :now + lifetime"

CREATE: Final = f"""
    INSERT INTO sessions (handle, created_at, updated_at, lifetime, expires_at)
    VALUES (:handle, :now, :now, :lifetime, :now + :lifetime)
    ON CONFLICT (handle) DO NOTHING RETURNING {_SESSION}
"""  # noqa: S608 - only constants of this module are put in, here and below
REMOVE_EXPIRED: Final = "DELETE FROM sessions WHERE handle = :handle AND expires_at <= :now"
GET: Final = f"SELECT {_SESSION} FROM sessions WHERE handle = :handle AND {_LIVE}"  # noqa: S608
DELETE: Final = f"DELETE FROM sessions WHERE handle = :handle AND {_LIVE} RETURNING handle"  # noqa: S608
PAGE: Final = f"""
    SELECT {_SESSION} FROM sessions WHERE handle > :after AND {_LIVE} ORDER BY handle LIMIT :limit
"""  # noqa: S608
COUNT: Final = f"SELECT count(*) FROM sessions WHERE {_LIVE}"  # noqa: S608
PURGE: Final = """
    DELETE FROM sessions
    WHERE handle IN (SELECT handle FROM sessions WHERE expires_at <= :now LIMIT :limit) RETURNING handle
"""
HAS_EXPIRED: Final = "SELECT 1 FROM sessions WHERE expires_at <= :now LIMIT 1"

STEP: Final = f"""
    UPDATE sessions SET step_count = step_count + 1, last_tool = :tool, last_result = :result,
        lifetime = coalesce(:lifetime, lifetime),
        updated_at = :now, expires_at = :now + coalesce(:lifetime, lifetime)
    WHERE handle = :handle AND {_LIVE} RETURNING {_SESSION}
"""  # noqa: S608
SWAP: Final = f"""
    UPDATE sessions SET value = :value, value_version = value_version + 1, {_RENEWED}
    WHERE handle = :handle AND {_LIVE} AND value_version = :expected RETURNING {_SESSION}
"""  # noqa: S608
SWAP_VALUE: Final = f"""
    UPDATE sessions SET value = :value, value_version = value_version + 1, {_RENEWED}
    WHERE handle = :handle AND {_LIVE} AND value = :expected RETURNING {_SESSION}
"""  # noqa: S608
WRITE_GUARDED: Final = f"""
    UPDATE sessions SET guarded_value = :value, {_RENEWED}
    WHERE handle = :handle AND {_LIVE} AND fence = :token RETURNING {_SESSION}
"""  # noqa: S608

ENQUEUE: Final = "INSERT INTO queued (handle, item) VALUES (:handle, :item)"
DEQUEUE: Final = """
    DELETE FROM queued WHERE position = (SELECT min(position) FROM queued WHERE handle = :handle) RETURNING item
"""
WAITING: Final = "SELECT count(*) FROM queued WHERE handle = :handle"

NEXT_EVENT: Final = f"""
    UPDATE sessions SET last_event = last_event + 1, {_RENEWED}
    WHERE handle = :handle AND {_LIVE} AND last_event = coalesce(:expected, last_event)
    RETURNING last_event, updated_at
"""  # noqa: S608
HAS_EVENT: Final = "SELECT 1 FROM events WHERE handle = :handle AND number = :number"
APPEND: Final = """
    INSERT INTO events (handle, number, kind, payload, agent_id, occurred_at)
    VALUES (:handle, :number, :kind, :payload, :agent_id, :occurred_at)
"""
EVENTS: Final = f"""
    SELECT last_event, (
        SELECT json_group_array(json_array(number, kind, payload, agent_id, occurred_at)) FROM (
            SELECT * FROM events
            WHERE events.handle = sessions.handle AND number > :after ORDER BY number LIMIT :limit
        )
    ) FROM sessions WHERE handle = :handle AND {_LIVE}
"""  # noqa: S608
"""Events as one JSON text: each step to the next row would take the interpreter from the event loop."""
HISTORY: Final = f"""
    SELECT last_event, snapshots.number, snapshots.state, (
        SELECT json_group_array(json_array(number, kind, payload, agent_id, occurred_at)) FROM (
            SELECT * FROM events
            WHERE events.handle = sessions.handle AND number > coalesce(snapshots.number, 0)
                AND number <= coalesce(:upto, last_event) ORDER BY number
        )
    ) FROM sessions LEFT JOIN snapshots ON snapshots.handle = sessions.handle AND snapshots.number = (
        SELECT max(number) FROM snapshots
        WHERE handle = sessions.handle AND number <= coalesce(:upto, last_event)
    )
    WHERE sessions.handle = :handle AND {_LIVE}
"""  # noqa: S608
PUT_SNAPSHOT: Final = """
    INSERT INTO snapshots (handle, number, state) VALUES (:handle, :number, :state) ON CONFLICT DO NOTHING
"""
PRUNE_SNAPSHOTS: Final = """
    DELETE FROM snapshots
    WHERE handle = :handle AND number < :number AND number NOT IN (SELECT value FROM json_each(:keep))
"""

RENEW: Final = f"UPDATE sessions SET {_RENEWED} WHERE handle = :handle AND {_LIVE} RETURNING handle"  # noqa: S608
CONFIG: Final = f"""
    SELECT version, options, expires_at - :now FROM sessions LEFT JOIN configs USING (handle)
    WHERE handle = :handle AND {_LIVE}
"""  # noqa: S608
PUT_CONFIG: Final = """
    INSERT INTO configs (handle, version, options) VALUES (:handle, :version, :options)
    ON CONFLICT (handle) DO UPDATE SET version = excluded.version, options = excluded.options
"""
ANNOUNCE: Final = "INSERT INTO changes (handle, instance) VALUES (:handle, :instance) RETURNING revision"
FORGET_CHANGES: Final = "DELETE FROM changes WHERE revision <= :revision"
NEWEST_CHANGE: Final = "SELECT coalesce(max(revision), 0) FROM changes"
CHANGES: Final = "SELECT revision, handle, instance FROM changes WHERE revision > :revision ORDER BY revision"

LOCK_EXPIRY: Final = f"SELECT lock_expires_at FROM sessions WHERE handle = :handle AND {_LIVE}"  # noqa: S608
ACQUIRE: Final = f"""
    UPDATE sessions SET lock_owner = :owner, lock_expires_at = :now + :ttl, fence = fence + 1, {_RENEWED}
    WHERE handle = :handle AND {_LIVE} AND (lock_expires_at IS NULL OR lock_expires_at <= :now)
    RETURNING fence, lock_expires_at
"""  # noqa: S608
RELEASE: Final = f"""
    UPDATE sessions SET lock_owner = NULL, lock_expires_at = NULL, {_RENEWED}
    WHERE handle = :handle AND {_LIVE} AND lock_owner = :owner AND lock_expires_at > :now RETURNING handle
"""  # noqa: S608
