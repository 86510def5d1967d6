"""One reference server, whose faults are off again after each test, and probes of it in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.races.conftest import right, shared_reference
from tests.races.reference import Reference

__all__ = ["right", "shared_reference"]

TOKEN = "s3cr3t-t0ken"


@pytest.fixture
def probes(right: Reference, tmp_path: Path) -> Path:
    """A folder `probes`: two that pass, one whose answer quotes a secret, one that reaches nobody."""
    folder = tmp_path / "probes"
    folder.mkdir()
    sessions: dict[str, Any] = {"target": "reference", "kind": "call", "tool": "list_sessions"}
    session = {"target": "reference", "kind": "call", "tool": "get_session", "arguments": {"session_id": "${TOKEN}"}}
    reference = {
        "targets": {"reference": {"url": f"http://127.0.0.1:{right.port}/mcp", "headers": {"X-Key": "${TOKEN}"}}},
        "defaults": {"timeout": "5s"},
        "probes": {
            "hello": {"target": "reference", "kind": "handshake"},
            "sessions": sessions,
            "unknown-session": session,
        },
    }
    elsewhere = {
        "targets": {"nobody": {"url": "http://127.0.0.1:9/mcp"}},
        "probes": {"nobody-there": {"target": "nobody", "kind": "handshake"}},
    }
    (folder / "reference.yaml").write_text(json.dumps(reference, indent=1))
    (folder / "elsewhere.yaml").write_text(json.dumps(elsewhere, indent=1))
    return folder
