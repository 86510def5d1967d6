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
error_mapping.py      foreign exceptions to the one failure type; foreign_logs.py: what libraries log of probes
sdk_check.py          the official SDK client, asked as well; sdk_check_stdio.py: its child process
"""
