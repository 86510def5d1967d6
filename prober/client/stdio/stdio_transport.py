"""stdio: one JSON-RPC message a line, to a child process and back."""

from __future__ import annotations

import asyncio
import itertools
import json
import select
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from prober.client.era_detection import not_discovered
from prober.client.exchange import ExchangeRecorder
from prober.client.http.oauth import TokenSource
from prober.client.jsonrpc import (
    Message,
    decode,
    encode,
    excerpt,
    is_answer,
    is_server_request,
    reply_to,
    result_of,
)
from prober.client.stdio.process import Process
from prober.client.stdio.startup import Startup
from prober.client.transport import AnsweredLateError
from prober.config.model import Target
from prober.outcome import Evidence, Failure, Phase, Reason, Situation

_LAST_WORDS: Final = 0.5
"""Seconds that a process which closed its output has to exit, so that its status can be told."""

_NO_LEAVE: Final = Evidence(situation=Situation.NO_LEAVE)

_TURN: Final = 64
"""Lines after which the event loop has its turn: there may be thousands of them in one chunk."""

_LEAST: Final = 16
"""Bytes that a line counts for at least: an empty one costs time as well."""


class StdioTransport:
    """One conversation with one child process."""

    certificate_expiry = None
    opens = True
    closes = True

    def __init__(self, target: Target, startup: Startup):
        self._target = target
        self._startup = startup
        self._limit = target.limits.line
        self._process: Process | None = None
        self._buffer = bytearray()
        self._scanned = 0
        self._given_up: set[int] = set()
        self._has_answered = False
        self._output_ended = False
        self._asked: Message = {}
        """The latest request, answered or not."""
        self._notified: str | None = None

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        raise NotImplementedError("stdio has no place for a token; the configuration refuses one")

    def authorize(self, token: str) -> None:
        raise NotImplementedError("stdio has no place for a token; the configuration refuses one")

    async def open(self, recorder: ExchangeRecorder) -> None:
        recorder.enter(Phase.SPAWN)
        env = {name: value.reveal() for name, value in self._target.env.items()}
        self._process = await Process.start(self._target.command, env=env, cwd=self._target.cwd)
        self._startup.process_started()
        recorder.enter(None)

    async def request(
        self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> dict[str, Any]:
        try:
            return await self._answer(message, recorder)
        except (asyncio.CancelledError, AnsweredLateError):
            self._given_up.add(message["id"])
            raise

    async def _answer(self, message: Message, recorder: ExchangeRecorder) -> dict[str, Any]:
        self._asked = message
        await self._send(message, recorder)
        recorder.enter(Phase.WAIT if self._has_answered else Phase.SPAWN)
        beside = 0
        for count in itertools.count(1):
            line = await self._line(recorder)
            if count % _TURN == 0:  # while the answer is awaited: a run whose time is up here has waited for the server
                await asyncio.sleep(0)
            if self._has_answered:
                recorder.enter(None)
            if line.strip():
                received = await self._decoded(line)
                if is_answer(received):
                    recorder.enter(None)
                    if not self._comes_too_late(received, amid=message):
                        return self._result(received, message)
                if is_server_request(received):
                    await self._send(reply_to(received, amid=message), recorder)
            beside += max(len(line), _LEAST)
            if beside > self._limit:
                raise Failure(Reason.TOO_LARGE, f"before its answer the server wrote more than {self._limit} bytes")
            recorder.enter(Phase.RECEIVE if self._has_answered else Phase.SPAWN)
        raise AssertionError("counting has no end")

    async def _decoded(self, line: bytes) -> Message:
        """Raises Failure where the line is no message. A process that then dies has died, whatever it printed before.

        Of a line that does not even try to be JSON-RPC the failure says what is to be done.
        """
        assert self._process is not None
        try:
            received = decode(line, limit=self._limit)
        except Failure as failure:
            if failure.reason is Reason.TOO_LARGE:
                raise
            if self._notified is not None and _answers_nothing(line):
                raise self._answered_notification(self._notified, line) from None
            if await self._process.exit_status(_LAST_WORDS) is not None:
                raise await self._gone(self._process, printed=line) from None
            if b'"jsonrpc"' not in line:
                said = f"the server prints to stdout; log to stderr: {excerpt(line.strip())!r} is no message"
                evidence = replace(failure.evidence, situation=Situation.TEXT_ON_STDOUT)
                raise Failure(failure.reason, said, evidence=evidence) from None
            raise
        if is_answer(received) and not self._has_answered:
            self._has_answered = True
            self._startup.answered()
        return received

    def _comes_too_late(self, answer: Message, *, amid: Message) -> bool:
        """Whether it is for a request that nobody waits for any more. Raises AnsweredLateError, see there."""
        if not self._was_given_up(answer):
            return False
        result = answer.get("result")
        if amid["method"] == "initialize" and isinstance(result, dict) and not_discovered(result) is None:
            raise AnsweredLateError(result)
        return True

    def _was_given_up(self, answer: Message) -> bool:
        return type(answer.get("id")) is int and answer["id"] in self._given_up

    def _result(self, answer: Message, request: Message) -> dict[str, Any]:
        notified, self._notified = self._notified, None
        if notified is not None and answer.get("id") is None:
            raise self._answered_notification(notified, encode(answer))
        return result_of(answer, request_id=request["id"])

    def _answered_notification(self, notified: str, answer: bytes) -> Failure:
        return Failure(
            Reason.WRONG_ID,
            f"the server answered {notified}, which is a notification: nothing may be sent in reply to it",
            evidence=Evidence(pointer="/id", seen=excerpt(answer)),
        )

    @property
    def age(self) -> float:
        """Seconds since its process was started."""
        assert self._process is not None
        return asyncio.get_running_loop().time() - self._process.started_at

    @property
    def alive(self) -> bool:
        """Whether its process runs at this moment and can still answer."""
        return self._process is not None and not self._output_ended and self._process.exited is None

    def wake(self) -> None:
        """A run begins that goes on with a process which was kept."""
        assert self._process is not None
        self._process.wake()

    async def rest(self) -> NoReturn:
        """Attend to the process between two runs, until the task is cancelled: answer its pings, drop notifications.

        Nothing is half read or half written when the cancellation comes. Raises Failure where the process has ended, or
        sends what may not be sent: an answer that nobody asked for, or no message.
        """
        assert self._process is not None
        self._process.rest()
        recorder = ExchangeRecorder("between two runs")
        for count in itertools.count(1):
            line = await self._line(recorder)
            if count % _TURN == 0:
                await asyncio.sleep(0)
            if line.strip():
                await self._overhear(decode(line, limit=self._limit), recorder)
        raise AssertionError("counting has no end")

    async def _overhear(self, received: Message, recorder: ExchangeRecorder) -> None:
        """A message between two runs."""
        if is_answer(received) and not self._was_given_up(received):
            answer = excerpt(encode(received))
            raise Failure(Reason.WRONG_ID, f"the server sent an answer to nothing that was asked: {answer}")
        if is_server_request(received):
            reply = reply_to(received, amid=self._asked)
            if len(encode(reply)) < select.PIPE_BUF:  # such a message is written whole or not at all
                await self._send(reply, recorder)

    async def how_it_ended(self) -> Failure:
        """For a process that is not `alive`."""
        assert self._process is not None
        return await self._gone(self._process)

    async def notify(self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder) -> None:
        self._notified = message["method"]
        await self._send(message, recorder)

    async def close(self, *, headers: Mapping[str, str], recorder: ExchangeRecorder, grace: float) -> None:
        process = self._process
        if process is None:
            return
        if not await process.leave(grace):
            then = "stopped by SIGTERM" if process.exited else "killed, for it did not heed SIGTERM either"
            message = f"the process did not exit within {grace:g} s of the end of its standard input; it was {then}"
            raise Failure(Reason.TIMEOUT, message, evidence=_NO_LEAVE)
        if await process.exit_status(0) != 0:
            message = f"{process.exited}, at the end of its standard input"
            raise Failure(Reason.PROCESS_EXITED, message, evidence=_NO_LEAVE)

    @property
    def process(self) -> Evidence | None:
        if self._process is None:
            return None
        words = self._process.last_words()
        told = [each for each in (self._process.exited, f"standard error: {words}" if words else None) if each]
        return Evidence(detail="\n".join(told)) if told else None

    async def abort(self) -> None:
        if self._process is not None:
            await self._process.aclose()

    async def _send(self, message: Message, recorder: ExchangeRecorder) -> None:
        assert self._process is not None
        data = encode(message) + b"\n"
        recorder.enter(Phase.SEND)
        recorder.sent = recorder.sent or data
        recorder.bytes_sent += len(data)
        try:
            await self._process.write(data)
        except BrokenPipeError:
            raise await self._gone(self._process) from None

    async def _line(self, recorder: ExchangeRecorder) -> bytes:
        """The next line of standard output, searched once over: linear in its length."""
        assert self._process is not None
        while True:
            end = self._buffer.find(b"\n", self._scanned)
            if end > self._limit or (end < 0 and len(self._buffer) > self._limit):
                raise Failure(Reason.TOO_LARGE, f"one line of output is larger than the limit of {self._limit} bytes")
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._scanned = 0
                return line
            self._scanned = len(self._buffer)
            chunk = await self._process.read()
            if not chunk:
                self._output_ended = True
                raise await self._gone(self._process)
            self._startup.wrote()
            if recorder.phase is Phase.WAIT:
                recorder.enter(Phase.RECEIVE)
            recorder.saw(chunk)
            self._buffer += chunk

    async def _gone(self, process: Process, *, printed: bytes = b"") -> Failure:
        """`printed` is what came on standard output and was no message: often the reason, on the wrong stream."""
        status = await process.exit_status(_LAST_WORDS)
        if status is not None and not printed:
            printed = bytes(self._buffer) + process.last_output()
        situation = Situation.PROCESS_KILLED if status == -signal.SIGKILL else None
        evidence = Evidence(detail=process.last_words() or None, situation=situation)
        if status is None or process.exited is None:
            return Failure(Reason.CONNECTION_CLOSED, "the process closed its standard output", evidence=evidence)
        stdout = excerpt(printed.strip())
        further = (Evidence(detail=f"standard output: {stdout}"),) if stdout else ()
        return Failure(Reason.PROCESS_EXITED, process.exited, evidence=evidence, further=further)


def _answers_nothing(line: bytes) -> bool:
    """Whether a line that is no JSON-RPC message is an answer all the same, to nothing in particular."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("id") is None and "method" not in value and "result" in value
