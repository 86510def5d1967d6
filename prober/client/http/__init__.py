"""The two transports over HTTP, and what they stand on.

streamable_http     Streamable HTTP; http_sse: the older HTTP+SSE
http_client         a request sent, over connections; response: what comes back
oauth               tokens that are fetched; token_expiry: when a token ends
stranger            requests without the credentials of the target
http_response       an answer taken apart; sse: its events
network_backend     sockets and the phases of an exchange; tls: trust
resolver            from a name to addresses; addresses: from addresses to a socket
"""
