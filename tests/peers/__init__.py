"""Peers that misbehave on purpose, one written-out fault at a time. Raw asyncio, no HTTP library, no MCP library.

cases.py          CASES: every fault where it applies, and the reason a prober must give
fault.py          what a fault is
protocol.py       what a well-behaved little MCP server answers, in both eras, whatever the transport
messages.py       faults of one JSON-RPC message, for every transport
http_peer.py http_acts.py sse_acts.py http_faults.py    Streamable HTTP: the peer, ways to misbehave, the table of them
legacy_peer.py legacy_faults.py                         the same for HTTP+SSE
stdio_peer.py stdio_acts.py stdio_faults.py child.py    the same for a child process, and the child seen from a test
connect_faults.py ports.py tls.py token_peer.py         what goes wrong before the first byte
listener.py wire.py    a listening socket that leaves nothing behind; HTTP/1.1 on bare streams
raw_client.py          for the tests of the peers themselves: moves bytes and looks
"""
