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
from prober.target.knowledge import knowledge_of
from prober.target.session import Session
before = set(sys.modules)
knowledge_of(Target(name="t", transport=sys.argv[1]))
known = set(sys.modules)
from prober.target.wires import wire_for
wire_for(Target(name="t", transport=sys.argv[1], url="http://127.0.0.1:9/mcp", command=("true",)))
print(json.dumps([sorted(before), sorted(known - before), sorted(set(sys.modules) - known)]))
"""


@pytest.mark.parametrize(
    ("transport", "needs", "does_without"),
    [
        ("stdio", {"prober.target.stdio", "prober.target.process"}, {"httpx", "httpcore", "prober.target.client"}),
        ("http", {"prober.target.http", "httpx", "httpcore"}, {"prober.target.legacy", "prober.target.process"}),
        ("sse", {"prober.target.legacy", "httpx", "httpcore"}, {"prober.target.http", "prober.target.process"}),
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
