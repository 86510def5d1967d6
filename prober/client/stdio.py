"""stdio: one JSON-RPC message a line, to a child process and back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any, Final

from prober.client.exchange import ExchangeRecorder
from prober.client.jsonrpc import Message, decode, encode, is_answer, is_server_request, reply_to, result_of
from prober.client.oauth import TokenSource
from prober.client.process import Process
from prober.config.model import Target
from prober.outcome import Evidence, Failure, Phase, Reason

_LAST_WORDS: Final = 0.5
"""Seconds that a process which closed its output has to exit, so that its status can be told."""

_TURN: Final = 64
"""Lines after which the event loop has its turn: there may be thousands of them in one chunk."""


class StdioTransport:
    """One conversation with one child process."""

    certificate_expiry = None
    opens = True
    closes = True

    def __init__(self, target: Target):
        self._target = target
        self._limit = target.limits.line
        self._process: Process | None = None
        self._buffer = bytearray()
        self._scanned = 0
        self._given_up: set[int] = set()

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        raise NotImplementedError("stdio has no place for a token; the configuration refuses one")

    def authorize(self, token: str) -> None:
        raise NotImplementedError("stdio has no place for a token; the configuration refuses one")

    async def open(self, recorder: ExchangeRecorder) -> None:
        recorder.enter(Phase.SPAWN)
        env = {name: value.reveal() for name, value in self._target.env.items()}
        self._process = Process.start(self._target.command, env=env, cwd=self._target.cwd)
        recorder.enter(None)

    async def request(
        self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> dict[str, Any]:
        try:
            return await self._answer(message, recorder)
        except asyncio.CancelledError:
            self._given_up.add(message["id"])
            raise

    async def _answer(self, message: Message, recorder: ExchangeRecorder) -> dict[str, Any]:
        await self._send(message, recorder)
        recorder.enter(Phase.WAIT)
        for count in itertools.count(1):
            line = await self._line(recorder)
            recorder.enter(None)
            if count % _TURN == 0:
                await asyncio.sleep(0)
            if line.strip():
                received = decode(line, limit=self._limit)
                if is_answer(received) and not self._comes_too_late(received):
                    return result_of(received, request_id=message["id"])
                if is_server_request(received):
                    await self._send(reply_to(received, amid=message), recorder)
            recorder.enter(Phase.RECEIVE)
        raise AssertionError("counting has no end")

    def _comes_too_late(self, answer: Message) -> bool:
        """Whether it is for a request that nobody waits for any more."""
        return type(answer.get("id")) is int and answer["id"] in self._given_up

    async def notify(self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder) -> None:
        await self._send(message, recorder)

    async def close(self, *, headers: Mapping[str, str], recorder: ExchangeRecorder, grace: float) -> None:
        if self._process is not None and not await self._process.leave(grace):
            raise Failure(Reason.TIMEOUT, "the process did not exit when its standard input was closed; it was stopped")

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
                raise await self._gone(self._process)
            if recorder.phase is Phase.WAIT:
                recorder.enter(Phase.RECEIVE)
            recorder.saw(chunk)
            self._buffer += chunk

    async def _gone(self, process: Process) -> Failure:
        status = await process.exit_status(_LAST_WORDS)
        evidence = Evidence(detail=process.last_words() or None)
        if status is None:
            return Failure(Reason.CONNECTION_CLOSED, "the process closed its standard output", evidence=evidence)
        how = f"with status {status}" if status >= 0 else f"by signal {-status}"
        return Failure(Reason.PROCESS_EXITED, f"the process exited {how}", evidence=evidence)
