"""The MCP client of the prober. No other package knows HTTP, child processes or the MCP SDK.

session.py          an open session: negotiation, requests, pages, close
target_cache.py     facts about a target that its probes share (single_flight.py): era, tools, token
envelope.py         metadata and headers of a request in either protocol era
era_detection.py    decides what a failure says about the era of the server
jsonrpc.py          JSON-RPC 2.0, strictly
transport.py        the protocol that all transports implement; transports.py chooses one
http                Streamable HTTP and HTTP+SSE, down to the sockets
stdio               a child process, spoken to over its standard input and output
sdk_check           checks the server with the official SDK client, as a second opinion
exchange.py         records each exchange, secrets masked
error_mapping.py    maps exceptions of libraries to Failure; foreign_logs.py: drops what libraries log of probes
"""
