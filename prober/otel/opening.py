"""Opens what the environment asks for. The SDK is imported only here, and only then."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from prober.otel.environment import OtelError, signals

if TYPE_CHECKING:
    from prober.otel.telemetry import Telemetry


def open_telemetry(*, location: str | None = None, on_trouble: Callable[[str | None], None]) -> Telemetry | None:
    """None where the environment wants nothing sent. `on_trouble` is called in threads of the SDK.

    Raises:
        OtelError: the extra is not installed, or a variable says something that cannot be done.
    """
    wanted = signals(os.environ)
    if not (wanted.spans or wanted.metrics):
        return None
    try:
        from prober.otel.telemetry import Telemetry
    except ImportError as error:
        raise OtelError(
            f"OpenTelemetry is an extra ({error.name} is missing): pip install 'mcp-prober[otel]'"
        ) from None
    return Telemetry.of(wanted, location=location, on_trouble=on_trouble)
