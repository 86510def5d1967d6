"""Maps exceptions of libraries to `Failure`, the one failure type of a run. No other module does.

Sources: `OSError.errno`, `ssl.SSLCertVerificationError.verify_code` (the X509_V_ERR_* numbers of OpenSSL), and the
exceptions of httpcore, whose texts distinguish more cases than its types.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING, Final

from prober.client.exchange import ExchangeRecorder
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Phase, Reason

if TYPE_CHECKING:
    import httpcore

_CERTIFICATE: Final = {
    9: Reason.TLS_EXPIRED,  # not yet valid: also a matter of dates and clocks
    10: Reason.TLS_EXPIRED,
    62: Reason.TLS_HOSTNAME,
    63: Reason.TLS_HOSTNAME,
    64: Reason.TLS_HOSTNAME,
}

OUR_LACK: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN})
"""The prober has run out of files, memory or processes."""

_ERRNO: Final = {
    errno.ECONNREFUSED: Reason.CONNECT_REFUSED,
    errno.ECONNRESET: Reason.CONNECTION_RESET,
    errno.EPIPE: Reason.CONNECTION_CLOSED,
    errno.ETIMEDOUT: Reason.CONNECT_TIMEOUT,
    errno.EHOSTUNREACH: Reason.CONNECT_FAILED,
    errno.ENETUNREACH: Reason.CONNECT_FAILED,
    errno.EADDRNOTAVAIL: Reason.CONNECT_FAILED,
    **dict.fromkeys(OUR_LACK, Reason.INTERNAL_ERROR),
}

_HEADERS_TOO_LARGE: Final = 431
"""The status that h11 suggests when the head of a response is larger than its buffer."""


def from_exception(error: BaseException, recorder: ExchangeRecorder) -> Failure | None:
    """The failure for an exception of a library, or None for any other exception."""
    import httpcore  # only here: runs over stdio need not import it

    match error:
        case Failure():
            return error
        case ssl.SSLCertVerificationError():
            reason = _CERTIFICATE.get(getattr(error, "verify_code", 0), Reason.TLS_UNTRUSTED)
            return Failure(reason, getattr(error, "verify_message", "") or str(error))
        case ssl.SSLError():  # only errors of OpenSSL have a reason; asyncio raises SSLError without one
            return Failure(Reason.TLS_FAILED, getattr(error, "reason", "") or str(error))
        case socket.gaierror():
            return Failure(Reason.DNS_FAILED, error.strerror or str(error))
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
            return _os_error(error, recorder.phase)
    return None


def _os_error(error: OSError, phase: Phase | None) -> Failure:
    fallback = Reason.CONNECT_FAILED if phase is Phase.CONNECT else Reason.CONNECTION_CLOSED
    reason = _ERRNO.get(error.errno or 0, fallback)
    if phase is Phase.TLS and reason is Reason.CONNECTION_CLOSED:
        reason = Reason.TLS_FAILED
    text = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    return Failure(reason, f"{text}: {error.filename}" if error.filename else text)


def _remote_protocol(error: httpcore.RemoteProtocolError, recorder: ExchangeRecorder) -> Failure:
    text = str(error)
    inner = error.__cause__ or error.__context__
    if getattr(inner, "error_status_hint", None) == _HEADERS_TOO_LARGE:
        return Failure(Reason.TOO_LARGE, "the head of the answer is larger than an HTTP client accepts")
    if recorder.head and not b"HTTP/".startswith(recorder.head[:5]):
        return Failure(Reason.NOT_HTTP, f"what came back is not HTTP: it begins with {recorder.beginning!r}")
    if "disconnected without sending" in text:
        return Failure(Reason.CONNECTION_CLOSED, "the server closed the connection without an answer")
    if "closed connection" in text:
        return Failure(Reason.CONNECTION_CLOSED, f"the answer was cut off: {cap(text)}")
    return Failure(Reason.NOT_HTTP, f"what came back is not sound HTTP: {cap(text)}")


def timed_out(recorder: ExchangeRecorder | None) -> Failure:
    """The failure of a run whose deadline passed during the exchange of `recorder`."""
    if recorder is None:
        return Failure(Reason.TIMEOUT, "the deadline passed before the first exchange")
    if recorder.starved:
        return Failure(
            Reason.UNDECIDED,
            "the name was not looked up: until the deadline every lookup thread waited for the name of another target",
            step=recorder.step,
        )
    if recorder.phase is Phase.CONNECT:
        return Failure(Reason.CONNECT_TIMEOUT, "no connection within the deadline", step=recorder.step)
    return Failure(
        Reason.TIMEOUT,
        f"the deadline passed {_DURING[recorder.phase]}",
        step=recorder.step,
        evidence=Evidence(detail=f"phase: {recorder.phase}") if recorder.phase else None,
    )


_DURING: Final = {
    None: "between two exchanges",
    Phase.SPAWN: "while the process started",
    Phase.DNS: "while the name was resolved",
    Phase.CONNECT: "while connecting",
    Phase.TLS: "in the TLS handshake",
    Phase.SEND: "while the request was sent",
    Phase.WAIT: "while waiting for the first byte of the answer",
    Phase.RECEIVE: "while the answer was being received",
}
