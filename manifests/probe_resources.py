"""A Probe of the Prometheus Operator for each probe that a scrape may run: what /sd says to any other Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from prober.config.fields.units import show_duration
from prober.config.model import Probe
from prober.loader import load
from prober.web.service_discovery import scrape_timeout

ADDRESS: Final = "mcp-prober.mcp-prober.svc:9733"
JOB: Final = "mcp-probe"
"""One for all, so that rules see the locations of a probe side by side."""


def file(configuration: Path) -> str:
    """The resources for a configuration, which needs no variables."""
    config = load([configuration], environ={})
    wanted = [probe for probe in config.probes.values() if probe.enabled and not probe.cron and not probe.allow_writes]
    about = (
        "# Made by `python -m manifests` from base/probes.yaml. Write one for each probe of yours, or use the chart.\n"
    )
    return about + "---\n".join(yaml.safe_dump(_resource(probe), sort_keys=False) for probe in wanted)


def _resource(probe: Probe) -> Mapping[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Probe",
        "metadata": {"name": f"mcp-prober-{probe.name}", "labels": {"app.kubernetes.io/name": "mcp-prober"}},
        "spec": {
            "jobName": JOB,
            "prober": {"url": ADDRESS, "path": "/probe"},
            "module": probe.name,
            "interval": show_duration(probe.interval),
            "scrapeTimeout": show_duration(scrape_timeout(probe)),
            "targets": {
                "staticConfig": {
                    "static": [probe.target],
                    "labels": {"target": probe.target, "probe": probe.name, "kind": probe.kind},
                }
            },
            "metricRelabelings": [{"action": "labeldrop", "regex": "exported_(target|probe)"}],
        },
    }
