"""The answer to an HTTP request, its body not yet read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from functools import cached_property

import httpcore


class Response:
    """What is asked of an answer, straight from httpcore: httpx's own class costs every run a twentieth of its CPU."""

    def __init__(self, response: httpcore.Response):
        self._response = response
        self.status_code = response.status

    @property
    def reason_phrase(self) -> str:
        """The words beside the status; servers may leave them out."""
        phrase: bytes = self._response.extensions.get("reason_phrase", b"")
        return phrase.decode("ascii", "ignore")

    @property
    def http_version(self) -> str:
        """Such as `HTTP/1.1`."""
        version: bytes = self._response.extensions.get("http_version", b"")
        return version.decode("ascii", "ignore")

    @property
    def tls_version(self) -> str | None:
        """Such as `TLSv1.3`; None without TLS."""
        stream = self._response.extensions.get("network_stream")
        encrypted = stream.get_extra_info("ssl_object") if stream is not None else None
        return None if encrypted is None else encrypted.version()

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """By name in lower case; the values of a name that stands several times are joined by commas (RFC 9110 5.3)."""
        joined: dict[str, str] = {}
        for raw_name, raw_value in self._response.headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    async def aiter_raw(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes, with whatever encoding it has; the connection is given back at its end."""
        stream = self._response.stream
        assert isinstance(stream, AsyncIterable)
        async with aclosing(aiter(stream)) as chunks:  # type: ignore[type-var] # a generator, though typed less
            async for chunk in chunks:
                yield chunk
        await self.aclose()

    async def aclose(self) -> None:
        await self._response.aclose()
