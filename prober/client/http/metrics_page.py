"""One GET of a page of metrics, at an address that the operator wrote."""

from __future__ import annotations

from typing import Final

from prober.client.exchange import ExchangeLog
from prober.client.http.http_client import HttpClient
from prober.client.http.http_response import note_head, read_body, refuse_status
from prober.client.http.stranger import without_credentials
from prober.config.model import Target
from prober.outcome import Failure

TEXT: Final = "text/plain;version=0.0.4"
OPENMETRICS: Final = "application/openmetrics-text;version=1.0.0"

STEP: Final = "metrics"


async def metrics_page(target: Target, url: str, *, log: ExchangeLog, accept: str = TEXT) -> tuple[bytes, str]:
    """The body and the content type. Raises Failure.

    The trust, proxy and limits of the target hold here too. Its credentials are not sent, for the page may be on
    another host, and to another origin no client certificate; redirects are not followed.
    """
    client = HttpClient(without_credentials(target, url))
    try:
        with log.exchange(STEP) as recorder:
            async with client.send("GET", url, headers={"Accept": accept}, recorder=recorder) as response:
                note_head(response, recorder)
                await refuse_status(response, recorder, request_id=None)
                body = await read_body(response, target.limits, recorder)
                return body, response.headers.get("content-type", "")
    except Failure as failure:
        failure.step = STEP
        raise
    finally:
        await client.aclose()
