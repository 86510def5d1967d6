"""The stored request as commands of curl. Every value that may be a secret is a variable of the shell.

In the handshake era the request stands in a session, so that there are three commands: `initialize`, which gives the
session its id, `notifications/initialized`, and the request.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from prober.assertions.result_shapes import HANDSHAKE, MODERN, versions
from prober.client.envelope import handshake_headers, initialize, modern_headers
from prober.client.jsonrpc import VERSION_META
from prober.config.in_force import MASK
from prober.config.model import Target
from prober.replay.repeating import NotRepeatableError
from prober.replay.stored import StoredRun

_VARIABLE: Final = re.compile(r"\$\$|\$\{(file:)?([^}]*)\}")
_METHOD: Final = re.compile(r"[\w/$.-]{1,200}", re.ASCII)
_SESSION: Final = "Mcp-Session-Id"
_READ_ID: Final = "| tr -d '\\r' | sed -n 's/^mcp-session-id: *//Ip'"


def curl_of(run: StoredRun, target: Target) -> str:
    """Commands for a shell. Raises NotRepeatableError where curl cannot send it, or too little was kept."""
    if target.transport != "http":
        spoken = "stdio" if target.transport == "stdio" else "HTTP+SSE, which answers on another stream"
        raise NotRepeatableError(f"curl cannot send it: the target {target.name} speaks {spoken}")
    exchange = run.deciding
    if exchange is None:
        raise NotRepeatableError(
            "no request of this run was kept. A report keeps them with `run --output json --verbose`, and the daemon"
            " for its last runs: --daemon URL"
        )
    message = exchange.message
    if message is None or not _METHOD.fullmatch(str(message["method"])):
        raise NotRepeatableError(
            f"the request of the step {exchange.step} is no JSON-RPC, or longer than what is kept of one"
        )
    lines = [*_notes(target, exchange.sent), *_commands(run, target, message)]
    return "\n".join(lines) + "\n"


def _commands(run: StoredRun, target: Target, message: Mapping[str, Any]) -> list[str]:
    method, params = str(message["method"]), message.get("params")
    params = params if isinstance(params, dict) else {}
    meta = params.get("_meta")
    modern = meta.get(VERSION_META) if isinstance(meta, dict) else None
    if isinstance(modern, str) and modern in versions(MODERN):
        try:
            return [_command(target, message, modern_headers(method, params, modern))]
        except KeyError as missing:
            raise NotRepeatableError(f"the request {method} that was kept lacks {missing}") from None
    if method == "initialize":
        return [_command(target, message, {})]
    version = run.version if run.version in versions(HANDSHAKE) else versions(HANDSHAKE)[-1]
    first = _command(target, initialize(version, request_id=0), {}, head=True)
    headers = handshake_headers(version)
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    session = f'  -H "{_SESSION}: $SESSION" \\\n'
    return [
        f"SESSION=$({first} {_READ_ID})",
        _command(target, ready, headers, session=session),
        _command(target, message, headers, session=session),
    ]


def _command(
    target: Target, message: Mapping[str, Any], headers: Mapping[str, str], *, head: bool = False, session: str = ""
) -> str:
    """`head` prints the headers of the answer instead of its body."""
    words = ["curl -sS -o /dev/null -D - --noproxy '*'" if head else "curl -sS -i --noproxy '*'"]
    if target.proxy is not None:
        words = [words[0].replace(" --noproxy '*'", ' --proxy "$PROXY"')]
    for option, path in (
        ("--cacert", target.tls.ca_file),
        ("--cert", target.tls.client_certificate),
        ("--key", target.tls.client_key),
    ):
        words += [f"{option} {shlex.quote(str(path))}"] if path is not None else []
    fixed = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    words += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in fixed.items()]
    words += [f'-H "{_escaped(name)}: ${variable}"' for name, variable in _secret_headers(target).items()]
    body = shlex.quote(json.dumps(message))
    return " \\\n  ".join(words) + f" \\\n{session}  --data-raw {body} \\\n  {_url(target)}"


def _secret_headers(target: Target) -> dict[str, str]:
    """Each header of the configuration, and the variable for its value."""
    found = {name: "HEADER_" + re.sub(r"\W", "_", name, flags=re.ASCII).upper() for name in target.headers}
    return found if target.auth is None else {**found, "Authorization": "HEADER_AUTHORIZATION"}


def _notes(target: Target, sent: str) -> list[str]:
    """Which variables are to be set, as comments."""
    notes = [f"# {each}: the value of the header {name}" for name, each in _secret_headers(target).items()]
    if target.auth is not None:
        notes = [each.replace("header Authorization", 'header Authorization, "Bearer " and a token') for each in notes]
    notes += ["# PROXY: the address of the proxy"] if target.proxy is not None else []
    notes += ["# QUERY: the query of the URL"] if "?" in (target.url or "") else []
    notes += [f"# {MASK} in the body stands for a secret that was masked"] if MASK in sent else []
    return [f"# set for the target {target.name}:", *notes] if notes else []


def _url(target: Target) -> str:
    """The address as it is written, in double quotes, with the variables of its `${…}`."""

    def written(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "\\$"
        return f"$(cat {shlex.quote(match[2])})" if match[1] else f"${{{match[2]}}}"

    pieces, at = [], 0
    for match in _VARIABLE.finditer(target.address):
        pieces += [_escaped(target.address[at : match.start()]), written(match)]
        at = match.end()
    query = "?$QUERY" if "?" in (target.url or "") else ""
    return f'"{"".join(pieces)}{_escaped(target.address[at:])}{query}"'


def _escaped(text: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", text)
