"""The operator's own Alertmanager configuration in a drill: its routes, inhibitions and receivers, and real deliveries.

Beside each receiver's own integrations stands a webhook of the drill, so that the drill sees what each receiver gets.
What the file holds is never shown: it has secrets. Only names of receivers and integrations, and hosts, are.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from prober.drill import timescale
from prober.drill.processes import DrillError
from prober.files import read_bounded

MARK: Final = {"drill": "mcp-prober"}
"""The label of every alert that the drill's Prometheus sends to the operator's receivers."""
_MOST_BYTES: Final = 8 * 1024 * 1024
_MARK_TEXT: Final = "DRILL, nothing is wrong: "
_MARKED: Final = ("summary", "description")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """An integration of a receiver, such as `slack`, and the hosts that it contacts: its service, a proxy."""

    receiver: str
    integration: str
    """With its number among those of one kind: `slack[0]`."""
    hosts: tuple[str | None, ...]
    """None for one that is not known."""

    @property
    def is_here(self) -> bool:
        """Whether it is certain that this machine alone is contacted."""
        return all(map(_is_loopback, self.hosts))

    def __str__(self) -> str:
        return f"{self.receiver}: {self.integration} at {', '.join(host or 'its service' for host in self.hosts)}"


@dataclass(frozen=True, kw_only=True)
class _Address:
    """The keys that say where an integration sends to: in its own settings, then in `global`, then by default."""

    own: str
    general: str = ""
    default: str = ""


_ADDRESSES: Final[Mapping[str, _Address]] = {
    "webhook": _Address(own="url"),
    "slack": _Address(own="api_url", general="slack_api_url"),
    "pagerduty": _Address(own="url", general="pagerduty_url", default="https://events.pagerduty.com/v2/enqueue"),
    "email": _Address(own="smarthost", general="smtp_smarthost"),
    "opsgenie": _Address(own="api_url", general="opsgenie_api_url", default="https://api.opsgenie.com/"),
    "msteams": _Address(own="webhook_url"),
    "discord": _Address(own="webhook_url"),
}


@dataclass(frozen=True, kw_only=True)
class OwnRoutes:
    """The file, as parsed."""

    file: Path
    document: Mapping[str, Any]

    @classmethod
    def read(cls, file: Path) -> OwnRoutes:
        """Raises DrillError without a word of what the file holds."""
        try:
            document = yaml.safe_load(_text(file, pipes=True))
        except OSError as error:
            raise DrillError(f"{file} cannot be read: {error.strerror}") from None
        except Exception as error:  # PyYAML raises whatever its steps raise, as for !!int of a text
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            raise DrillError(f"{file}{line}: this is no YAML. `amtool check-config {file}` says more.") from None
        own = cls(file=file, document=document)
        with _in_shape(file):
            own.in_a_drill(speed=timescale.USUAL_SPEED, webhook="")
        return own

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Whom the receivers send to. Raises DrillError where that, or a file with an address, cannot be read."""
        with _in_shape(self.file):
            return tuple(self._destinations())

    def in_a_drill(self, *, speed: float, webhook: str) -> dict[str, Any]:
        """The configuration with the waits of its routes divided, and a webhook of the drill at each receiver."""
        document = _absolute(timescale.routes(self.document, speed), self.file.resolve().parent)
        document["receivers"] = [
            {
                **receiver,
                "webhook_configs": [
                    *(receiver.get("webhook_configs") or ()),
                    timescale.observer(webhook, receiver["name"]),
                ],
            }
            for receiver in document["receivers"]
        ]
        return document

    def _destinations(self) -> Iterator[Destination]:
        for receiver in self.document["receivers"]:
            for key, entries in receiver.items():
                if key.endswith("_configs"):
                    integration = key.removesuffix("_configs")
                    for number, entry in enumerate(entries or ()):
                        yield Destination(
                            receiver=receiver["name"],
                            integration=f"{integration}[{number}]",
                            hosts=tuple(self._hosts(receiver["name"], integration, entry)),
                        )

    def _hosts(self, receiver: str, integration: str, entry: Mapping[str, Any]) -> Iterator[str | None]:
        general = self.document.get("global") or {}
        address = _ADDRESSES.get(integration)
        if address is None:
            yield None
        else:
            places = ((entry, address.own), (general, address.general), ({"default": address.default}, "default"))
            yield next((_host(each) for place in places if (each := self._value(receiver, *place))), None)
        http = entry.get("http_config") or general.get("http_config") or {}
        for address_between in (http.get("proxy_url"), (http.get("oauth2") or {}).get("token_url")):
            if address_between:
                yield _host(address_between)

    def _value(self, receiver: str, settings: Mapping[str, Any], key: str) -> str | None:
        """What a key says, or the file that `KEY_file` names."""
        named = settings.get(f"{key}_file")
        if named is None:
            return str(settings.get(key) or "") or None
        path = self.file.resolve().parent / named
        try:
            text = _text(path).strip()
        except (OSError, UnicodeDecodeError):
            raise DrillError(
                f"{self.file}, receiver {receiver}: {key}_file names {path}, which cannot be read; nothing can be sent."
            ) from None
        return text


@contextmanager
def _in_shape(file: Path) -> Iterator[None]:
    """A value that is not what an Alertmanager wants in its place becomes a DrillError, which does not quote it."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise DrillError(
            f"{file}: this is no configuration of an Alertmanager, which has `route` and `receivers`."
            f" `amtool check-config {file}` says more."
        ) from None


def _text(file: Path, *, pipes: bool = False) -> str:
    content = read_bounded(file, most=_MOST_BYTES, pipes=pipes)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"larger than {_MOST_BYTES // 1024**2} MiB")
    return content.decode()


def marked(rules: Any) -> Any:
    """A rule file, as parsed, whose alerts say in their texts that they are a drill's."""
    if isinstance(rules, list):
        return [marked(each) for each in rules]
    if not isinstance(rules, Mapping):
        return rules
    return {
        key: {name: _MARK_TEXT * (name in _MARKED) + text for name, text in value.items()}
        if key == "annotations"
        else marked(value)
        for key, value in rules.items()
    }


def _absolute(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """With the files that it names beside it found from anywhere: the drill's copy lies in another folder."""

    def resolved(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: str(folder / each) if key.endswith("_file") and isinstance(each, str) else resolved(each)
                for key, each in value.items()
            }
        if isinstance(value, date):
            return value.isoformat()  # to the Alertmanager it is a text
        return [resolved(each) for each in value] if isinstance(value, list) else value

    done: dict[str, Any] = resolved(document)
    if document.get("templates"):
        done["templates"] = [str(folder / each) for each in document["templates"]]
    return done


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _host(address: str) -> str | None:
    """The host of a URL or of HOST:PORT; None for what is neither, which may be a secret in the wrong place."""
    is_url = "://" in address
    try:
        parts = urlsplit(address if is_url else f"//{address}")
        known = is_url or parts.port is not None
    except ValueError:
        return None
    return parts.hostname if known else None
