"""From a counter to the run that it counted: the id in an exemplar is one that the API takes."""

from __future__ import annotations

import json
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.daemon.process import daemon
from tests.daemon.watching import api, until

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def test_the_run_of_an_exemplar_is_found_in_the_api(tmp_path: Path) -> None:
    file = tmp_path / "probes.yaml"
    probe = {"target": "dead", "kind": "handshake", "interval": "1s", "timeout": "900ms"}
    file.write_text(json.dumps({"targets": {"dead": {"url": "http://127.0.0.1:9/mcp"}}, "probes": {"hello": probe}}))
    with daemon(file, "--history", tmp_path / "history.db", history=True) as running:

        def exemplar() -> str | None:
            page = running.get("metrics", OPENMETRICS)
            families = text_string_to_metric_families(page)  # type: ignore[no-untyped-call]
            samples = [sample for family in families for sample in family.samples]
            [counter] = [sample for sample in samples if sample.labels.get("result") == "no_answer"]
            return counter.exemplar.labels["run_id"] if counter.exemplar else None

        run_id = until(exemplar, "a run has failed")
        found = until(lambda: api(running, f"results?target=dead&probe=hello&since={run_id}")["results"])
        assert found[-1]["started_at"] == run_id
        assert (found[-1]["verdict"], found[-1]["reason"]) == ("fail", "connect_refused")
