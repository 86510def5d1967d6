"""What objects may be: schemas of Kubernetes and of the Prometheus Operator, neither with room for other fields.

`python -m tests.kubernetes.schemas FOLDER` makes operator.schemas.json of the folder with the Operator's definitions,
`example/prometheus-operator-crd` of its repository: names, types and patterns, without the prose.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jsonschema
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

KEPT: Final = Path(__file__).with_name("operator.schemas.json")
VERSIONS: Final = ("1.31", "1.34", "1.37")
"""Of Kubernetes: the first that the chart takes, and later ones."""
_OURS: Final = ("probes", "prometheusrules", "servicemonitors")
_PROSE: Final = ("description", "default", "x-kubernetes-validations")
_DEFINITIONS: Final = "/api/_definitions.json"


def mistakes(document: Mapping[str, Any]) -> list[str]:
    """What any version has to say against an object."""
    group, _, version = document["apiVersion"].rpartition("/")
    kind = document["kind"]
    if group == "monitoring.coreos.com":
        return _told(_operator(kind), document)
    name = "-".join(filter(None, (kind.lower(), group.partition(".")[0], version)))
    return [f"{each}: {told}" for each in VERSIONS for told in _told(_kubernetes(name, each), document)]


def _told(validator: jsonschema.protocols.Validator, document: Mapping[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]


@cache
def _operator(kind: str) -> jsonschema.protocols.Validator:
    return jsonschema.Draft7Validator(json.loads(KEPT.read_text(encoding="utf-8"))[kind])


@cache
def _kubernetes(name: str, version: str) -> jsonschema.protocols.Validator:
    schema = json.loads((_folder(version) / f"{name}.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema, registry=_definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    contents = json.loads((_folder(version) / "_definitions.json").read_text(encoding="utf-8"))
    crawled: Registry[Any] = Registry().with_resource(_DEFINITIONS, DRAFT202012.create_resource(contents)).crawl()
    return crawled


def _folder(version: str) -> Path:
    """The schemas that allow no other fields."""
    package = resources.files("kubernetes_validate")
    return Path(str(package)) / "kubernetes-json-schema" / f"v{version}.0-local-strict"


def made(folder: Path) -> str:
    """The schemas as they are kept, by kind."""
    kinds = {}
    for plural in _OURS:
        definition = yaml.safe_load((folder / f"monitoring.coreos.com_{plural}.yaml").read_text(encoding="utf-8"))[
            "spec"
        ]
        [version] = definition["versions"]
        schema = _plain(version["schema"]["openAPIV3Schema"])
        kind, name = definition["names"]["kind"], f"{definition['group']}/{version['name']}"
        schema["properties"] |= {"metadata": {"type": "object"}, "apiVersion": {"const": name}, "kind": {"const": kind}}
        schema["required"] = ["apiVersion", "kind", "metadata", "spec"]
        kinds[kind] = schema
    lines = ",\n".join(f" {json.dumps(kind)}: {json.dumps(kinds[kind], sort_keys=True)}" for kind in sorted(kinds))
    return f"{{\n{lines}\n}}\n"


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    plain = {
        key: {name: _plain(inner) for name, inner in value.items()} if key == "properties" else _plain(value)
        for key, value in schema.items()
        if key not in _PROSE and not (key == "pattern" and "(?" in value)  # Go's flags, which Python has elsewhere
    }
    if "properties" in plain:
        plain.setdefault("additionalProperties", False)
    return plain


if __name__ == "__main__":
    KEPT.write_text(made(Path(sys.argv[1])), encoding="utf-8")
