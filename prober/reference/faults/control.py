"""GET and POST /debug/faults: list the faults, and replace the active ones while the server runs.

    POST {"faults": ["null-field:0.5", "slow:250ms"]}     these and no others; [] switches all off

Only for callers on this machine: the connection comes from a loopback address, the Host header is a loopback name, no
proxy header is set, and the content type is JSON, which a web page cannot send to another origin without permission.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from prober.reference.faults.catalog import FAULTS
from prober.reference.faults.switches import FaultSwitches, parse_all

_MAX_BODY: Final = 16_384
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


def route(switches: FaultSwitches, *, changed: Callable[[], None]) -> Route:
    """The route; `changed` is called after every switch."""

    async def faults(request: Request) -> Response:
        if not is_local(request):
            return JSONResponse({"error": "only for callers on this machine"}, status_code=403)
        if request.method == "POST":
            try:
                switches.replace(parse_all(await _wanted(request)))
            except ValueError as error:
                words = str(error).encode(errors="replace").decode()  # may quote half a surrogate pair
                return JSONResponse({"error": words}, status_code=400)
            changed()
        return JSONResponse(_shown(switches))

    return Route("/debug/faults", faults, methods=["GET", "POST"])


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine and was meant for it."""
    if request.client is None or any(header in request.headers for header in _FORWARDED):
        return False
    return _is_loopback(request.client.host) and _is_loopback(_host_of(request))


def is_rebound(request: Request, allowed: Sequence[str]) -> bool:
    """Whether a request over loopback names a host that somebody else may own, who has pointed it here."""
    if request.client is None or not _is_loopback(request.client.host) or "host" not in request.headers:
        return False
    host = _host_of(request)
    return not _is_loopback(host) and not {host, request.headers["host"]} & set(allowed)


def _host_of(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _wanted(request: Request) -> list[str]:
    """The faults a body asks for. Raises ValueError."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise ValueError("content-type must be application/json")
    body = bytearray()
    async for chunk in request.stream():
        body.extend(chunk)
        if len(body) > _MAX_BODY:
            raise ValueError(f"the body is larger than {_MAX_BODY} bytes")
    try:
        wanted: Any = json.loads(body)
    except ValueError as error:
        raise ValueError("the body is not JSON") from error
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    faults = wanted.get("faults") if isinstance(wanted, dict) else None
    if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults) or len(wanted) != 1:
        raise ValueError('the body must be {"faults": ["NAME[:DURATION][:RATE]", …]}')
    return faults


def _shown(switches: FaultSwitches) -> dict[str, Any]:
    strikes = switches.strikes
    return {
        "active": [str(fault) for fault in switches.active],
        "faults": {
            name: {"place": kind.place, "does": kind.does, "reason": kind.reason, "strikes": strikes[name]}
            for name, kind in FAULTS.items()
        },
    }
