"""daemon --no-schedule: /probe alone, for any number of replicas; nothing runs of itself and nothing looks stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.daemon.process import Running, daemon
from tests.daemon.watching import Page, api, metrics, status, until
from tests.sources.strangers import Strangers, strangers
from tests.web.prometheus import prometheus
from tests.web.test_prometheus import scraping


def fleet(folder: Path, there: Strangers, **probe: Any) -> Path:
    """Two targets of a file, each with the probe `echo`, that would be due every second."""
    groups = [
        {"targets": [f"{there.url}/one"], "labels": {"target": "one", "team": "search"}},
        {"targets": [f"{there.url}/two"], "labels": {"target": "two", "team": "billing"}},
    ]
    (folder / "groups.json").write_text(json.dumps(groups))
    call = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "interval": "1s", "timeout": "900ms"}
    file = folder / "probes.yaml"
    source = {"file": "groups.json", "target": {"protocol": "modern"}}
    template = {"for": {"source": "files"}, **call, **probe}
    file.write_text(json.dumps({"sources": {"files": source}, "probes": {"echo": template}}))
    return file


def known(running: Running) -> None:
    until(lambda: len(api(running, "targets")["targets"]) == 2 or None)


def test_it_is_ready_at_once_runs_what_is_asked_for_and_nothing_else(tmp_path: Path) -> None:
    with strangers() as there, daemon(fleet(tmp_path, there), "--no-schedule", history=True) as running:
        assert status(running, "-/ready") == (200, "ready\n")
        known(running)
        url = quote(f"{there.url}/one", safe="")
        for query in ("target=one&probe=one-echo", "target=one&module=echo", f"target={url}&module=echo"):
            assert Page(running.get(f"probe?{query}")).value("probe_success") == 1
        assert [*there.asked] == ["/one"]
        page = metrics(running)
        assert [each.name for each in page.samples if each.name.startswith(("mcp_probe_", "mcp_target_"))] == []
        assert page.value("mcp_prober_probes") == 0
        assert "No schedule." in running.get("")
        assert "late" not in running.get("targets/one").lower().split("<main")[1]
        [one, _] = api(running, "targets")["targets"]
        assert (one["verdict"], one["probes"][0]["next_due"]) == ("unknown", None)
        assert status(running, "-/reload", method="POST") == (200, "reloaded\n")
        assert Page(running.get("probe?target=two&module=echo")).value("probe_success") == 1


def test_a_target_that_is_not_of_the_configuration_is_never_asked(tmp_path: Path) -> None:
    with strangers() as there, daemon(fleet(tmp_path, there), "--no-schedule") as running:
        known(running)
        code, said = status(running, f"probe?target={quote(there.url + '/three', safe='')}&module=echo")
        assert (code, "no such target" in said) == (404, True)
        code, said = status(running, "probe?target=one&module=ecko")
        assert (code, "no such probe of one" in said) == (404, True)
        assert there.asked.total() == 0


@pytest.mark.external
async def test_a_real_prometheus_finds_the_fleet_and_each_target_is_probed_by_its_scrapes(tmp_path: Path) -> None:
    with strangers() as there, daemon(fleet(tmp_path, there, interval="2s"), "--no-schedule") as running:
        known(running)
        there.refusals["/two"] = (500, {})
        async with prometheus(scraping(running.url), tmp_path / "prometheus") as seen:
            truth = {
                frozenset({("target", "one"), ("team", "search")}): 1.0,
                frozenset({("target", "two"), ("team", "billing")}): 0.0,
            }
            await seen.until("probe_success", truth.__eq__, "target", "team")
            assert await seen.query('mcp_probe_success{job="prober"}') == {}
            reasons = await seen.query("mcp_probe_failure_info", "target", "reason")
            assert reasons == {frozenset({("target", "two"), ("reason", "server_error")}): 1.0}
