"""The operator's own Alertmanager configuration: whom it would reach, what is kept of it, and that its secrets stay."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from prober.drill import DrillError, OwnRoutes
from prober.drill.deliveries import deliveries
from prober.drill.own_routes import marked
from tests.cli.command import quickly
from tests.programs import said

SECRET: Final = "T0KEN-that-nobody-may-see"


def own(folder: Path, *receivers: dict[str, Any], **general: Any) -> OwnRoutes:
    """Routes to the first of these receivers."""
    file = folder / "alertmanager.yml"
    document = {"global": general, "route": {"receiver": receivers[0]["name"]}, "receivers": list(receivers)}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return OwnRoutes.read(file)


DESTINATIONS: Final[tuple[tuple[dict[str, Any], dict[str, Any], str, bool], ...]] = (
    ({"webhook_configs": [{"url": f"http://127.0.0.1:9000/{SECRET}"}]}, {}, "webhook[0] at 127.0.0.1", True),
    ({"webhook_configs": [{"url": "http://localhost:9000/"}]}, {}, "webhook[0] at localhost", True),
    ({"webhook_configs": [{"url": "http://[::1]:9000/"}]}, {}, "webhook[0] at ::1", True),
    ({"webhook_configs": [{"url": "http://127.0.0.1.example.com/"}]}, {}, "webhook[0] at 127.0.0.1.example.com", False),
    (
        {"webhook_configs": [{"url": f"https://u:{SECRET}@hooks.example.com/"}]},
        {},
        "webhook[0] at hooks.example.com",
        False,
    ),
    (
        {"slack_configs": [{"channel": "#a"}]},
        {"slack_api_url": "https://hooks.slack.com/x"},
        "slack[0] at hooks.slack.com",
        False,
    ),
    ({"slack_configs": [{"api_url_file": "slack"}]}, {}, "slack[0] at slack.example.com", False),
    ({"pagerduty_configs": [{"routing_key": SECRET}]}, {}, "pagerduty[0] at events.pagerduty.com", False),
    ({"pagerduty_configs": [{"url": "http://127.0.0.1:1/"}]}, {}, "pagerduty[0] at 127.0.0.1", True),
    ({"email_configs": [{"to": "a@b"}]}, {"smtp_smarthost": "localhost:25"}, "email[0] at localhost", True),
    ({"email_configs": [{"to": "a@b", "smarthost": "mail.example.com:25"}]}, {}, "email[0] at mail.example.com", False),
    ({"slack_configs": [{"api_url": SECRET}]}, {}, "slack[0] at its service", False),
    ({"email_configs": [{"to": "a@b", "smarthost": f"u:{SECRET}@127.0.0.1:25"}]}, {}, "email[0] at 127.0.0.1", True),
    ({"telegram_configs": [{"bot_token": SECRET}]}, {}, "telegram[0] at its service", False),
    (
        {"webhook_configs": [{"url": "http://127.0.0.1/", "http_config": {"proxy_url": "http://proxy.example.com"}}]},
        {},
        "webhook[0] at 127.0.0.1, proxy.example.com",
        False,
    ),
)


@pytest.mark.parametrize(("receiver", "general", "words", "here"), DESTINATIONS)
def test_whom_a_receiver_reaches_is_known_without_its_secrets(
    tmp_path: Path, receiver: dict[str, Any], general: dict[str, Any], words: str, here: bool
) -> None:
    (tmp_path / "slack").write_text(f"https://slack.example.com/services/{SECRET}\n")
    (destination,) = own(tmp_path, {"name": "team", **receiver}, **general).destinations
    assert (str(destination), destination.is_here) == (f"team: {words}", here)
    assert SECRET not in repr(destination)


RIGHT: Final = "route: {receiver: a}\nreceivers:\n  - name: a\n"
UNREADABLE: Final = (
    (f"route: {{receiver: {SECRET}\nreceivers: [", "line 2: this is no YAML"),
    (f"- {SECRET}\n", "this is no configuration of an Alertmanager, which has `route` and `receivers`"),
    ("receivers: []\n", "this is no configuration of an Alertmanager"),
    (f"{RIGHT}x: !!int {SECRET}\n", "this is no YAML"),
    (f"{RIGHT}x: !!float {SECRET}\n", "this is no YAML"),
    (f"{RIGHT}x: !!timestamp {SECRET}\n", "this is no YAML"),
    (f"{RIGHT}x: !!bool {SECRET}\n", "this is no YAML"),
    (f"{RIGHT}x: 2026-99-99\n", "this is no YAML"),
    (f"{RIGHT}x: {'[' * 2000}\n", "this is no YAML"),
    (f"{RIGHT}x: &a [*a]\n", "this is no configuration"),
    (f"route: {SECRET}\nreceivers: []\n", "this is no configuration"),
    (f"route: {{group_wait: {SECRET}}}\nreceivers: []\n", "this is no configuration"),
    (f"route: {{routes: [{SECRET}]}}\nreceivers: []\n", "this is no configuration"),
    (f"route: {{receiver: a}}\nreceivers: [{SECRET}]\n", "this is no configuration"),
    (f"route: {{receiver: a}}\nreceivers: [{{key: {SECRET}}}]\n", "this is no configuration"),
    (f"{RIGHT}    slack_configs: {SECRET}\n", "this is no configuration"),
    (f"{RIGHT}    slack_configs: [{SECRET}]\n", "this is no configuration"),
    (f"{RIGHT}    slack_configs: [{{http_config: {SECRET}}}]\n", "this is no configuration"),
    (f"{RIGHT}global: {SECRET}\n", "this is no configuration"),
)


@pytest.mark.parametrize(("text", "words"), UNREADABLE)
def test_what_is_no_configuration_is_refused_without_being_quoted(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(text)
    with pytest.raises(DrillError) as refused:
        _ = OwnRoutes.read(file).destinations
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_date_in_the_file_is_text_to_the_alertmanager(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text("route: {receiver: a, matchers: [since=2026-01-31], x: 2026-01-31}\nreceivers: [{name: a}]\n")
    made = OwnRoutes.read(file).in_a_drill(speed=60, webhook="http://127.0.0.1:1")
    assert json.loads(json.dumps(made))["route"]["x"] == "2026-01-31"


def test_a_file_that_an_address_is_to_be_read_from_and_is_not_there_is_named(tmp_path: Path) -> None:
    routes = own(tmp_path, {"name": "team", "slack_configs": [{"api_url_file": "secrets/slack"}]})
    with pytest.raises(DrillError, match=r"receiver team: api_url_file names .*/secrets/slack, which cannot be read"):
        _ = routes.destinations
    (tmp_path / "secrets").mkdir()
    os.mkfifo(tmp_path / "secrets" / "slack")  # never waited for
    with pytest.raises(DrillError, match=r"receiver team: api_url_file names .*/secrets/slack, which cannot be read"):
        _ = routes.destinations


def test_routes_are_quicker_and_receivers_stay_with_a_webhook_of_the_drill_beside_them(tmp_path: Path) -> None:
    hook = {"url": "http://127.0.0.1:9000/", "http_config": {"authorization": {"credentials_file": "secrets/token"}}}
    routes = own(tmp_path, {"name": "team a/b", "webhook_configs": [hook]}, {"name": "nobody"})
    routes.document["route"]["routes"] = [{"receiver": "nobody", "group_wait": "1h"}]
    document = routes.in_a_drill(speed=60, webhook="http://127.0.0.1:1")
    assert document["route"] == {
        "receiver": "team a/b",
        "group_wait": "500ms",
        "group_interval": "5s",
        "repeat_interval": "240s",
        "routes": [{"receiver": "nobody", "group_wait": "60s"}],
    }
    (mine, observer), (alone,) = (receiver["webhook_configs"] for receiver in document["receivers"])
    assert mine["http_config"]["authorization"] == {"credentials_file": str(tmp_path / "secrets/token")}
    assert (observer["url"], alone["url"]) == ("http://127.0.0.1:1/team%20a%2Fb", "http://127.0.0.1:1/nobody")


@pytest.mark.external
def test_an_alertmanager_accepts_what_a_drill_makes_of_the_shipped_file(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("slack-webhook-url", "pagerduty-routing-key", "smtp-password", "webhook-token"):
        (secrets / name).write_text("http://127.0.0.1:1/x")
    shipped = (Path(__file__).parents[2] / "alerts" / "alertmanager.yml").read_text()
    (tmp_path / "alertmanager.yml").write_text(shipped.replace("/etc/alertmanager/", ""))
    made = OwnRoutes.read(tmp_path / "alertmanager.yml").in_a_drill(speed=60, webhook="http://127.0.0.1:1")
    (tmp_path / "made.yml").write_text(json.dumps(made))
    assert "SUCCESS" in said("amtool", "check-config", tmp_path / "made.yml")


def test_every_text_of_an_alert_says_that_it_is_a_drill() -> None:
    rules = {"groups": [{"rules": [{"alert": "A", "annotations": {"summary": "down", "runbook_url": "a.md"}}]}]}
    (group,) = marked(rules)["groups"]
    assert group["rules"][0]["annotations"] == {"summary": "DRILL, nothing is wrong: down", "runbook_url": "a.md"}


SENT: Final = 'msg="Notify success" attempts=1'
FAILED: Final = 'msg="Notify attempt failed, will retry later"'
REFUSED: Final = "notify retry canceled due to unrecoverable error after 1 attempts"
LOG: Final = "\n".join(
    f"ts=1 level=debug component=dispatcher receiver={words}"
    for words in (
        f"page integration=slack[0] {SENT}",
        f'page integration=pagerduty[0] {FAILED} err="status code 403: {SECRET}"',
        f'x msg="Notify for alerts failed" num_alerts=1 err="the team/email[0]: {REFUSED}: status code 535: {SECRET};'
        f' page/webhook[0]: {REFUSED}: received an error response from Slack: {SECRET}"',
        f'"the team" integration=webhook[0] {SENT}',
        f'"the team" integration=webhook[1] {FAILED} err="connection refused"',
    )
)


def test_what_was_delivered_is_read_from_the_log_and_nothing_is_quoted(tmp_path: Path) -> None:
    here = {"url": "http://127.0.0.1:1/"}
    routes = own(
        tmp_path,
        {"name": "page", "slack_configs": [{"api_url": "http://127.0.0.1"}], "pagerduty_configs": [here]},
        {
            "name": "the team",
            "webhook_configs": [here, here],
            "email_configs": [{"to": "a", "smarthost": "localhost:1"}],
        },
    )
    found = deliveries(routes.destinations, LOG)
    assert [(each.sent, each.failed, each.why) for each in found] == [
        (0, 1, "status 403"),
        (1, 0, None),
        (0, 1, "status 535"),
        (1, 0, None),
        (0, 1, "connection refused"),
    ]
    assert found[0].trouble == "page: pagerduty[0] at 127.0.0.1: 1 failed (status 403)"
    assert SECRET not in repr(found)


async def test_nobody_beyond_this_machine_is_contacted_without_a_word_that_allows_it(tmp_path: Path) -> None:
    file = own(tmp_path, {"name": "page", "pagerduty_configs": [{"routing_key": SECRET}]}).file
    done = await quickly("drill", "--alertmanager-config", str(file))
    assert (done.code, done.out) == (2, "")
    assert "page: pagerduty[0] at events.pagerduty.com" in done.err
    assert "Nothing was started. If that is meant, add --deliver-outside." in done.err
    assert SECRET not in done.err


async def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    done = await quickly("drill", "--alertmanager-config", str(tmp_path / "none.yml"))
    assert (done.code, done.out) == (2, "")
    assert "none.yml cannot be read: No such file or directory" in done.err
