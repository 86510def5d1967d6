"""What the Prometheus Operator makes of a Probe by the documentation of its API: a job of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.kubernetes.objects import Object


def configuration(probes: Iterable[Object], address: str, *, shard: int = 0, shards: int = 1) -> dict[str, Any]:
    """Of one of several Prometheus servers, in a world where the probers' service is at `address`."""
    jobs = [_job(probe, address, shard, shards) for probe in probes]
    return {"global": {"scrape_interval": "30s", "external_labels": {"shard": str(shard)}}, "scrape_configs": jobs}


def _job(probe: Object, address: str, shard: int, shards: int) -> dict[str, Any]:
    name, specification = probe["metadata"]["name"], probe["spec"]
    given = specification["targets"]["staticConfig"]
    return {
        "job_name": f"probe/mcp-prober/{name}",
        "metrics_path": specification["prober"]["path"],
        "params": {"module": [specification["module"]]},
        "scrape_interval": specification["interval"],
        "scrape_timeout": specification["scrapeTimeout"],
        "static_configs": [{"targets": given["static"], "labels": {"namespace": "mcp-prober", **given["labels"]}}],
        "relabel_configs": [
            {"target_label": "job", "replacement": specification["jobName"]},
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": address},
            {
                "source_labels": ["__param_target"],
                "target_label": "__tmp_hash",
                "modulus": shards,
                "action": "hashmod",
            },
            {"source_labels": ["__tmp_hash"], "regex": str(shard), "action": "keep"},
        ],
        "metric_relabel_configs": specification["metricRelabelings"],
    }
