"""The shared store: one Redis (or Valkey) for any number of instances on any number of machines.

store.py                the methods of the protocol
scripts.py              their Lua: every write is one script, so nothing comes between its parts
keys.py                 where the parts of a session lie
replies.py              what scripts return -> values
connections.py          one call: bounded pool, deadline, circuit breaker, an honest word where the outcome is unknown
connection_factory.py   a connection as redis-py makes it, checked before use
subscription.py         hearing of other instances' changes
error_mapping.py        Redis' errors -> the store's
"""

from prober.reference.stores.redis.store import RedisStore

__all__ = ["RedisStore"]
