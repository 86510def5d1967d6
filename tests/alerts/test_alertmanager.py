"""The Alertmanager configuration: accepted, routed as its table says, silencing what is told already."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
import yaml

from tests.programs import program, said
from tests.real.process import free_port, running
from tests.waiting import block_until

from .rules import ALERTING, ALERTS

pytestmark = pytest.mark.external

CONFIGURATION: Final = ALERTS / "alertmanager.yml"
PATIENCE: Final = 15.0
"""Seconds for what was posted to be taken in."""


def test_alertmanager_accepts_the_configuration() -> None:
    assert "SUCCESS" in said("amtool", "check-config", CONFIGURATION)


def test_secrets_are_read_from_files_alone() -> None:
    text = CONFIGURATION.read_text()
    keys = {
        key
        for key in re.findall(r"^\s*(?:# +)?-? ?(\w+):", text, re.MULTILINE)
        if re.search("key|passw|api|token|cred", key)
    }
    assert keys == {"slack_api_url_file", "smtp_auth_password_file", "routing_key_file", "credentials_file"}


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=McpTargetDown severity=critical target=notes", "hook,page"),
        ("alertname=McpTooSlow severity=warning target=notes probe=search", "hook,chat"),
        ("alertname=McpContractChanged severity=info target=notes probe=catalog", "hook,mail"),
        ("alertname=McpProberAbsent severity=critical", "hook,page"),
        ("alertname=McpProberLate severity=warning job=mcp-prober instance=prober:9733", "hook,chat"),
        ("alertname=McpStateBreakerOpen severity=critical job=reference dependency=redis", "hook,page"),
        ("alertname=McpStatePoolExhausted severity=warning job=reference store=redis", "hook,chat"),
        ("alertname=McpLogWriteConflicts severity=warning job=mtail tool=advance_workflow", "hook,chat"),
        ("alertname=Watchdog severity=info job=other", "mail"),
        ("alertname=Elsewhere severity=warning", "chat"),
    ],
)
def test_an_alert_reaches_those_whom_its_severity_calls(labels: str, receivers: str) -> None:
    answer = said("amtool", "config", "routes", "test", f"--config.file={CONFIGURATION}", *labels.split())
    assert answer.strip() == receivers


def test_a_target_makes_one_notification_for_whatever_reasons() -> None:
    route = yaml.safe_load(CONFIGURATION.read_text())["route"]
    assert route["group_by"] == ["cluster", "job", "target"]
    [without_target] = [each for each in route["routes"] if each.get("matchers") == ['target=""']]
    assert without_target["group_by"] == ["cluster", "job"]


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real one with the inhibitions of the configuration, and a receiver that goes nowhere."""
    folder = tmp_path_factory.mktemp("alertmanager")
    inhibitions = yaml.safe_load(CONFIGURATION.read_text())["inhibit_rules"]
    quiet = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}], "inhibit_rules": inhibitions}
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(quiet))
    port = free_port()
    command = (
        program("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with running(command, port=port, log=folder / "log"):
        yield f"http://127.0.0.1:{port}/api/v2/alerts"


def _post(url: str, alerts: Sequence[Mapping[str, str]], **times: str) -> None:
    body = json.dumps([{"labels": labels, **times} for labels in alerts]).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=5):
        pass


def _inhibited(url: str, run: str) -> dict[str, bool]:
    with urllib.request.urlopen(f"{url}?filter=run%3D{run}", timeout=5) as answer:
        alerts: list[dict[str, Any]] = json.load(answer)
    return {alert["labels"]["alertname"]: bool(alert["status"]["inhibitedBy"]) for alert in alerts}


NOTES: Final = {"job": "mcp-prober", "target": "notes"}
SEARCH: Final = {**NOTES, "probe": "search"}
ELSEWHERE: Final = {**SEARCH, "cluster": "green"}
"""The same in another cluster."""


@pytest.mark.parametrize(
    ("source", "about", "silenced", "heard"),
    [
        (
            "McpTargetDown",
            NOTES,
            [("McpWrongAnswer", SEARCH), ("McpSloBurnFast", NOTES), ("McpSlowAgainstBudget", SEARCH)],
            [
                ("McpRaceViolation", SEARCH),
                ("McpProbeFailing", {"job": "mcp-prober", "target": "files", "probe": "read"}),
                ("McpTokenRejected", ELSEWHERE),
                ("McpProberLate", {}),
            ],
        ),
        (
            "McpTokenRejected",
            NOTES,
            [("McpProbeFailing", SEARCH), ("McpMixedFailures", SEARCH), ("McpSloBurn", NOTES)],
            [("McpCertificateExpires", NOTES), ("McpWrongAnswer", {"target": "files", "probe": "read"})],
        ),
        (
            "McpProbeFailing",
            {**NOTES, "probe": "catalog"},
            [("McpTooSlow", SEARCH), ("McpSloBurnFast", NOTES)],
            [("McpWrongAnswer", SEARCH), ("McpSlowAgainstBudget", ELSEWHERE), ("McpRateLimited", NOTES)],
        ),
        (
            "McpProberSuspectsItself",
            {"job": "mcp-prober", "instance": "prober:9733"},
            [("McpTargetDown", NOTES), ("McpRaceViolation", SEARCH)],
            [
                ("McpWrongAnswer", ELSEWHERE),
                ("McpTargetDownFromLocation", {"target": "files", "location": "fra"}),
                ("McpStateBreakerOpen", {"job": "reference"}),
            ],
        ),
        (
            "McpProberSuspectsItself",
            {"job": "mcp-prober", "instance": "prober:9733", "location": "fra"},
            [("McpTargetDownFromLocation", NOTES | {"location": "fra"})],
            [("McpWrongAnswer", SEARCH), ("McpRateLimited", NOTES)],
        ),
        ("McpProberAbsent", {}, [("McpTargetDown", NOTES)], [("McpStateBreakerOpen", {"job": "reference"})]),
        ("McpProberAbsent", {"job": "mcp-prober"}, [], [("McpTargetDown", NOTES)]),
        (
            "McpWrongAnswer",
            SEARCH,
            [("McpSlowAgainstBudget", SEARCH), ("McpSloBurnFast", NOTES)],
            [
                ("McpTooSlow", {"job": "mcp-prober", "target": "notes", "probe": "read"}),
                ("McpCertificateExpires", NOTES),
            ],
        ),
        (
            "McpStateBreakerOpen",
            {"job": "reference", "instance": "a:8080"},
            [],
            [("McpStateWritesFail", {"job": "reference", "instance": "b:8080"})],
        ),
        ("McpSloBurnFast", NOTES, [("McpSloBurn", NOTES), ("McpSloBurnSlow", NOTES)], [("McpProbeNotRun", SEARCH)]),
        ("McpCertificateExpiresSoon", NOTES, [("McpCertificateExpires", NOTES)], [("McpRateLimited", NOTES)]),
        (
            "McpTooSlow",
            SEARCH,
            [("McpSlowAgainstBudget", SEARCH), ("McpSloBurnFast", NOTES)],
            [("McpCertificateExpires", NOTES)],
        ),
        (
            "McpStateBreakerOpen",
            {"job": "reference", "instance": "a:8080"},
            [
                ("McpStatePoolExhausted", {"job": "reference"}),
                ("McpStateWritesFail", {"job": "reference", "instance": "a:8080"}),
            ],
            [("McpStateLockWaitHigh", {"job": "other"}), ("McpProberLate", {"job": "reference"})],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_told_already_silences_what_follows_from_it(
    alertmanager: str,
    request: pytest.FixtureRequest,
    source: str,
    about: dict[str, str],
    silenced: list[tuple[str, dict[str, str]]],
    heard: list[tuple[str, dict[str, str]]],
) -> None:
    run = f"case-{abs(hash(request.node.name))}"
    alerts = [
        {**labels, "alertname": name, "severity": ALERTING[name]["labels"]["severity"], "run": run}
        for name, labels in [(source, about), *silenced, *heard]
    ]
    expected = {source: False} | {name: True for name, _ in silenced} | {name: False for name, _ in heard}
    _post(alertmanager, alerts)
    try:
        block_until(
            lambda: _inhibited(alertmanager, run) == expected,
            lambda: f"{_inhibited(alertmanager, run)}, not {expected}",
            seconds=PATIENCE,
            pause=0.02,
        )
    finally:
        _post(alertmanager, alerts, endsAt="2000-01-01T00:00:01Z", startsAt="2000-01-01T00:00:00Z")
