"""Foreign exceptions: each is given its reason, and none that the libraries know is without one."""

from __future__ import annotations

import errno
import inspect
import os
import socket
import ssl

import h11
import httpcore
import pytest

from prober.client.error_mapping import from_exception, timed_out
from prober.client.exchange import Address, ExchangeRecorder
from prober.outcome import Failure, Phase, Reason, Situation


def reason_of(error: BaseException, phase: Phase | None = Phase.WAIT, head: bytes = b"") -> Reason | None:
    recorder = ExchangeRecorder("tools/call")
    recorder.phase, recorder.head = phase, head
    failure = from_exception(error, recorder)
    return failure.reason if failure else None


ERRNOS: list[tuple[int, Phase, Reason]] = [
    (errno.ECONNREFUSED, Phase.CONNECT, Reason.CONNECT_REFUSED),
    (errno.ETIMEDOUT, Phase.CONNECT, Reason.CONNECT_TIMEOUT),
    (errno.EHOSTUNREACH, Phase.CONNECT, Reason.CONNECT_FAILED),
    (errno.ENETUNREACH, Phase.CONNECT, Reason.CONNECT_FAILED),
    (errno.EADDRNOTAVAIL, Phase.CONNECT, Reason.CONNECT_FAILED),
    (errno.EACCES, Phase.CONNECT, Reason.CONNECT_FAILED),
    (errno.ECONNRESET, Phase.WAIT, Reason.CONNECTION_RESET),
    (errno.ECONNRESET, Phase.TLS, Reason.CONNECTION_RESET),
    (errno.EPIPE, Phase.SEND, Reason.CONNECTION_CLOSED),
    (errno.EPIPE, Phase.TLS, Reason.TLS_FAILED),
    (errno.EIO, Phase.TLS, Reason.TLS_FAILED),
    (errno.EIO, Phase.RECEIVE, Reason.CONNECTION_CLOSED),
    *((lack, Phase.CONNECT, Reason.PROBER_SHORTAGE) for lack in (errno.EMFILE, errno.ENFILE, errno.ENOMEM)),
]


@pytest.mark.parametrize(("number", "phase", "reason"), ERRNOS)
def test_an_error_of_the_system_is_told_by_its_number(number: int, phase: Phase, reason: Reason) -> None:
    error = OSError(number, os.strerror(number))
    assert reason_of(error, phase) is reason
    wrapped = httpcore.ReadError("read")
    wrapped.__cause__ = error
    assert reason_of(wrapped, phase) is reason


def test_an_error_of_the_system_says_what_and_where() -> None:
    recorder = ExchangeRecorder("tools/call")
    failure = from_exception(OSError(errno.ECONNREFUSED, "…", "127.0.0.1 port 9"), recorder)
    assert failure is not None
    assert failure.message == "Connection refused: 127.0.0.1 port 9"


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = code, "so it is"
    return error


CERTIFICATES = {
    9: Reason.TLS_EXPIRED,
    10: Reason.TLS_EXPIRED,
    18: Reason.TLS_UNTRUSTED,
    19: Reason.TLS_UNTRUSTED,
    20: Reason.TLS_UNTRUSTED,
    23: Reason.TLS_UNTRUSTED,
    62: Reason.TLS_HOSTNAME,
    64: Reason.TLS_HOSTNAME,
}


@pytest.mark.parametrize(("code", "reason"), CERTIFICATES.items())
def test_a_certificate_is_told_by_what_is_wrong_with_it(code: int, reason: Reason) -> None:
    assert reason_of(certificate_error(code), Phase.TLS) is reason


HTTP: list[tuple[str, bytes, Reason]] = [
    ("Server disconnected without sending a response.", b"", Reason.CONNECTION_CLOSED),
    ("Server disconnected without sending a response.", b"HTTP/1.1 200 OK\r", Reason.CONNECTION_CLOSED),
    ("Server disconnected without sending a response.", b"HTT", Reason.CONNECTION_CLOSED),
    ("Server disconnected without sending a response.", b"SSH-2.0-OpenSSH_", Reason.NOT_HTTP),
    ("peer closed connection without sending complete message body", b"HTTP/1.1 200 OK\r", Reason.CONNECTION_CLOSED),
    ("illegal status line", b"HTTP/1.1 fine\r\n", Reason.NOT_HTTP),
    ("illegal request line", b"\x15\x03\x01", Reason.NOT_HTTP),
]


@pytest.mark.parametrize(("text", "head", "reason"), HTTP)
def test_what_is_wrong_with_http_is_told_by_how_it_began(text: str, head: bytes, reason: Reason) -> None:
    assert reason_of(httpcore.RemoteProtocolError(text), head=head) is reason


def test_a_head_that_is_too_large_is_told_as_such() -> None:
    error = httpcore.RemoteProtocolError("Receive buffer too long")
    error.__cause__ = h11.RemoteProtocolError("Receive buffer too long", error_status_hint=431)
    assert reason_of(error) is Reason.TOO_LARGE


def test_names_proxies_and_tls_have_their_own() -> None:
    assert reason_of(socket.gaierror(socket.EAI_NONAME, "no such name"), Phase.DNS) is Reason.DNS_FAILED
    assert reason_of(httpcore.ProxyError("407 Proxy Authentication Required")) is Reason.PROXY_FAILED
    assert (
        reason_of(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), Phase.TLS) is Reason.TLS_FAILED
    )


def test_our_own_failures_stay_what_they_are_and_our_own_faults_are_none() -> None:
    failure = Failure(Reason.TOO_LARGE, "large")
    assert from_exception(failure, ExchangeRecorder("x")) is failure
    for fault in (KeyError("x"), ValueError("x"), RuntimeError("x"), AssertionError()):
        assert reason_of(fault) is None


EXCEPTIONS = [
    value
    for module in (httpcore, ssl)
    for value in vars(module).values()
    if inspect.isclass(value) and issubclass(value, Exception) and value.__module__.startswith(("httpcore", "ssl"))
]
NOT_RAISED_TO_US = {httpcore.ConnectionNotAvailable, httpcore.UnsupportedProtocol, httpcore.ProtocolError}
"""The pool's own signal; a scheme that the configuration refuses; what only its two kinds are raised of."""


@pytest.mark.parametrize("kind", [kind for kind in EXCEPTIONS if kind not in NOT_RAISED_TO_US])
def test_the_libraries_know_no_exception_that_we_do_not(kind: type[Exception]) -> None:
    assert len(EXCEPTIONS) > 15
    assert reason_of(kind("as it happens")) is not None


PHASES = {
    None: (Reason.UNDECIDED, "the deadline passed between two exchanges, with nothing asked of the server"),
    Phase.SPAWN: (Reason.TIMEOUT, "the deadline passed while the process started"),
    Phase.DNS: (Reason.TIMEOUT, "the deadline passed while the name notes.example was looked up"),
    Phase.CONNECT: (Reason.CONNECT_TIMEOUT, "the deadline passed before notes.example:8000 took the connection"),
    Phase.TLS: (Reason.TIMEOUT, "the deadline passed in the TLS handshake"),
    Phase.SEND: (Reason.TIMEOUT, "the deadline passed while the request was sent"),
    Phase.WAIT: (Reason.TIMEOUT, "the deadline passed while waiting for the first byte of the answer"),
    Phase.RECEIVE: (Reason.TIMEOUT, "the deadline passed while the answer was being received"),
}


@pytest.mark.parametrize(("phase", "told"), PHASES.items())
def test_a_deadline_tells_what_was_going_on(phase: Phase | None, told: tuple[Reason, str]) -> None:
    recorder = ExchangeRecorder("tools/call")
    recorder.phase = phase
    recorder.address = Address(scheme="http", host="notes.example", port=":8000", path="/mcp")
    failure = timed_out(recorder)
    assert (failure.reason, failure.message) == told
    assert failure.step == "tools/call"
    assert set(PHASES) == {None, *Phase}


def test_a_deadline_may_pass_before_anything_was_going_on() -> None:
    assert timed_out(None).message == "the deadline passed before the first exchange"


def test_a_name_server_that_is_silent_is_not_a_name_that_is_unknown() -> None:
    recorder = ExchangeRecorder("initialize")
    recorder.address = Address(scheme="http", host="notes.example", path="/mcp")
    for number, situation in (
        (socket.EAI_AGAIN, Situation.NAME_SERVER_SILENT),
        (socket.EAI_NONAME, Situation.NAME_UNKNOWN),
        (socket.EAI_FAIL, None),
    ):
        failure = from_exception(socket.gaierror(number, "so it is"), recorder)
        assert failure is not None
        assert failure.message == "the host name notes.example was not resolved: so it is"
        assert failure.evidence.situation == situation
