"""The objects that a cluster would get, from an overlay of kustomize or from the chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.kubernetes.programs import said

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "kubernetes"
CHART: Final = FOLDER / "chart"
EXAMPLE: Final = FOLDER / "base" / "probes.yaml"
SHAPES: Final = ("stateless", "sharded")
WAYS: Final = tuple(f"{way} {shape}" for shape in SHAPES for way in ("kustomize", "helm"))

Object = Mapping[str, Any]


@cache
def objects(way: str) -> tuple[Object, ...]:
    """Those of a way of `WAYS`, by an example that is the same for all."""
    how, shape = way.split()
    if how == "kustomize":
        return read(said("kubectl", "kustomize", FOLDER / shape))
    return templated("--set", f"shape={shape}", "--set", "secretName=mcp-prober", "--set-file", f"config={EXAMPLE}")


def templated(*options: str, release: str = "mcp-prober") -> tuple[Object, ...]:
    """The chart as a release would be."""
    return read(said("helm", "template", release, CHART, "--namespace", "mcp-prober", *options))


def read(text: str) -> tuple[Object, ...]:
    return tuple(document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document)


def of_kind(found: Iterable[Object], *kinds: str) -> list[Object]:
    return [each for each in found if each["kind"] in kinds]


def pod(found: Iterable[Object]) -> Mapping[str, Any]:
    """The specification of the pods."""
    [workload] = of_kind(found, "Deployment", "StatefulSet")
    specification: Mapping[str, Any] = workload["spec"]["template"]["spec"]
    return specification


def container(found: Iterable[Object]) -> Mapping[str, Any]:
    [only] = pod(found)["containers"]
    specification: Mapping[str, Any] = only
    return specification
