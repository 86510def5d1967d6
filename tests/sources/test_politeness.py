"""Servers of strangers: no more requests than allowed, no sooner than they ask for, by a prober that says who it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from prober import __version__
from prober.client.http.http_response import retry_after
from prober.config import ConfigError
from tests.daemon.process import Running, daemon
from tests.daemon.watching import api, metrics, runs, until
from tests.sources.making import source_of
from tests.sources.registry_double import Registry, serving
from tests.sources.strangers import strangers

CONTACT = "https://example.com/probes"


def configuration(folder: Path, registry: Registry, **source: Any) -> Path:
    """A probe a second for each server of the registry."""
    there = {"registry": registry.url, "allow_private": True, "target": {"protocol": "modern"}, **source}
    probe = {"for": {"source": "registry"}, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}}
    file = folder / "probes.yaml"
    probes = {"echo": {**probe, "interval": "1s", "timeout": "900ms"}}
    file.write_text(json.dumps({"sources": {"registry": there}, "probes": probes}))
    return file


def verdicts(running: Running) -> dict[str, tuple[str, str | None, str]]:
    """Verdict, reason and message of the one probe of each target."""
    found = {}
    for target in api(running, "targets")["targets"]:
        [probe] = target["probes"]
        found[target["target"]] = (probe["verdict"], probe["reason"], probe["message"] or "")
    return found


def test_a_host_gets_no_more_than_its_requests_over_all_targets(tmp_path: Path) -> None:
    with serving() as registry, strangers() as there:
        for number in range(20):
            registry.put(f"io.example/s{number:02}", f"{there.url}/{number}")
        file = configuration(tmp_path, registry, requests_per_host="5/m", contact=CONTACT)
        with daemon(file, environ={"XDG_STATE_HOME": str(tmp_path)}) as running:
            until(lambda: len(api(running, "targets")["targets"]) == 20 or None)
            until(lambda: sum(metrics(running).values("mcp_probe_runs_total", result="unknown")) >= 20 or None)
            refused = [text for verdict, _, text in verdicts(running).values() if verdict == "unknown"]
            assert any("the host's budget of 5/m requests" in text for text in refused)
        assert 1 <= there.asked.total() <= 5
        assert there.agents == {f"mcp-prober/{__version__} (+{CONTACT})"} == registry.agents


def test_a_server_that_asks_to_be_left_alone_is_and_one_that_wants_credentials_is_no_failure(tmp_path: Path) -> None:
    with serving() as registry, strangers() as there:
        there.refusals = {
            "/busy": (503, {"Retry_After": "3600"}),
            "/limited": (429, {"Retry_After": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}),
            "/members": (401, {"WWW_Authenticate": "Bearer"}),
            "/down": (503, {}),
        }
        for path in ("/busy", "/limited", "/members", "/down", "/well"):
            registry.put(f"io.example{path}", f"{there.url}{path}")
        file = configuration(tmp_path, registry)
        with daemon(file, environ={"XDG_STATE_HOME": str(tmp_path)}) as running:
            until(lambda: len(api(running, "targets")["targets"]) == 5 or None)
            until(lambda: runs(running, "io.example-well-echo") >= 4 or None)
            until(lambda: runs(running, "io.example-busy-echo") >= 4 or None)
            found = verdicts(running)
        assert there.asked["/busy"] == there.asked["/limited"] == 1
        assert found["io.example-busy"][:2] == found["io.example-limited"][:2] == ("unknown", "not_run")
        assert "asked by Retry-After to be left alone until" in found["io.example-busy"][2]
        assert found["io.example-members"][:2] == ("unknown", "unauthorized")
        assert found["io.example-members"][2].startswith("auth_required: HTTP 401")
        assert there.asked["/members"] >= 2
        assert found["io.example-down"][:2] == ("fail", "unavailable")
        assert found["io.example-well"][0] == "pass"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), (" 0 ", 0.0), ("9" * 40, 999_999_999.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(value: str, seconds: float) -> None:
    assert retry_after(value) == seconds


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "٣", "2015-10-21", "Wed, 99 Oct 99999 07:28:00 GMT"])
def test_what_is_neither_asks_for_nothing(value: str) -> None:
    assert retry_after(value) is None


@pytest.mark.parametrize("contact", ["a b", "x)", "ä@example.com", "a\\b"])
def test_a_contact_that_cannot_stand_in_a_header_is_a_mistake(contact: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ASCII"):
        source_of(tmp_path, registry="https://registry.example.com", contact=contact)
