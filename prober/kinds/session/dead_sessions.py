"""Sessions that do not live: one that never was, and one that the client has ended.

The server has to answer 404 for a session that it has ended (2025-11-25, Session Management, 3): that is what clients
begin a new one at. A session that never was looks to a server like one that it ended, as by its restart. Only an id
that may be signed, or that is no id of the server's kind, may have other faults than its death: then it is a warning.
"""

from __future__ import annotations

import re
import secrets
import string
from typing import Final

from prober.client.http.bare_http import BareHttp, Reply
from prober.kinds.broken_rules import BrokenRules
from prober.kinds.context import ProbeContext
from prober.kinds.speaker import Speaker, answered, evidence_of, says_nothing
from prober.outcome import Reason

_OPAQUE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""A random id, such as a UUID. Signed ones have dots, or are longer."""
_CHANGED: Final = 12
"""Characters at the end of an id that are made up: before them, a UUID says what kind of UUID it is."""
_CLASSES: Final = (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase)


async def try_dead_sessions(context: ProbeContext, speaker: Speaker, connection: BareHttp, broken: BrokenRules) -> None:
    """Ends the session of `speaker`."""
    living = speaker.session_id
    if living is None:
        return  # without ids, no session can be dead
    made_up, sure = made_up_id(living)
    headers = {"Mcp-Session-Id": made_up}
    reply = await speaker.ask(connection, "ping", headers=headers, step="ping (no such session)")
    if answered(reply):
        context.warnings.append("a session id that the server never gave out is accepted")
    else:
        _judge(context, broken, reply, "that never was", sure=sure)
    ended = await speaker.end(connection)
    if ended is None or ended.status in (404, 405) or says_nothing(ended):
        return
    if ended.status >= 300:
        context.warnings.append(f"DELETE of a session is answered {ended}, which neither ends it nor says 405")
        return
    reply = await speaker.ask(connection, "ping", step="ping (ended session)")
    # 202 promises to end it, not that it has ended
    _judge(context, broken, reply, "that was ended by DELETE", sure=ended.status != 202)


def _judge(context: ProbeContext, broken: BrokenRules, reply: Reply, which: str, *, sure: bool) -> None:
    if reply.status == 404 or says_nothing(reply):
        return
    message = f"a request in a session {which} is answered {reply}, not 404"
    if not sure:
        context.warnings.append(message)
        return
    evidence = evidence_of(reply, rule="dead-session", expected="HTTP 404")
    broken.add(Reason.DEAD_SESSION, message, step="ping", evidence=evidence)


def made_up_id(living: str) -> tuple[str, bool]:
    """An id like a living one, and whether a server can see nothing wrong with it but that it names no session."""
    if not _OPAQUE.fullmatch(living) or sum(map(str.isalnum, living)) < _CHANGED:
        return secrets.token_hex(16), False
    kept, changed = living, ""
    for _ in range(_CHANGED):
        kept, last = kept[:-1], kept[-1]
        changed = _another(last) + changed
    return (kept + changed, True) if kept + changed != living else made_up_id(living)


def _another(character: str) -> str:
    """A random one of the same class; what is of none stays."""
    found = next((each for each in _CLASSES if character in each), character)
    return secrets.choice(found)
