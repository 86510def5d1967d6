"""The MCP client of the prober. No other package knows HTTP, child processes or the MCP SDK.

session.py            an open session: negotiation, requests, pages, close
target_cache.py       facts about a target that its probes share (single_flight.py): era, tools, token
envelope.py           metadata and headers of a request in either protocol era
era_detection.py      decides what a failure says about the era of the server
jsonrpc.py            JSON-RPC 2.0, strictly
transport.py          the protocol that all transports implement; transports.py chooses one
streamable_http.py    Streamable HTTP; http_sse.py: the older HTTP+SSE; stdio.py: a child process (process.py)
http_client.py        a request sent, over connections.py; response.py: what comes back; oauth.py: tokens
http_response.py      an answer taken apart; sse.py: events
network_backend.py    sockets and the phases of an exchange; tls.py: trust
resolver.py           from a name to addresses; addresses.py: from addresses to a socket
exchange.py           records each exchange, secrets masked
startup.py            the time that a process has until its first answer
error_mapping.py      maps exceptions of libraries to Failure; foreign_logs.py: drops what libraries log of probes
sdk_check.py          checks the server with the official SDK client; sdk_check_stdio.py: its child process
"""
