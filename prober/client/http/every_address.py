"""The addresses of a target's name, and which of them this machine can reach at all."""

from __future__ import annotations

from prober.client.error_mapping import from_exception
from prober.client.exchange import ExchangeRecorder
from prober.client.http.addresses import has_way
from prober.client.http.http_client import place_of
from prober.client.http.resolver import resolve
from prober.config.model import Target
from prober.outcome import Phase


async def addresses_of(target: Target, recorder: ExchangeRecorder) -> tuple[list[str], list[str]]:
    """Those that this machine has a way to, and the others, each once. Raises Failure where the name has none."""
    host, port = place_of(target.url or "")
    recorder.enter(Phase.DNS)
    try:
        found = await resolve(host, port, on_starved=recorder.starve)
    except OSError as error:
        raise from_exception(error, recorder) or error from None
    ways = {str(address[4][0]): has_way(address) for address in found}
    return [each for each, way in ways.items() if way], [each for each, way in ways.items() if not way]
