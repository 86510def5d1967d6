"""What the reasons of the families `transport` and `deadline` mean: the server could not be asked, or not in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from prober.reasons.meaning import Meaning

_DOWN: Final = "McpTargetDown"

MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.DNS_FAILED: Meaning(
        sentence="The host name in the target's URL could not be resolved to an address.",
        causes=("the name is misspelt", "the DNS record is gone or not there yet", "the name server cannot be reached"),
        next_step="Look the name up on this machine: `getent hosts NAME`. Correct the host in `url`, or the DNS"
        " record.",
        alert=_DOWN,
    ),
    Reason.CONNECT_REFUSED: Meaning(
        sentence="Nothing accepts connections at the host and port of the target's URL.",
        causes=("the server is not running", "the port is wrong", "the server listens on another address"),
        next_step="Start the server, or correct host and port in `url`. `ss -ltn` on the server shows what listens.",
        alert=_DOWN,
    ),
    Reason.CONNECT_FAILED: Meaning(
        sentence="No connection to the server could be made, because the network gave an error.",
        causes=("there is no route to the host", "a firewall rejects the connection", "the machine has no network"),
        next_step="Check the route from this machine to the host of `url`; if there is only a proxy, name it by"
        " `proxy`.",
        alert=_DOWN,
    ),
    Reason.CONNECT_TIMEOUT: Meaning(
        sentence="The server's machine did not answer the attempt to connect before the deadline.",
        causes=("a firewall drops the packets", "the machine is off", "the address is that of another network"),
        next_step="Check host, port and firewall between this machine and the host of `url`; a larger `timeout` seldom"
        " helps. If there is only a proxy, name it by `proxy`.",
        alert=_DOWN,
    ),
    Reason.PROXY_FAILED: Meaning(
        sentence="A proxy on the way refused to pass the request on, or could not.",
        causes=(
            "the proxy wants a password",
            "the proxy does not allow this host or port",
            "the proxy cannot reach it",
        ),
        next_step="Correct `proxy` of the target, with user and password if the proxy wants them:"
        " `proxy: http://${PROXY_USER}:${PROXY_PASSWORD}@HOST:PORT`. Have the proxy allow the host of `url`.",
        alert=_DOWN,
    ),
    Reason.TLS_EXPIRED: Meaning(
        sentence="The server's certificate is not valid today: it has expired, or its time has not begun.",
        causes=("the certificate was not renewed", "it was renewed and not loaded", "the clock of a machine is wrong"),
        next_step="Renew the certificate and have the server load it. Check the clock of this machine: `date`.",
        alert=_DOWN,
    ),
    Reason.TLS_UNTRUSTED: Meaning(
        sentence="The server's certificate was not signed by an authority that the prober trusts.",
        causes=("a private authority signed it", "the server does not send its intermediate certificate"),
        next_step="If the authority is your own, write `tls: {ca_file: FILE}` for the target. Otherwise have the server"
        " send its whole chain.",
        alert=_DOWN,
    ),
    Reason.TLS_HOSTNAME: Meaning(
        sentence="The server's certificate was made for another host name than the one in the target's URL.",
        causes=("the URL has an address or alias instead of the name", "the balancer answers with another certificate"),
        next_step="Write a host name in `url` that the certificate has, or have the certificate made for this one.",
        alert=_DOWN,
    ),
    Reason.TLS_FAILED: Meaning(
        sentence="The TLS handshake with the server failed before anything could be asked.",
        causes=(
            "the port does not speak TLS",
            "no common TLS version or cipher",
            "the server wants a client certificate",
        ),
        next_step="See what the port speaks: `openssl s_client -connect HOST:PORT`. If the server wants a client"
        " certificate, write `tls: {client_certificate: FILE, client_key: FILE}` for the target.",
        alert=_DOWN,
    ),
    Reason.CONNECTION_RESET: Meaning(
        sentence="The server, or something on the way, broke the connection off.",
        causes=("the server's process crashed", "a firewall or balancer cut the connection"),
        next_step="Look in the server's log at this time for a crash or restart; if there is none, look at the"
        " balancer.",
        alert=_DOWN,
    ),
    Reason.CONNECTION_CLOSED: Meaning(
        sentence="The connection ended before the whole answer was there.",
        causes=(
            "the server's process died of this request",
            "a proxy's limit",
            "the port speaks TLS and `url` does not",
        ),
        next_step="Look in the server's log at this time. If the port speaks TLS, write `url: https://…`.",
        alert=_DOWN,
    ),
    Reason.NOT_HTTP: Meaning(
        sentence="What came back is not HTTP.",
        causes=("the port belongs to another service", "the port speaks TLS and `url` does not"),
        next_step="Correct the port in `url`. If the port speaks TLS, write `url: https://…`.",
        alert=_DOWN,
    ),
    Reason.SPAWN_FAILED: Meaning(
        sentence="The target's command could not be started.",
        causes=("the program is not installed", "the program is not on the PATH", "`cwd` is no folder"),
        next_step="Run the command yourself in this environment; write the program's whole path in `command`.",
        alert=_DOWN,
    ),
    Reason.PROCESS_EXITED: Meaning(
        sentence="The server's process ended while the prober waited for its answer.",
        causes=("an argument or variable is missing", "the server crashed while it started", "the request crashed it"),
        next_step="Read the server's standard error in the evidence: it mostly says what is missing. Arguments belong"
        " in `command`, variables in `env` of the target: the server gets no others of yours but PATH, HOME and the"
        " like.",
        alert=_DOWN,
    ),
    Reason.TIMEOUT: Meaning(
        sentence="The server did not answer before the probe's deadline.",
        causes=(
            "the server waits for something of its own",
            "the server hangs",
            "`timeout` is too short for this call",
        ),
        next_step="If the server may take longer, raise `timeout` of the probe {probe}. Otherwise look for what it"
        " waits for: a database, a lock, another service.",
        alert=_DOWN,
    ),
}
