"""What the environment says of the export, in the variables that every OpenTelemetry SDK reads.

The SDK reads most of them itself: endpoints, headers, timeouts, samplers, resource attributes. Here is what it does
not read, or reads without an error: a mistake must not end as data that silently go nowhere.

Source: OpenTelemetry specification, "Environment Variable Specification" and "OTLP Exporter Configuration".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from prober.client.exchange import Address

_PROTOCOL: Final = "http/protobuf"
_DEFAULT_ENDPOINT: Final = "http://localhost:4318"


class OtelError(Exception):
    """OpenTelemetry was asked for and cannot be had; the text says what to change."""


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What to send."""

    spans: bool
    metrics: bool


def signals(environ: Mapping[str, str]) -> Signals:
    """Raises OtelError for a variable that asks for something that is not to be had here."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Signals(spans=False, metrics=False)
    return Signals(spans=_wanted(environ, "TRACES"), metrics=_wanted(environ, "METRICS"))


def _wanted(environ: Mapping[str, str], signal: str) -> bool:
    name = f"OTEL_{signal}_EXPORTER"
    exporter = environ.get(name, "").strip() or "otlp"
    if exporter == "none":
        return False
    if exporter != "otlp":
        raise OtelError(f"{name}={exporter}: write otlp, or none to send nothing of the kind")
    name, protocol = _either(environ, signal, "PROTOCOL")
    if protocol and protocol != _PROTOCOL:
        raise OtelError(f"{name}={protocol}: only {_PROTOCOL} is spoken here; its usual port is 4318")
    name, endpoint = _either(environ, signal, "ENDPOINT")
    if endpoint and not _is_url(endpoint):
        raise OtelError(f"{name}: this is no URL; write one, as in http://127.0.0.1:4318")
    return True


def endpoint(environ: Mapping[str, str], signal: str) -> str:
    """Where a signal goes, as it may be shown: without what may be secret."""
    url = _either(environ, signal, "ENDPOINT")[1] or _DEFAULT_ENDPOINT
    return str(Address.of(url)) if _is_url(url) else url


def header_values(environ: Mapping[str, str]) -> list[str]:
    """All that headers of exports may hold, for it to be masked: whole variables, and what stands behind each `=`."""
    written = [value for name, value in environ.items() if name.startswith("OTEL_EXPORTER_OTLP_") and "HEADERS" in name]
    pairs = [pair.partition("=")[2].strip() for value in written for pair in value.split(",")]
    return [value for value in (*written, *pairs, *map(unquote, pairs)) if value]


def _either(environ: Mapping[str, str], signal: str, what: str) -> tuple[str, str]:
    """Name and value of the variable that counts: the signal's own before the common one."""
    own, common = f"OTEL_EXPORTER_OTLP_{signal}_{what}", f"OTEL_EXPORTER_OTLP_{what}"
    name = own if environ.get(own, "").strip() else common
    return name, environ.get(name, "").strip()


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
