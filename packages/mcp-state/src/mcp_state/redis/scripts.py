"""The Lua of the store's methods. Redis runs a script as one indivisible step.

Each script returns a list. Its first entry is `ok`, or the reason why nothing was written (`unknown`, `taken`,
`conflict`, `held`, `lost`, `stale`, `gone`); the other entries are described at the script. Stored numbers stay text:
Lua would turn them into doubles. The time is the clock of Redis (microseconds), one clock for all instances. The first
write of a script that adds data is a command that Redis refuses when out of memory, so that a script is refused as a
whole.

A session expires by the expiry of its keys. A key lives through the millisecond of its expiry, so its expiry is the
millisecond before the lifetime ends.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

SESSION: Final = (
    "created_at",
    "updated_at",
    "lifetime",
    "step_count",
    "last_tool",
    "last_result",
    "value",
    "value_version",
    "last_event",
    "last_event_at",
    "guarded_value",
    "fence",
)
"""The fields of a Session, in the order of every script's reply."""

_SESSION: Final = ", ".join(f"'{field}'" for field in SESSION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """A Lua script, and the digest by which Redis finds it after its first use."""

    text: str
    digest: str
    writes: bool


def _script(*parts: str, writes: bool) -> Script:
    text = "\n".join(part.strip() for part in parts)
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(text=text, digest=digest, writes=writes)


_KEYS: Final = """
local record, events, snapshots, options, queue, lock, sessions, expiries = unpack(KEYS)
"""

_LIVE: Final = """
if redis.call('EXISTS', record) == 0 then return {'unknown'} end
"""

_WRITING: Final = """
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])

local function expire()
  local renewed_at, lifetime = unpack(redis.call('HMGET', record, 'updated_at', 'lifetime'))
  local at = 'inf'
  if lifetime ~= '' then
    at = string.format('%.0f', math.floor(math.min(renewed_at / 1000 + lifetime * 1000, 9e15)) - 1)
    for _, key in ipairs({record, events, snapshots, options, queue}) do redis.call('PEXPIREAT', key, at) end
  end
  redis.call('ZADD', expiries, at, record)
end

local function renewed(...)
  redis.call('HSET', record, 'updated_at', now)
  local fields = redis.call('HMGET', record, ...)
  expire()
  return {'ok', fields}
end
"""


def _read(body: str) -> Script:
    return _script(_KEYS, _LIVE, body, writes=False)


def _write(body: str) -> Script:
    return _script(_KEYS, _LIVE, _WRITING, body, writes=True)


# Sessions. Scripts return the session, unless described otherwise.

CREATE: Final = _script(
    _KEYS,
    _WRITING,
    f"""
if redis.call('EXISTS', record) == 1 then return {{'taken'}} end
redis.call('HSET', record, 'created_at', now, 'lifetime', ARGV[1], 'step_count', 0, 'value', 'null',
  'value_version', 0, 'last_event', 0, 'guarded_value', 0, 'fence', 0, 'config_version', 0)
redis.call('DEL', events, snapshots, options, queue, lock)
redis.call('ZADD', sessions, 0, record)
return renewed({_SESSION})
""",
    writes=True,
)
"""Argument: lifetime ('' for ever)."""

DELETE: Final = _write("""
redis.call('DEL', record, events, snapshots, options, queue, lock)
redis.call('ZREM', sessions, record)
redis.call('ZREM', expiries, record)
redis.call('PUBLISH', ARGV[1], ARGV[2])
return {'ok'}
""")
"""Arguments: channel, message. Returns nothing more."""

PAGE: Final = _script(
    f"""
local sessions, from, limit, page = KEYS[1], '(' .. ARGV[1], tonumber(ARGV[2]), {{}}
while #page < limit do
  local records = redis.call('ZRANGEBYLEX', sessions, from, '+', 'LIMIT', 0, limit)
  if #records == 0 then break end
  for _, record in ipairs(records) do
    local session = redis.call('HMGET', record, {_SESSION})
    if session[1] and #page < limit then page[#page + 1] = {{record, session}} end
  end
  from = '(' .. records[#records]
end
return {{'ok', page}}
""",
    writes=False,
)
"""Key: the set to walk over. Arguments: the record to begin after, how many. Returns pairs of a key and its session."""

_MILLISECONDS: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

COUNT: Final = _script(
    _MILLISECONDS,
    "return {'ok', redis.call('ZCOUNT', KEYS[1], now, '+inf')}",
    writes=False,
)
"""Key: the set by expiry. Returns a number."""

PURGE: Final = _script(
    _MILLISECONDS,
    """
local removed = 0
for _, record in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now, 'LIMIT', 0, ARGV[1])) do
  if redis.call('EXISTS', record) == 0 then
    redis.call('ZREM', KEYS[2], record)
    removed = removed + redis.call('ZREM', KEYS[1], record)
  end
end
return {'ok', removed}
""",
    writes=True,
)
"""Keys: the set by expiry, the set to walk over. Argument: how many at most. Returns how many were removed."""

# The record. Scripts return the session.

STEP: Final = _write(f"""
redis.call('HINCRBY', record, 'step_count', 1)
redis.call('HSET', record, 'last_tool', ARGV[1], 'last_result', ARGV[2])
if ARGV[3] ~= '' then
  redis.call('HSET', record, 'lifetime', ARGV[3])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return renewed({_SESSION})
""")
"""Arguments: tool, result, lifetime ('' leaves it), channel, message."""

SWAP: Final = _write(f"""
local version = redis.call('HGET', record, 'value_version')
if version ~= ARGV[1] then return {{'conflict', version}} end
redis.call('HSET', record, 'value', ARGV[2])
redis.call('HINCRBY', record, 'value_version', 1)
return renewed({_SESSION})
""")
"""Arguments: expected version, value. `conflict` is followed by the version."""

SWAP_VALUE: Final = _write(f"""
if redis.call('HGET', record, 'value') ~= ARGV[1] then return {{'conflict'}} end
redis.call('HSET', record, 'value', ARGV[2])
redis.call('HINCRBY', record, 'value_version', 1)
return renewed({_SESSION})
""")
"""Arguments: expected value, value."""

WRITE_GUARDED: Final = _write(f"""
local fence = redis.call('HGET', record, 'fence')
if fence ~= ARGV[1] then return {{'stale', fence}} end
redis.call('HSET', record, 'guarded_value', ARGV[2])
return renewed({_SESSION})
""")
"""Arguments: token, value. `stale` is followed by the newest token."""

# The queue. The record counts the items: a list that Redis evicted is not taken for an empty queue.

_ALL_ITEMS: Final = """
local counted = redis.call('HGET', record, 'queued') or '0'
if tonumber(counted) ~= redis.call('LLEN', queue) then return {'gone', counted} end
"""

ENQUEUE: Final = _write(f"""
{_ALL_ITEMS}
redis.call('RPUSH', queue, ARGV[1])
redis.call('HINCRBY', record, 'queued', 1)
return renewed('queued')
""")
"""Argument: item. Returns how many wait. `gone` is followed by how many there should be, here and below."""

DEQUEUE: Final = _write(f"""
{_ALL_ITEMS}
local item = redis.call('LPOP', queue)
if item then redis.call('HINCRBY', record, 'queued', -1) end
local reply = renewed('queued')
reply[3] = item
return reply
""")
"""Returns how many are left (nil for a queue that was never used), and the item (nil for none)."""

# The log

APPEND: Final = _write("""
local last = redis.call('HGET', record, 'last_event')
if ARGV[4] ~= '' and ARGV[4] ~= last then return {'conflict', last} end
local newest = redis.call('XREVRANGE', events, '+', '-', 'COUNT', 1)[1]
if last ~= '0' and not (newest and newest[1] == last .. '-0') then return {'gone', last} end
local number = redis.call('HINCRBY', record, 'last_event', 1)
redis.call('HSET', record, 'last_event_at', now)
redis.call('XADD', events, number .. '-0', 'kind', ARGV[1], 'payload', ARGV[2], 'agent_id', ARGV[3], 'at', now)
return renewed('last_event', 'updated_at')
""")
"""Arguments: kind, payload, agent, expected number of the newest event ('' any). Returns number, time.

`conflict` and `gone` are followed by the number of the newest event; `gone`: it is not in the stream. Redis refuses an
ID that is not above the newest one: a number could not be given twice even if the record were wrong.
"""

EVENTS: Final = _read("""
local last = redis.call('HGET', record, 'last_event')
return {'ok', redis.call('XRANGE', events, ARGV[1], '+', 'COUNT', ARGV[2]), last}
""")
"""Arguments: the first number, how many. Returns stream entries, and the number of the newest event."""

HISTORY: Final = _read("""
local last = tonumber(redis.call('HGET', record, 'last_event'))
local upto = ARGV[1] == '' and last or tonumber(ARGV[1])
local newest, state = -1, false
for _, number in ipairs(redis.call('HKEYS', snapshots)) do
  if tonumber(number) > newest and tonumber(number) <= upto then newest = tonumber(number) end
end
if newest >= 0 then state = redis.call('HGET', snapshots, newest) end
upto = math.max(0, math.min(upto, last))
return {'ok', last, newest, state, redis.call('XRANGE', events, math.max(0, newest) + 1, upto)}
""")
"""Argument: the last number of interest ('' the newest).

Returns the number of the newest event, number and state of the snapshot (-1 and nil for none), stream entries.
"""

PUT_SNAPSHOT: Final = _write("""
local last = redis.call('HGET', record, 'last_event')
if tonumber(ARGV[1]) > tonumber(last) then return {'conflict', last} end
redis.call('HSETNX', snapshots, ARGV[1], ARGV[2])
local kept = {}
for each = 3, #ARGV do kept[ARGV[each]] = true end
for _, number in ipairs(redis.call('HKEYS', snapshots)) do
  if tonumber(number) < tonumber(ARGV[1]) and not kept[number] then redis.call('HDEL', snapshots, number) end
end
expire()
return {'ok'}
""")
"""Arguments: number, state, then the numbers of older ones to keep. Returns nothing more.

`conflict` is followed by the number of the newest event.
"""

# Configuration. Scripts return {version}, and options as a flat list of names and texts.
# The record counts the options: a hash that Redis evicted is not taken for a configuration without options.

_ALL_OPTIONS: Final = """
local counted = redis.call('HGET', record, 'config_options')
if counted and tonumber(counted) ~= redis.call('HLEN', options) then return {'gone', counted} end
"""

CONFIG: Final = _read(f"""
{_ALL_OPTIONS}
local left = redis.call('PTTL', record)
return {{'ok', redis.call('HMGET', record, 'config_version'), redis.call('HGETALL', options), left}}
""")
"""Returns in the end how many milliseconds the session has left, -1 for ever. `gone` is followed by how many options
there should be.
"""

UPDATE_CONFIG: Final = _write(f"""
{_ALL_OPTIONS}
local set_upto = 3 + 2 * ARGV[3]
redis.call('HINCRBY', record, 'config_version', 1)
for each = 4, set_upto, 2 do redis.call('HSET', options, ARGV[each], ARGV[each + 1]) end
for each = set_upto + 1, #ARGV do redis.call('HDEL', options, ARGV[each]) end
redis.call('HSET', record, 'config_options', redis.call('HLEN', options))
redis.call('PUBLISH', ARGV[1], ARGV[2])
local left = redis.call('HGETALL', options)
local reply = renewed('config_version')
reply[3] = left
return reply
""")
"""Arguments: channel, message, how many options to set, their names and texts, then the names of options to remove."""

# The lock

ACQUIRE: Final = _write("""
if not redis.call('SET', lock, ARGV[1], 'NX', 'PX', ARGV[2]) then return {'held', redis.call('PTTL', lock)} end
redis.call('HINCRBY', record, 'fence', 1)
return renewed('fence', 'updated_at')
""")
"""Arguments: owner, milliseconds to live. Returns token, time. `held` is followed by the milliseconds it still lives.

The token is counted in the record, so it goes on rising when a lock expires.
"""

RELEASE: Final = _write("""
if redis.call('GET', lock) ~= ARGV[1] then return {'lost'} end
redis.call('DEL', lock)
return renewed('updated_at')
""")
"""Argument: owner. Returns the time."""
