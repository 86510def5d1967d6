"""Maps exceptions of libraries to `Failure`, the one failure type of a run. No other module does.

Sources: `OSError.errno`, `ssl.SSLCertVerificationError.verify_code` (the X509_V_ERR_* numbers of OpenSSL), and the
exceptions of httpcore, whose texts distinguish more cases than its types.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from prober.client.exchange import ExchangeRecorder
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Phase, Reason, Situation

if TYPE_CHECKING:
    import httpcore

_CERTIFICATE: Final = {
    9: Reason.TLS_EXPIRED,  # not yet valid: also a matter of dates and clocks
    10: Reason.TLS_EXPIRED,
    62: Reason.TLS_HOSTNAME,
    63: Reason.TLS_HOSTNAME,
    64: Reason.TLS_HOSTNAME,
}

_CERTIFICATE_SITUATION: Final = {9: Situation.CERTIFICATE_NOT_YET_VALID, 18: Situation.CERTIFICATE_SELF_SIGNED}
_DATES: Final = {9: "notBefore", 10: "notAfter"}
_SINCE: Final = {9: "but from", 10: "since"}

_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})
"""OpenSSL's reasons for bytes that are no record of TLS."""
_TLS_ALERT: Final = b"\x15\x03"

_NAME_SITUATION: Final = {
    socket.EAI_NONAME: Situation.NAME_UNKNOWN,
    socket.EAI_AGAIN: Situation.NAME_SERVER_SILENT,
}

OUR_LACK: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN})
"""The prober has run out of files, memory or processes."""
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_THREAD: Final = "can't start new thread"
"""Python has no exception of its own for it."""

_ERRNO: Final = {
    errno.ECONNREFUSED: Reason.CONNECT_REFUSED,
    errno.ECONNRESET: Reason.CONNECTION_RESET,
    errno.EPIPE: Reason.CONNECTION_CLOSED,
    errno.ETIMEDOUT: Reason.CONNECT_TIMEOUT,
    errno.EHOSTUNREACH: Reason.CONNECT_FAILED,
    errno.ENETUNREACH: Reason.CONNECT_FAILED,
    errno.EADDRNOTAVAIL: Reason.CONNECT_FAILED,
    **dict.fromkeys(OUR_LACK, Reason.PROBER_SHORTAGE),
}

_HEADERS_TOO_LARGE: Final = 431
"""The status that h11 suggests when the head of a response is larger than its buffer."""


def is_shortage(error: BaseException) -> bool:
    """Whether the prober lacked something of its own: memory, threads, processes, files or disk."""
    match error:
        case BaseExceptionGroup():
            return any(map(is_shortage, error.exceptions))
        case OSError():
            return error.errno in OUR_LACK | _DISK
        case RuntimeError():
            return _NO_THREAD in str(error)
    return isinstance(error, MemoryError)


def from_exception(error: BaseException, recorder: ExchangeRecorder) -> Failure | None:
    """The failure for an exception of a library, or None for any other exception."""
    import httpcore  # only here: runs over stdio need not import it

    match error:
        case Failure():
            return error
        case ssl.SSLCertVerificationError():
            return _certificate_refused(error)
        case ssl.SSLError():  # only errors of OpenSSL have a reason; asyncio raises SSLError without one
            return _tls_failed(getattr(error, "reason", "") or str(error), recorder)
        case socket.gaierror():
            return _not_resolved(error, recorder)
        case httpcore.ProxyError():
            return Failure(Reason.PROXY_FAILED, f"the proxy refused the tunnel: {error}")
        case httpcore.RemoteProtocolError():
            return _remote_protocol(error, recorder)
        case httpcore.LocalProtocolError():
            return Failure(Reason.INTERNAL_ERROR, f"the request could not be written: {error}")
        case httpcore.NetworkError() | httpcore.TimeoutException():
            inner = error.__cause__ or error.__context__
            known = from_exception(inner, recorder) if inner is not None else None
            return known or Failure(Reason.CONNECTION_CLOSED, str(error) or type(error).__name__)
        case OSError():
            return _os_error(error, recorder)
    return None


def _certificate_refused(error: ssl.SSLCertVerificationError) -> Failure:
    code = getattr(error, "verify_code", 0)
    text = getattr(error, "verify_message", "") or str(error)
    certificate: Mapping[str, Any] = getattr(error, "certificate", {})
    if code in _DATES and _DATES[code] in certificate:
        with suppress(ValueError, OverflowError):  # the words of a certificate that is not trusted
            moment = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate[_DATES[code]]), UTC)
            text += f", {_SINCE[code]} {moment:%Y-%m-%d %H:%M} UTC"
    if _CERTIFICATE.get(code) is Reason.TLS_HOSTNAME and (names := _names(certificate)):
        text += f"; it is for {names}"
    reason = _CERTIFICATE.get(code, Reason.TLS_UNTRUSTED)
    return Failure(reason, text, evidence=Evidence(situation=_CERTIFICATE_SITUATION.get(code)))


def _names(certificate: Mapping[str, Any]) -> str:
    names = [cap(str(name), 60) for _, name in certificate.get("subjectAltName", ())]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _tls_failed(text: str, recorder: ExchangeRecorder) -> Failure:
    situation = remedy = None
    if "CERTIFICATE_REQUIRED" in text:
        situation = Situation.CLIENT_CERTIFICATE_WANTED
    elif text in _NOT_TLS and not recorder.by_proxy:
        situation, remedy = Situation.TLS_TO_PLAIN_PORT, recorder.address.with_scheme("http")
        text = f"the port answered the TLS handshake with something else than TLS ({text})"
    return Failure(Reason.TLS_FAILED, text, evidence=Evidence(situation=situation, remedy=remedy))


def _not_resolved(error: socket.gaierror, recorder: ExchangeRecorder) -> Failure:
    if error.errno == socket.EAI_MEMORY or not _can_open_files():  # the system's resolver does not say so
        return Failure(Reason.PROBER_SHORTAGE, "the name was not looked up: no file could be opened, or no memory had")
    whose, situation = recorder.address.host, _NAME_SITUATION.get(error.errno or 0)
    if recorder.by_proxy:
        whose, situation = "of the proxy", Situation.PROXY_UNREACHABLE
    message = f"the host name {whose} was not resolved: {error.strerror or error}"
    return Failure(Reason.DNS_FAILED, message, evidence=Evidence(situation=situation))


def _can_open_files() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno not in OUR_LACK
    return True


def _os_error(error: OSError, recorder: ExchangeRecorder) -> Failure:
    phase = recorder.phase
    fallback = Reason.CONNECT_FAILED if phase is Phase.CONNECT else Reason.CONNECTION_CLOSED
    reason = _ERRNO.get(error.errno or 0, fallback)
    if phase is Phase.TLS and reason is Reason.CONNECTION_CLOSED:
        reason = Reason.TLS_FAILED
    text = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    text = f"{text}: {error.filename}" if error.filename else text
    if recorder.by_proxy and phase is Phase.CONNECT:
        return Failure(reason, f"the proxy: {text}", evidence=Evidence(situation=Situation.PROXY_UNREACHABLE))
    return Failure(reason, text)


def _remote_protocol(error: httpcore.RemoteProtocolError, recorder: ExchangeRecorder) -> Failure:
    text = str(error)
    inner = error.__cause__ or error.__context__
    if getattr(inner, "error_status_hint", None) == _HEADERS_TOO_LARGE:
        return Failure(Reason.TOO_LARGE, "the head of the answer is larger than an HTTP client accepts")
    if recorder.head and not b"HTTP/".startswith(recorder.head[:5]):
        if recorder.head.startswith(_TLS_ALERT) and not recorder.by_proxy:
            evidence = Evidence(situation=Situation.PLAIN_TO_TLS_PORT, remedy=recorder.address.with_scheme("https"))
            return Failure(Reason.NOT_HTTP, "the port answered with an alert of TLS, not with HTTP", evidence=evidence)
        quoted = "" if recorder.confidential else f": it begins with {recorder.beginning!r}"
        return Failure(Reason.NOT_HTTP, f"what came back is not HTTP{quoted}")
    if "disconnected without sending" in text:
        return Failure(Reason.CONNECTION_CLOSED, "the server closed the connection without an answer")
    if "closed connection" in text:
        return Failure(Reason.CONNECTION_CLOSED, f"the answer was cut off: {cap(text)}")
    quoted = "" if recorder.confidential else f": {cap(text)}"  # h11 quotes the line that it cannot read
    return Failure(Reason.NOT_HTTP, f"what came back is not sound HTTP{quoted}")


def timed_out(recorder: ExchangeRecorder | None, *, limit: str = "the deadline") -> Failure:
    """The failure of a run whose deadline passed during the exchange of `recorder`; `limit` names the deadline."""
    if recorder is None:
        return Failure(Reason.TIMEOUT, f"{limit} passed before the first exchange")
    if recorder.starved:
        return Failure(
            Reason.PROBER_SHORTAGE,
            "the name was not looked up: until the deadline every lookup thread waited for the name of another target",
            step=recorder.step,
        )
    if recorder.phase is None:  # judging has its own end shortly before; on a busy machine both come at once
        return Failure(
            Reason.UNDECIDED,
            f"{limit} passed between two exchanges, with nothing asked of the server",
            step=recorder.step,
        )
    if recorder.phase is Phase.CONNECT:
        return _not_connected(recorder, limit)
    return Failure(
        Reason.TIMEOUT,
        f"{limit} passed {_DURING[recorder.phase].format(recorder=recorder)}",
        step=recorder.step,
        evidence=Evidence(detail=f"phase: {recorder.phase}", situation=recorder.if_late) if recorder.phase else None,
    )


def _not_connected(recorder: ExchangeRecorder, limit: str) -> Failure:
    where = f"{recorder.address.host}{recorder.address.port}"
    to, situation = where or "the server", recorder.if_late
    if recorder.by_proxy:
        to, situation = "the proxy", Situation.PROXY_UNREACHABLE
    return Failure(
        Reason.CONNECT_TIMEOUT,
        f"{limit} passed before {to} took the connection",
        step=recorder.step,
        evidence=Evidence(situation=situation),
    )


_DURING: Final = {
    Phase.SPAWN: "while the process started",
    Phase.DNS: "while the name {recorder.address.host} was looked up",
    Phase.CONNECT: "while connecting",
    Phase.TLS: "in the TLS handshake",
    Phase.SEND: "while the request was sent",
    Phase.WAIT: "while waiting for the first byte of {recorder.awaited}",
    Phase.RECEIVE: "while {recorder.awaited} was being received",
}
