"""How the prober talks to a server. No other room knows HTTP, child processes or the MCP SDK.

session.py            an open session: negotiation, requests, pages, the polite end
target_cache.py       what is learnt of a target once and shared by its probes (single_flight.py): era, tools, token
envelope.py           what goes around a request in either protocol era
era_detection.py      what a failure says about the era of the server
jsonrpc.py            JSON-RPC 2.0, exactly
transport.py          the protocol that all transports implement; transports.py chooses one
streamable_http.py    Streamable HTTP; http_sse.py: the older HTTP+SSE; stdio.py: a child process (process.py)
http_client.py        a request sent; http_response.py: an answer taken apart; sse.py: events; oauth.py: tokens
network_backend.py    connections and their phases; addresses.py: from a name to a socket; tls.py: trust
exchange.py           what is recorded of each exchange, secrets masked
startup.py            the time that a process has until its first answer
error_mapping.py      foreign exceptions to the one failure type
sdk_check.py          the official SDK client, asked as well; sdk_check_stdio.py: its child process
"""

import sys as _sys

# httpx imports its own command line along with itself (rich, pygments, click: 0.1 s at every start), where it can.
# None in this table is how Python marks a module that is not to be had, and then httpx does without.
_sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
