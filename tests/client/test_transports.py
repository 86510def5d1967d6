"""What a transport takes is imported for the targets that want it, and before any of their runs begins."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

import pytest

KNOWN: Final = """
import json, sys
from prober.config.model import Target
from prober.client.target_cache import cache_of
from prober.client.session import Session
before = set(sys.modules)
cache_of(Target(name="t", transport=sys.argv[1]))
known = set(sys.modules)
from prober.client.stdio.startup import Startup
from prober.client.transports import transport_for
startup = Startup(1, on_start=lambda: None, on_answer=lambda: None)
transport_for(Target(name="t", transport=sys.argv[1], url="http://127.0.0.1:9/mcp", command=("true",)), startup)
print(json.dumps([sorted(before), sorted(known - before), sorted(set(sys.modules) - known)]))
"""


@pytest.mark.parametrize(
    ("transport", "needs", "does_without"),
    [
        (
            "stdio",
            {"prober.client.stdio.stdio_transport", "prober.client.stdio.process"},
            {"httpx", "httpcore", "prober.client.http.http_client"},
        ),
        (
            "http",
            {"prober.client.http.streamable_http", "httpx", "httpcore"},
            {"prober.client.http.http_sse", "prober.client.stdio.process"},
        ),
        (
            "sse",
            {"prober.client.http.http_sse", "httpx", "httpcore"},
            {"prober.client.http.streamable_http", "prober.client.stdio.process"},
        ),
    ],
)
def test_a_target_that_is_known_has_its_transport_and_no_other(
    transport: str, needs: set[str], does_without: set[str]
) -> None:
    said = subprocess.run([sys.executable, "-c", KNOWN, transport], capture_output=True, text=True, check=True).stdout
    before, when_known, afterwards = map(set, json.loads(said))
    assert needs <= when_known
    assert does_without & (before | when_known | afterwards) == set()
    assert not any(name.startswith(("prober", "http")) for name in afterwards)
