"""Two daemons that share the probes of one configuration, each at a place of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import Page, api, metrics, status, until

NAMES = {f"probe-{n}" for n in range(40)}


@pytest.mark.slow
def test_every_probe_is_run_by_one_shard_and_every_metric_says_from_where(tmp_path: Path) -> None:
    with crowd() as port:
        targets = {f"target-{n}": {"url": f"http://127.0.0.1:{port}/ok/5", "protocol": "modern"} for n in range(4)}
        common = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "interval": "2s", "timeout": "2s"}
        probes = {name: {**common, "target": f"target-{int(name[6:]) % 4}"} for name in NAMES}
        file = tmp_path / "probes.yaml"
        file.write_text(json.dumps({"targets": targets, "probes": probes}))
        with (
            daemon(file, "--shard", "1/2", "--location", "fra-1") as first,
            daemon(file, "--shard", "2/2", "--location", "nyc.2") as second,
        ):
            pages = [_settled(running) for running in (first, second)]
            shares = [_probes(page) for page in pages]
            assert shares[0] | shares[1] == NAMES
            assert shares[0] & shares[1] == set()
            assert all(len(share) >= 10 for share in shares), "neither has nearly all of them"
            for number, page in enumerate(pages, start=1):
                assert (page.value("mcp_prober_shard"), page.value("mcp_prober_shards")) == (number, 2)
            for page, running, place in zip(pages, (first, second), ("fra-1", "nyc.2"), strict=True):
                assert {sample.labels.get("location") for sample in page.samples} == {place}
                assert page.value("mcp_prober_probes") == len(_probes(page))
                assert api(running, "targets")["location"] == place
            for running, mine in zip((first, second), shares, strict=True):
                assert {group["labels"]["probe"] for group in json.loads(running.get("sd"))} == mine
                theirs = min(NAMES - mine)
                assert status(running, f"probe?target={probes[theirs]['target']}&probe={theirs}")[0] == 404


def _probes(page: Page) -> set[str]:
    """Those that have run."""
    return {
        sample.labels["probe"]
        for sample in page.samples
        if sample.name == "mcp_probe_runs_total" and sample.labels["result"] == "pass" and sample.value
    }


def _settled(running: Running) -> Page:
    """The page once every probe of a daemon has run."""

    def look() -> Page | None:
        page = metrics(running)
        counts = page.values("mcp_probe_runs_total", result="pass")
        return page if min(counts) >= 1 else None

    return until(look, "every probe has run")
