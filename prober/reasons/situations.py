"""What to do in each situation: the next step of a failure of which more is known than its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Family, Reason, Situation
from prober.reasons.meaning import Refinement

_OF_PROCESSES: Final = (Reason.SPAWN_FAILED, Reason.PROCESS_EXITED)


def _if(known: str, next_step: str, *reasons: Reason) -> Refinement:
    return Refinement(reasons=reasons, known=known, next_step=next_step)


REFINEMENTS: Final[Mapping[Situation, Refinement]] = {
    Situation.NAME_UNKNOWN: _if(
        "no name server knows the name",
        "Correct the host name in `url`. If only a proxy can resolve it, name the proxy by `proxy`.",
        Reason.DNS_FAILED,
    ),
    Situation.NAME_SERVER_SILENT: _if(
        "the name servers gave no answer",
        "Check the name servers of this machine (`/etc/resolv.conf`) and the way to them.",
        Reason.DNS_FAILED,
    ),
    Situation.PROXY_UNREACHABLE: _if(
        "the proxy itself cannot be reached",
        "Correct `proxy` of the target, or start the proxy: the server itself was not asked.",
        *(Reason.DNS_FAILED, Reason.CONNECT_REFUSED, Reason.CONNECT_FAILED, Reason.CONNECT_TIMEOUT),
    ),
    Situation.TLS_TO_PLAIN_PORT: _if(
        "the port answers something else than TLS",
        "If the port speaks plain HTTP, write `url: {address}`. Otherwise write the port that speaks TLS.",
        Reason.TLS_FAILED,
    ),
    Situation.PLAIN_TO_TLS_PORT: _if(
        "the port speaks TLS",
        "Write `url: {address}`.",
        *(Reason.NOT_HTTP, Reason.CLIENT_ERROR),
    ),
    Situation.CERTIFICATE_NOT_YET_VALID: _if(
        "the time of the certificate has not begun",
        "Check the clock of this machine (`date`) and of the machine that made the certificate.",
        Reason.TLS_EXPIRED,
    ),
    Situation.CERTIFICATE_SELF_SIGNED: _if(
        "the certificate is signed by itself",
        "If the certificate is your own, save it to a file and write `tls: {ca_file: FILE}` for the target. Otherwise"
        " something else answers in the server's place.",
        Reason.TLS_UNTRUSTED,
    ),
    Situation.CLIENT_CERTIFICATE_WANTED: _if(
        "the server wants a client certificate",
        "Write `tls: {client_certificate: FILE, client_key: FILE}` for the target.",
        *(Reason.TLS_FAILED, Reason.CLIENT_ERROR),
    ),
    Situation.PROGRAM_MISSING: _if(
        "there is no such program",
        "Install {program}, or write its whole path in `command`. It was looked for in the PATH that the evidence"
        " shows.",
        Reason.SPAWN_FAILED,
    ),
    Situation.PROGRAM_NOT_EXECUTABLE: _if(
        "the program may not be executed",
        "Make {program} executable (`chmod +x`), or write its interpreter before it in `command`.",
        Reason.SPAWN_FAILED,
    ),
    Situation.FOLDER_MISSING: _if(
        "the folder to start it in is missing",
        "Correct `cwd` of the target: the command is started in that folder.",
        Reason.SPAWN_FAILED,
    ),
    Situation.TEXT_ON_STDOUT: _if(
        "the server prints other text to its standard output",
        "Have the server log to standard error: on stdio, standard output is for messages only. Look for a print, a"
        " banner or a progress bar; an option such as `--quiet` in `command` may turn it off.",
        *(Reason.MALFORMED_JSON, Reason.MALFORMED_MESSAGE),
    ),
    Situation.SLOW_START: _if(
        "a command gave no answer since its start",
        "If the server needs longer to start, raise `startup_timeout` of the target {target}. Otherwise run its command"
        " yourself: it may wait for a download, a login or a variable in `env`.",
        Reason.TIMEOUT,
    ),
    Situation.NO_LEAVE: _if(
        "a command did not exit at the end of its standard input",
        "Have the server exit when its standard input is closed: clients leave that way. If it need not, remove"
        " `expect_clean_exit` from the probe {probe}.",
        *(Reason.TIMEOUT, Reason.PROCESS_EXITED),
    ),
    Situation.TOKEN_ENDPOINT: _if(
        "the token endpoint failed, not the server",
        "Check `token_url` in `auth.client_credentials` of the target, and the way to that host: the server itself was"
        " not asked.",
        *(reason for reason in Family.TRANSPORT.reasons if reason not in _OF_PROCESSES),
        *(Reason.TIMEOUT, Reason.TOO_LARGE, Reason.BAD_ENCODING),
    ),
    Situation.CREDENTIALS_MISSING: _if(
        "no credentials were sent",
        "Write `auth: {bearer: ${TOKEN}}` for the target, or `headers: {NAME: ${KEY}}` if the server wants a header of"
        " its own, and set the variable before the prober starts. Where a token service gives tokens, write"
        " `auth.client_credentials`.",
        Reason.UNAUTHORIZED,
    ),
    Situation.CREDENTIALS_REFUSED: _if(
        "credentials were sent",
        "Get a new token or key and set the variable that `auth` or `headers` of the target names. See that it is meant"
        " for this server and has not expired.",
        Reason.UNAUTHORIZED,
    ),
    Situation.PATH_MISSING: _if(
        "the URL has no path",
        "Write the path in `url`, mostly `{address}`; for an older server, `/sse` with `transport: sse`.",
        *(Reason.NOT_FOUND, Reason.CLIENT_ERROR, Reason.BAD_CONTENT_TYPE),
    ),
    Situation.SSE_SERVER: _if(
        "the path is that of the older transport HTTP+SSE",
        "Write `transport: sse` for the target, or the path of Streamable HTTP, mostly `/mcp`.",
        *(Reason.NOT_FOUND, Reason.CLIENT_ERROR, Reason.NO_RESPONSE),
    ),
    Situation.STREAMABLE_SERVER: _if(
        "the server opens no stream of HTTP+SSE at the path",
        "Write `transport: http` for the target if its server speaks Streamable HTTP, or correct the path in `url`:"
        " that of the older transport is mostly `/sse`.",
        *(Reason.NOT_FOUND, Reason.CLIENT_ERROR, Reason.RPC_ERROR, Reason.BAD_CONTENT_TYPE),
        *(Reason.BAD_ENDPOINT, Reason.TIMEOUT),
    ),
    Situation.GATEWAY: _if(
        "a proxy before the server got no answer from it (502 or 504)",
        "Start the server behind the proxy, or correct the address to which the proxy sends requests. The proxy's log"
        " has the reason.",
        Reason.SERVER_ERROR,
    ),
    Situation.METHOD_REFUSED: _if(
        "the path takes no POST",
        "Correct the path in `url`, mostly `/mcp`. If the server is one of the older transport, write `transport:"
        " sse`.",
        Reason.CLIENT_ERROR,
    ),
    Situation.REDIRECT_ELSEWHERE: _if(
        "the address is that of another host",
        "If it is the server's new home, write `url: {address}`. If it is a login page, write `auth` or `headers` for"
        " the target.",
        Reason.REDIRECTED,
    ),
    Situation.WEB_PAGE: _if(
        "a web page answered",
        "Correct the path in `url`, mostly `/mcp`. If the page is a login, write `auth` or `headers` for the target.",
        Reason.BAD_CONTENT_TYPE,
    ),
    Situation.UNKNOWN_METHOD: _if(
        "the server does not know the method",
        "Remove the probe {probe} if the server need not offer this part of MCP; otherwise turn it on in the server.",
        Reason.RPC_ERROR,
    ),
    Situation.INVALID_ARGUMENTS: _if(
        "the server does not accept the parameters",
        "Correct what the probe {probe} sends, such as `arguments`: the error of the server says what is wrong.",
        Reason.RPC_ERROR,
    ),
    Situation.UNKNOWN_RESOURCE: _if(
        "the server does not know the resource",
        "Correct `uri` of the probe {probe}.",
        Reason.RPC_ERROR,
    ),
    Situation.SERVER_EXCEPTION: _if(
        "the server reports an internal error",
        "Look in the server's log at this time: the exception is there.",
        Reason.RPC_ERROR,
    ),
    Situation.HEADERS_CHANGED: _if(
        "the server says that headers and body differ",
        "Look at the proxy before the server: it changes or drops headers of the request.",
        Reason.RPC_ERROR,
    ),
    Situation.NEW_SESSION_REFUSED: _if(
        "the server refuses the session that it has just opened",
        "Look at what stands before the server: it has to pass on `Mcp-Session-Id`, and to send all requests of a"
        " session to one instance.",
        Reason.RPC_ERROR,
        Reason.CLIENT_ERROR,
    ),
    Situation.CAPABILITY_WANTED: _if(
        "the server wants a capability of the client",
        "If the tool answers by a task, write `task: follow` in a probe of `kind: call`. Otherwise probe a tool that"
        " needs no such capability: the prober offers the server no other.",
        Reason.RPC_ERROR,
        Reason.TOOL_ERROR,
    ),
    Situation.TOKENS_OVER_BUDGET: _if(
        "it takes more tokens than it may",
        "Shorten descriptions and schemas of the heaviest tools, or have the server list or answer less at a time. If"
        " it may be this large, raise `max_tokens` of the probe {probe}.",
        Reason.EXPECTATION_FAILED,
    ),
}
