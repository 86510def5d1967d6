"""The objects of each shape, by kustomize and by Helm: known to Kubernetes, safe by default, the same both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
import yaml

from prober.cli import app
from prober.config.fields.units import parse_duration
from prober.loader import load
from prober.schedule import Shard
from tests.kubernetes.objects import (
    CHART,
    EXAMPLE,
    FOLDER,
    WAYS,
    Object,
    container,
    objects,
    of_kind,
    pod,
    read,
    templated,
)
from tests.kubernetes.programs import ran, said
from tests.kubernetes.schemas import mistakes
from tests.web.asking import asking
from tests.web.house import dead, house

pytestmark = pytest.mark.external


@pytest.mark.parametrize("way", WAYS)
def test_kubernetes_knows_every_field_of_every_object(way: str) -> None:
    found = objects(way)
    assert {f"{each['kind']} {each['metadata']['name']}": mistakes(each) for each in found} == {
        f"{each['kind']} {each['metadata']['name']}": [] for each in found
    }
    assert len(found) > 15


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "template", "spec", "containers", 0, "readonlyRootFilesystem"), True),
        ("Deployment", ("spec", "replicas"), "two"),
        ("Probe", ("spec", "intervall"), "5s"),
        ("Probe", ("spec", "interval"), "5 s"),
        ("PrometheusRule", ("spec", "groups", 0, "rules", 0, "four"), "3m"),
    ],
)
def test_what_they_do_not_know_is_seen(kind: str, path: tuple[str | int, ...], value: Any) -> None:
    document = json.loads(json.dumps(of_kind(objects("kustomize stateless"), kind)[0]))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert str(path[-1]) in str(mistakes(document))


@pytest.mark.parametrize("way", WAYS)
def test_a_pod_may_do_nothing_that_it_need_not(way: str) -> None:
    """What the level `restricted` of Pod Security asks for, and more."""
    found = objects(way)
    assert pod(found)["automountServiceAccountToken"] is False
    assert pod(found)["securityContext"].items() >= {"runAsNonRoot": True, "runAsUser": 10733}.items()
    assert pod(found)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(found)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container(found)["resources"].keys() == {"requests", "limits"}
    assert {mount["mountPath"] for mount in container(found)["volumeMounts"] if not mount.get("readOnly")} == {
        "/var/lib/mcp-prober",
        "/tmp",
    }
    for text in ("USER prober", "uid 10733", "STATE_DIRECTORY=/var/lib/mcp-prober"):
        assert text in (FOLDER.parent / "Containerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("way", WAYS)
def test_prometheus_alone_comes_in_and_no_credentials_of_the_machine_go_out(way: str) -> None:
    [policy] = of_kind(objects(way), "NetworkPolicy")
    specification = policy["spec"]
    assert specification["policyTypes"] == ["Ingress", "Egress"]
    [door] = specification["ingress"]
    assert door["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    _, everywhere = specification["egress"]
    assert "169.254.0.0/16" in everywhere["to"][0]["ipBlock"]["except"]
    [service] = of_kind(objects(way), "Service")
    [workload] = of_kind(objects(way), "Deployment", "StatefulSet")
    labels = workload["spec"]["template"]["metadata"]["labels"]
    for selector in (specification["podSelector"]["matchLabels"], service["spec"]["selector"]):
        assert selector.items() <= labels.items()


@pytest.mark.parametrize("way", WAYS)
async def test_the_kubelet_asks_what_the_daemon_answers(way: str, tmp_path: Path) -> None:
    only = container(objects(way))
    assert only["ports"] == [{"name": "http", "containerPort": 9733}]
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        for name in ("readinessProbe", "livenessProbe", "startupProbe"):
            asked = only[name]["httpGet"]
            assert asked["port"] == "http"
            assert (await client.get(asked["path"])).status_code == 200, name


@pytest.mark.parametrize("way", WAYS)
def test_its_options_are_options_of_the_daemon(way: str) -> None:
    arguments = container(objects(way))["args"]
    assert arguments[:4] == ["daemon", "/etc/mcp-prober", "--listen", "0.0.0.0:9733"]
    known = {option for each in typer.main.get_command(app).commands["daemon"].params for option in each.opts}  # type: ignore[attr-defined]
    assert {word for word in arguments if word.startswith("--")} <= known


@pytest.mark.parametrize("way", [way for way in WAYS if "sharded" in way])
def test_the_pods_of_a_set_are_its_shards(way: str) -> None:
    """By the label that Kubernetes gives each: its ordinal, from where the set begins to count."""
    [workload] = of_kind(objects(way), "StatefulSet")
    only = container(objects(way))
    [ordinal] = only["env"]
    assert ordinal["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.labels['apps.kubernetes.io/pod-index']"
    option = only["args"][only["args"].index("--shard") + 1]
    first, count = workload["spec"]["ordinals"]["start"], workload["spec"]["replicas"]
    shards = [Shard.parse(option.replace("$(ORDINAL)", str(first + number))) for number in range(count)]
    assert [(shard.index, shard.count) for shard in shards] == [(number + 1, count) for number in range(count)]
    with pytest.raises(ValueError, match="expected a shard"):
        Shard.parse(option.replace("$(ORDINAL)", str(first + count)))


def test_kustomize_counts_the_shards_by_the_number_of_pods(tmp_path: Path) -> None:
    for name in ("base", "sharded"):
        (tmp_path / name).mkdir()
        for path in (FOLDER / name).iterdir():
            (tmp_path / name / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "sharded" / "statefulset.yaml"
    file.write_text(re.sub(r"(?m)^  replicas: 2", "  replicas: 7", file.read_text(encoding="utf-8")), encoding="utf-8")
    (tmp_path / "chart" / "monitoring").mkdir(parents=True)
    (tmp_path / "chart/monitoring/kustomization.yaml").write_text("resources: []\n", encoding="utf-8")
    assert "$(ORDINAL)/7" in container(read(said("kubectl", "kustomize", tmp_path / "sharded")))["args"]


@pytest.mark.parametrize("way", WAYS)
def test_the_configuration_is_the_file_as_it_was_written(way: str) -> None:
    [name] = [each["configMap"]["name"] for each in pod(objects(way))["volumes"] if "configMap" in each]
    [made] = [each for each in of_kind(objects(way), "ConfigMap") if each["metadata"]["name"] == name]
    assert made["data"] == {"probes.yaml": EXAMPLE.read_text(encoding="utf-8")}


def test_a_mounted_configuration_is_read_once(tmp_path: Path) -> None:
    """The kubelet lays files into a folder of its own, and links to them."""
    (tmp_path / "..2026_01_01").mkdir()
    (tmp_path / "..2026_01_01" / "probes.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "..data").symlink_to("..2026_01_01")
    (tmp_path / "probes.yaml").symlink_to("..data/probes.yaml")
    assert load([tmp_path], environ={}).probes.keys() == {"notes-reachable", "notes-catalog"}


@pytest.mark.parametrize("shape", ["stateless", "sharded"])
def test_helm_and_kustomize_make_the_same(shape: str) -> None:
    ours, theirs = (_named(objects(f"{way} {shape}")) for way in ("kustomize", "helm"))
    assert ours.pop("Namespace mcp-prober")
    assert ours.keys() == theirs.keys()
    for name, document in ours.items():
        assert document == theirs[name], name


_HELMS: Final = (
    "app.kubernetes.io/instance",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
)


def _named(found: tuple[Object, ...]) -> dict[str, Any]:
    """By kind and name, without what each way adds: labels of a release, hashes, other spellings of a duration."""
    text = re.sub(r"mcp-prober-[0-9a-z]{10}(?=\")", "mcp-prober", json.dumps(found))
    return {f"{each['kind']} {each['metadata']['name']}": _plain(each) for each in json.loads(text)}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    left = {key: _plain(inner) for key, inner in value.items() if key not in _HELMS}
    for key in ("interval", "scrapeTimeout"):
        if isinstance(left.get(key), str):
            left[key] = parse_duration(left[key])
    for key in ("annotations", "optional", "imagePullPolicy"):
        left.pop(key, None)
    return left


def test_helm_finds_nothing_to_complain_of() -> None:
    for shape in ("stateless", "sharded"):
        told = said("helm", "lint", "--strict", CHART, "--set", f"shape={shape}", "--set-file", f"config={EXAMPLE}")
        assert "0 chart(s) failed" in told


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "name the file of your targets and probes: --set-file config=probes.yaml"),
        (["--set", "config=targets: ["], "config: error converting YAML"),
        (["--set", "config=probes: {on: {}}"], "config: Helm reads the name `on` or `off`"),
        (["--set", "shape=other"], "at '/shape': value must be one of 'stateless', 'sharded'"),
        (["--set", "replica=3"], "additional properties 'replica' not allowed"),
        (["--set", "operator.rules={target}"], "at '/operator/rules/0'"),
    ],
)
def test_helm_refuses_values_that_mean_nothing(options: list[str], why: str) -> None:
    done = ran("helm", "template", "mcp-prober", CHART, *options)
    assert done.returncode != 0
    assert why in done.stderr


FLEET: Final = """
defaults: {interval: 1m30s, timeout: 500ms}
targets:
  notes: {url: "http://notes.example/mcp", labels: {team: search}}
  files: {command: [server], enabled: false}
probes:
  Deep_Look: {target: notes, kind: catalog}
  slow: {target: notes, kind: handshake, interval: 30s, timeout: 30s}
  nightly: {target: notes, kind: catalog, cron: "0 3 * * *"}
  writing: {target: notes, kind: call, tool: write, allow_writes: true}
  stopped: {target: notes, kind: handshake, enabled: false}
  absent: {target: files, kind: handshake}
"""


def test_the_chart_has_a_probe_for_each_that_a_scrape_may_run_and_names_the_others(tmp_path: Path) -> None:
    file = tmp_path / "probes.yaml"
    file.write_text(FLEET, encoding="utf-8")
    options = ["--set-file", f"config={file}", "--set", "location=fra,operator.labels.release=kps"]
    deep, slow = of_kind(templated(*options, release="edge"), "Probe")
    assert [mistakes(each) for each in (deep, slow)] == [[], []]
    assert (deep["metadata"]["name"], deep["metadata"]["labels"]["release"]) == ("edge-mcp-prober-deep-look", "kps")
    assert (deep["spec"]["module"], deep["spec"]["prober"]["url"]) == (
        "Deep_Look",
        "edge-mcp-prober.mcp-prober.svc:9733",
    )
    assert (deep["spec"]["interval"], deep["spec"]["scrapeTimeout"]) == ("90000ms", "1500ms")
    assert (slow["spec"]["interval"], slow["spec"]["scrapeTimeout"]) == ("30000ms", "30000ms")
    labels = {"team": "search", "target": "notes", "probe": "Deep_Look", "kind": "catalog", "location": "fra"}
    assert deep["spec"]["targets"]["staticConfig"] == {"static": ["notes"], "labels": labels}
    told = said("helm", "install", "edge", CHART, "--dry-run=client", *options)
    assert "Nothing runs these: absent, nightly, stopped, writing." in told


def test_links_of_alerts_begin_with_the_addresses_that_are_given() -> None:
    links = {
        "runbooks": "https://wiki.example/mcp/",
        "prober": "https://prober.example",
        "grafana": "https://graf.example",
    }
    given = ",".join(f"operator.links.{name}={url}" for name, url in links.items())
    found = of_kind(templated("--set", given, "--set-file", f"config={EXAMPLE}"), "PrometheusRule")
    annotations = [
        rule["annotations"]
        for each in found
        for group in each["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert len(annotations) > 30
    for each in annotations:
        assert each["runbook_url"].startswith("https://wiki.example/mcp/runbooks/Mcp")
        assert each.get("page", "https://prober.example/").startswith("https://prober.example/")
        assert each.get("dashboard", "https://graf.example/").startswith("https://graf.example/")


def test_numbers_and_words_of_a_configuration_reach_the_pod_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "probes.yaml"
    file.write_text("probes: {p: {target: t, kind: call, arguments: {n: 9007199254740993}}}\n", encoding="utf-8")
    [made, *_] = of_kind(templated("--set-file", f"config={file}", "--set", "dashboards.enabled=false"), "ConfigMap")
    assert yaml.safe_dump(made["data"]["probes.yaml"]) == yaml.safe_dump(file.read_text(encoding="utf-8"))
