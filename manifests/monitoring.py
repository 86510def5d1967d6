"""Rules, dashboards and the scrape of the daemon, as objects of the Prometheus Operator and of Grafana's sidecar.

The text of the rules is theirs, comments too, further to the right; so is that of the dashboards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any, Final

import yaml

from dashboards.generate.dashboards import DASHBOARDS, rendered

_MADE: Final = "# Made by `python -m manifests` from {source}.\n"
_LABELS: Final = "  labels: {app.kubernetes.io/name: mcp-prober}\n"


def files(root: Path) -> Mapping[str, str]:
    """By their names; `kustomization.yaml` lists the others."""
    objects = dict(_objects(root))
    names = "".join(f"  - {name}\n" for name in sorted(objects))
    listed = (
        _MADE.format(source="what the files beside it are made of")
        + f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{names}"
    )
    return {"kustomization.yaml": listed, **objects}


def _objects(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((root / "alerts" / "rules").glob("*.yml")):
        yield f"rules-{path.stem}.yaml", _rules(path)
    for name in DASHBOARDS:
        yield f"dashboard-{name}.yaml", _dashboard(name)
    yield "service-monitor.yaml", _service_monitor(root / "deploy" / "prometheus.yml")


def _rules(path: Path) -> str:
    about, _, groups = path.read_text(encoding="utf-8").partition("groups:\n")
    return (
        _MADE.format(source=f"alerts/rules/{path.name}")
        + about
        + "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
        + f"metadata:\n  name: mcp-prober-{path.stem}\n{_LABELS}"
        + "spec:\n"
        + indent(f"groups:\n{groups}", "  ")
    )


def _dashboard(name: str) -> str:
    return (
        _MADE.format(source=f"what dashboards/{name}.json is made of")
        + "apiVersion: v1\nkind: ConfigMap\n"
        + f"metadata:\n  name: mcp-prober-dashboard-{name}\n  labels:\n    app.kubernetes.io/name: mcp-prober\n"
        + '    grafana_dashboard: "1"     # what the sidecar looks for\n'
        + "  annotations: {grafana_folder: MCP}\n"
        + f"data:\n  {name}.json: |\n"
        + indent(rendered(name), "    ")
    )


def _service_monitor(prometheus: Path) -> str:
    """As deploy/prometheus.yml scrapes it."""
    document = yaml.safe_load(prometheus.read_text(encoding="utf-8"))
    [job] = [job for job in document["scrape_configs"] if job["job_name"] == "mcp-prober"]
    endpoint: dict[str, Any] = {
        "port": "http",
        "interval": document["global"]["scrape_interval"],
        "honorLabels": job["honor_labels"],
    }
    spec = {
        "jobLabel": "app.kubernetes.io/name",
        "selector": {"matchLabels": {"app.kubernetes.io/name": job["job_name"]}},
        "endpoints": [endpoint],
    }
    return (
        _MADE.format(source="deploy/prometheus.yml")
        + "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\n"
        + f"metadata:\n  name: mcp-prober\n{_LABELS}"
        + yaml.safe_dump({"spec": spec}, sort_keys=False)
    )
