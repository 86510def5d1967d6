"""Peers that misbehave on purpose, one written-out fault at a time. Raw asyncio, no HTTP library, no MCP library.

protocol.py       what a well-behaved little MCP server answers, in both eras, whatever the transport
messages.py       faults of one JSON-RPC message, for every transport
wire.py           HTTP/1.1 on bare streams
http_peer.py      Streamable HTTP: `async with http_peer(Script(...)) as peer`
http_acts.py http_faults.py   ways to misbehave over HTTP, and the table that names them
sse_acts.py       those that happen in an event stream
legacy_peer.py legacy_faults.py   the same for HTTP+SSE
stdio_peer.py stdio_faults.py     the same for a child process
ports.py connect_faults.py tls.py    what goes wrong before the first byte: ports, TLS, proxies, token endpoints
fault.py          what a fault is
cases.py          CASES: every fault where it applies, and the reason a prober must give
"""
