"""The shared store: one Redis (or Valkey) for any number of instances on any number of machines.

store.py                the methods of the protocol
scripts.py              the Lua scripts: every write is one script, so it is atomic
keys.py                 the names of the keys
replies.py              replies of scripts -> values
connections.py          one call: bounded pool, deadline, circuit breaker, `maybe_written` if the outcome is unknown
connection_factory.py   connections of redis-py, checked before use
subscription.py         changes of other instances, by Pub/Sub
error_mapping.py        exceptions of redis-py -> errors of the store protocol
"""

from mcp_state.redis.store import RedisStore

__all__ = ["RedisStore"]
