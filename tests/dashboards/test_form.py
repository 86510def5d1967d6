"""The form of the dashboards: what the generator writes, what Grafana's own types allow, what a reader can rely on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from dashboards.generate.dashboards import DASHBOARDS, rendered
from dashboards.generate.language import FAMILIES, SHADES, by_shade
from prober.outcome import Phase, Reason, reason

from .reading import FOLDER, NAMES, dashboard, panels
from .schema import KEPT

SCHEMA: Final[dict[str, Any]] = json.loads(KEPT.read_text(encoding="utf-8"))
BRANCHES: Final[Mapping[str, Any]] = {
    branch["properties"]["type"]["const"]: branch for branch in SCHEMA["definitions"]["AnyPanel"]["anyOf"]
}
OVERRIDES: Final[Mapping[str, Mapping[str, Any]]] = {
    "color": {"$ref": "#/definitions/FieldColor"},
    "decimals": {"type": "number"},
    "displayName": {"type": "string"},
    "links": {"type": "array"},
    "mappings": {"type": "array", "items": {"$ref": "#/definitions/ValueMapping"}},
    "thresholds": {"$ref": "#/definitions/ThresholdsConfig"},
    "unit": {"type": "string"},
}
ALERTS: Final = FOLDER.parent / "alerts" / "rules"
DEPLOY: Final = FOLDER.parent / "deploy" / "grafana" / "provisioning"


def mistakes(value: object, schema: Mapping[str, Any]) -> list[str]:
    """What a part of the schema has to say against a value."""
    validator = jsonschema.Draft7Validator({**schema, "definitions": SCHEMA["definitions"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def test_the_committed_files_are_what_the_generator_writes() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(NAMES) == sorted(DASHBOARDS)
    for name in NAMES:
        written = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
        assert written == rendered(name), f"{name}.json is stale: run python -m dashboards.generate"


@pytest.mark.parametrize("name", NAMES)
def test_grafanas_own_types_allow_everything_around_the_panels(name: str) -> None:
    document = dashboard(name)
    rows = [{**panel, "panels": []} for panel in document["panels"] if panel["type"] == "row"]
    assert mistakes({**document, "panels": rows}, SCHEMA) == []


@pytest.mark.parametrize("name", NAMES)
def test_grafanas_own_types_allow_every_panel(name: str) -> None:
    found = {panel["title"]: mistakes(panel, BRANCHES[panel["type"]]) for panel in panels(dashboard(name))}
    assert {title: said for title, said in found.items() if said} == {}


@pytest.mark.parametrize("name", NAMES)
def test_grafanas_own_types_allow_every_override_of_a_field(name: str) -> None:
    found = []
    for panel in panels(dashboard(name)):
        defaults = BRANCHES[panel["type"]]["properties"]["fieldConfig"]["properties"]["defaults"]["properties"]
        known = {f"custom.{key}": schema for key, schema in defaults["custom"].get("properties", {}).items()}
        for override in panel["fieldConfig"]["overrides"]:
            for each in override["properties"]:
                schema = known.get(each["id"]) or OVERRIDES.get(each["id"])
                assert schema is not None, f"{panel['title']}: {each['id']} is no option of a field"
                found += [f"{panel['title']}: {said}" for said in mistakes(each["value"], schema)]
    assert found == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("type",), "timeserie"),
        (("fieldConfig", "defaults", "unitt"), "s"),
        (("fieldConfig", "defaults", "thresholds", "mode"), "absolut"),
        (("options", "legend", "placement"), "left"),
        (("targets", 0, "instant"), "true"),
    ],
)
def test_the_schema_sees_a_slip(path: tuple[str | int, ...], value: object) -> None:
    panel = next(panel for panel in panels(dashboard("fleet")) if panel["type"] == "timeseries")
    place: Any = panel
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert mistakes(panel, BRANCHES["timeseries"]) != []


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_says_what_it_shows_in_which_unit(name: str) -> None:
    for panel in panels(dashboard(name)):
        title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
        assert title, panel["id"]
        assert panel["description"].endswith("."), title
        assert defaults["unit"], title
        assert all(target["legendFormat"] for target in panel["targets"]), title


@pytest.mark.parametrize("name", NAMES)
def test_panels_fill_the_grid_and_do_not_overlap(name: str) -> None:
    document = dashboard(name)
    taken: set[tuple[int, int]] = set()
    ids = [panel["id"] for panel in (*document["panels"], *panels(document))]
    assert len({*ids}) == len([*panels(document)]) + sum(panel["type"] == "row" for panel in document["panels"])
    for panel in (*(each for each in document["panels"] if each["type"] == "row"), *panels(document)):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    height = max(y for _, y in taken) + 1
    assert len(taken) == 24 * height, "there are holes"


@pytest.mark.parametrize("name", NAMES)
def test_it_asks_for_its_data_source_when_it_is_imported_and_offers_all_of_them_at_the_top(
    name: str,
) -> None:
    document = dashboard(name)
    assert [(each["name"], each["type"], each["pluginId"]) for each in document["__inputs"]] == [
        ("DS_PROMETHEUS", "datasource", "prometheus")
    ]
    first = document["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    assert first["current"]["value"] == "${DS_PROMETHEUS}"
    everywhere = json.dumps({key: value for key, value in document.items() if key not in ("__inputs", "templating")})
    assert "${DS_PROMETHEUS}" not in everywhere
    sources = [each["datasource"] for each in (*panels(document), *document["annotations"]["list"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
    assert {each["id"] for each in document["__requires"] if each["type"] == "panel"} == {
        panel["type"] for panel in panels(document)
    }


def test_the_dashboards_link_to_each_other_and_keep_what_was_chosen() -> None:
    documents = {name: dashboard(name) for name in NAMES}
    uids = {document["uid"] for document in documents.values()}
    assert len(uids) == len(NAMES)
    for name, document in documents.items():
        others = document["links"][0]
        assert (others["type"], others["includeVars"], others["keepTime"]) == ("dashboards", True, True), name
        assert set(others["tags"]) <= set(document["tags"]), name
        for link in _data_links(document):
            if link.startswith("/d/"):
                assert link.split("?")[0].removeprefix("/d/") in uids, link


def _data_links(document: Mapping[str, Any]) -> list[str]:
    found = []
    for panel in panels(document):
        config = panel["fieldConfig"]
        links = [*config["defaults"]["links"]]
        for override in config["overrides"]:
            links += [link for each in override["properties"] if each["id"] == "links" for link in each["value"]]
        found += [link["url"] for link in links]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_cluster_and_job_choose_what_every_question_is_about(name: str) -> None:
    chosen = [variable["name"] for variable in dashboard(name)["templating"]["list"]]
    assert chosen[:2] == ["datasource", "cluster"]
    assert "job" in chosen
    for panel in panels(dashboard(name)):
        for target in panel["targets"]:
            assert 'cluster=~"$cluster"' in target["expr"], panel["title"]
            assert re.search(r'job=~"\$(server_)?job"', target["expr"]), panel["title"]


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_is_limited_by_those_before_it_and_used_by_a_question(name: str) -> None:
    document = dashboard(name)
    known: list[str] = []
    text = json.dumps({**document, "templating": {}})
    for variable in document["templating"]["list"]:
        words = json.dumps([variable.get("definition"), variable.get("datasource")])
        for other in document["templating"]["list"]:
            if f"${other['name']}" in words or f"${{{other['name']}}}" in words:
                assert other["name"] in known, f"{variable['name']} comes before {other['name']}"
        known.append(variable["name"])
        assert f"${variable['name']}" in text or f"${{{variable['name']}" in text, f"{variable['name']} is not used"


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_is_that_of_an_alert_and_hangs_on_a_panel_that_is_there(name: str) -> None:
    groups = [group for path in ALERTS.glob("*.yml") for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    built = DASHBOARDS[name]()
    assert set(built.runbooks) <= {panel["title"] for panel in panels(dashboard(name))}
    assert {alert for several in built.runbooks.values() for alert in several} <= alerts


def test_every_alert_has_a_panel_that_shows_why_it_fires() -> None:
    groups = [group for path in ALERTS.glob("*.yml") for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    shown = {alert for name in NAMES for several in DASHBOARDS[name]().runbooks.values() for alert in several}
    assert alerts - shown == set()


def test_every_reason_has_one_family_and_one_shade() -> None:
    all_of_them = [reason for reasons in FAMILIES.values() for reason in reasons]
    assert sorted(all_of_them) == sorted(Reason)
    assert set(SHADES) == set(FAMILIES)
    assert sorted(reason for _, reasons in by_shade() for reason in reasons) == sorted(all_of_them)


def test_every_colour_can_be_seen_on_a_panel() -> None:
    """Against the ground of Grafana's dark panels, as the accessibility guidelines want it of graphics."""
    text = "".join((FOLDER / f"{name}.json").read_text(encoding="utf-8") for name in NAMES)
    colours = set(re.findall(r'"(#[0-9A-F]{6})"', text))
    assert len(colours) > 30
    assert {colour for colour in colours if contrast(colour, "#181B1F") < 3} == set()


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_families_are_those_of_the_tree_of_reasons() -> None:
    tree = (reason.__doc__ or "").split("once:\n")[1].split('"The server could not be asked"')[0].split()
    families: dict[str, list[str]] = {}
    family = ""
    for word in tree:
        if word in FAMILIES and word not in list(Reason):
            family = word
        else:
            families.setdefault(family, []).append(word)
    assert {family: tuple(reasons) for family, reasons in families.items()} == FAMILIES


def test_every_phase_is_in_the_stack() -> None:
    stack = next(panel for panel in panels(dashboard("target")) if panel["title"] == "Phases of a run")
    assert [target["legendFormat"] for target in stack["targets"]] == list(Phase)


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.yml")), ids=lambda path: str(path.parent.name))
def test_the_provisioning_says_what_grafana_reads(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["apiVersion"] == 1
    if path.parent.name == "dashboards":
        (provider,) = document["providers"]
        assert provider["type"] == "file"
        assert Path(provider["options"]["path"]).is_absolute()
    else:
        (source,) = document["datasources"]
        assert source["type"] == "prometheus"
        assert source["isDefault"] is True
