"""The only room that knows how to talk to a server: sessions, wire facts, limits, every foreign error to a Reason.

knowledge.py   what is learnt of a target once and shared (shared.py): its era, its tools, its token
session.py     an open session: negotiation, requests, pages, the polite end
era.py         what goes around a request in either protocol era
signs.py       what a failure says about the era
message.py     JSON-RPC 2.0, exactly
wire.py        the one protocol that the three transports speak; wires.py knows them all
http.py legacy.py stdio.py       Streamable HTTP, HTTP+SSE, child process
client.py answer.py sse.py auth.py      parts of the HTTP ones: a request sent, an answer taken apart, events, tokens
network.py addresses.py trust.py        connections: their phases, from a name to a socket, TLS
process.py     a child process and its pipes
failure.py     foreign exceptions to our one failure type
exchange.py    what is recorded of each exchange, secrets masked
opinion.py opinion_stdio.py      the official client, asked as well
"""

import sys as _sys

# httpx imports its own command line along with itself (rich, pygments, click: 0.1 s at every start), where it can.
# None in this table is how Python marks a module that is not to be had, and then httpx does without.
_sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
