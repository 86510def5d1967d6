"""What goes to the process of the official client and comes back, as JSON: neither can make the other run code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from prober.config.fields.secret import Secret
from prober.config.model import Limits, Target, Tls

NOT_IN_TIME: Final = "it did not finish in time"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A server to look at within so many seconds."""

    target: Target
    token: str | None
    seconds: float

    def encode(self) -> bytes:
        """With its secrets in plain text: for the pipe to a process of our own."""
        target = self.target
        document = {
            "name": target.name,
            "url": target.url,
            "transport": target.transport,
            "protocol": target.protocol,
            "command": target.command,
            "cwd": target.cwd and str(target.cwd),
            "env": _revealed(target.env),
            "headers": _revealed(target.headers),
            "proxy": target.proxy and target.proxy.reveal(),
            "tls": {name: path and str(path) for name, path in asdict(target.tls).items()},
            "limits": asdict(target.limits),
        }
        return json.dumps({"target": document, "token": self.token, "seconds": self.seconds}).encode()

    @classmethod
    def decode(cls, content: bytes) -> Request:
        document: dict[str, Any] = json.loads(content)
        target = document["target"]
        target = Target(
            name=target["name"],
            url=target["url"],
            transport=target["transport"],
            protocol=target["protocol"],
            command=tuple(target["command"]),
            cwd=_path(target["cwd"]),
            env=_secret(target["env"]),
            headers=_secret(target["headers"]),
            proxy=target["proxy"] and Secret(target["proxy"]),
            tls=Tls(**{name: _path(path) for name, path in target["tls"].items()}),
            limits=Limits(**target["limits"]),
        )
        return cls(target=target, token=document["token"], seconds=document["seconds"])


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the official client has against the server, in words that may hold secrets."""

    against: str | None
    in_time: bool
    spent: bool
    """Whether the process ends now: it has become too large."""

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, content: bytes) -> Reply:
        return cls(**json.loads(content))


def _revealed(secrets: Mapping[str, Secret]) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in secrets.items()}


def _secret(texts: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(text) for name, text in texts.items()}


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
