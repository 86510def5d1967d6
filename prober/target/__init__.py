"""The only room that knows how to talk to a server: sessions, wire facts, limits, every foreign error to a Reason.

knowledge.py   what is learnt of a target once and shared: its era, its tools
session.py     an open session: negotiation, requests, pages, the polite end
era.py         what goes around a request in either protocol era
message.py     JSON-RPC 2.0, exactly
wire.py        the one protocol that the three transports speak
http.py legacy.py stdio.py       Streamable HTTP, HTTP+SSE, child process
sse.py network.py auth.py        parts of the HTTP ones
failure.py     foreign exceptions to our one failure type
exchange.py    what is recorded of each exchange
"""

import sys as _sys

# httpx imports its own command line along with itself (rich, pygments, click: 0.1 s at every start), where it can.
# None in this table is how Python marks a module that is not to be had, and then httpx does without.
_sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
