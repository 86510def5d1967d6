"""The documents of Prometheus' file_sd and http_sd: a list of target groups, each with targets and labels.

    [{"targets": ["https://a.example.com/mcp", "10.0.0.7:8000"], "labels": {"team": "search"}}]

A target is a URL, or `host:port` as Prometheus has it: then the labels `__scheme__` and `__metrics_path__` make the
URL, `http` and `/mcp` where they are not given. The label `target` is the name. Other labels that begin with `__` are
left out.
Source: prometheus.io/docs/prometheus/latest/http_sd, and "file_sd_config".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prober.sources.found import Found, SourceError

_PATH: Final = "/mcp"


def take_groups(document: Any, found: Found, *, where: str) -> None:
    """Take all targets of a document in. Raises SourceError where it is no list of target groups."""
    if not isinstance(document, list):
        raise SourceError(f"{where}: expected a list of target groups, as Prometheus' file_sd and http_sd have it")
    for index, group in enumerate(document):
        if not isinstance(group, dict) or not isinstance(group.get("targets"), list):
            raise SourceError(f"{where}: [{index}]: expected targets, a list, and labels, a mapping")
        labels = _labels(group.get("labels"), found, f"{where}: [{index}]")
        for each in group["targets"]:
            if not isinstance(each, str):
                raise SourceError(f"{where}: [{index}]: expected a URL or host:port in targets")
            name = labels.get("target")
            found.add(
                _url(each, labels),
                name=name if name and len(group["targets"]) == 1 else None,
                labels={key: value for key, value in labels.items() if key != "target"},
            )


def _labels(given: Any, found: Found, shown: str) -> Mapping[str, str]:
    """The labels of a group, as texts. A list or a mapping is no value of a label."""
    labels: dict[str, str] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        if isinstance(value, str | int | float):
            labels[name] = str(value)
        else:
            found.leave_label_out(shown, name)
    return labels


def _url(target: str, labels: Mapping[str, str]) -> str:
    if "://" in target:
        return target
    path = labels.get("__metrics_path__") or _PATH
    return f"{labels.get('__scheme__') or 'http'}://{target}{path if path.startswith('/') else '/' + path}"
