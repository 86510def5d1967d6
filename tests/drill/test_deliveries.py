"""A drill through an operator's own routes: real notifications in each service's own format, and what was refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.alerts.mailbox import mailbox
from tests.alerts.receivers import receivers
from tests.alerts.rules import ALERTS
from tests.drill.command import drill
from tests.peers.tls import server_context
from tests.programs import program

pytestmark = [pytest.mark.external, pytest.mark.clock, pytest.mark.slow]

SECONDS: Final = 900.0
KEYS: Final = {"pagerduty-routing-key": "a-key-of-pagerduty", "smtp-password": "a-password", "webhook-token": "a-token"}


async def test_each_receiver_gets_what_its_routes_say_marked_as_a_drill_and_what_fails_is_named(tmp_path: Path) -> None:
    for name in ("prometheus", "prometheus-alertmanager"):
        program(name)
    home, folder = tmp_path / "home", tmp_path / "drill"
    (home / "secrets").mkdir(parents=True)
    folder.mkdir()
    with receivers() as services, mailbox(server_context("good")) as mails:
        text, hook = (ALERTS / "alertmanager.yml").read_text(encoding="utf-8").split("- name: hook\n")
        text = f"{text}- name: hook\n{hook.replace('# ', '')}"
        for old, new in (
            ("/etc/alertmanager/", ""),
            ("https://events.pagerduty.com", "http://127.0.0.1:9"),  # nobody listens there
            ("http://127.0.0.1:9000", services.url),
            ("mail.example.com:587", mails.address),
        ):
            text = text.replace(old, new)
        (home / "alertmanager.yml").write_text(text, encoding="utf-8")
        for name, key in {**KEYS, "slack-webhook-url": f"{services.url}/services/a-key-of-slack"}.items():
            (home / "secrets" / name).write_text(f"{key}\n")
        words = ("--alertmanager-config", str(home / "alertmanager.yml"), "--output", "json")
        async with drill(*words, folder=folder, seconds=SECONDS) as drilling:
            done = await drilling.ended()
    assert done.code == 1, done.err  # the page could not be delivered
    assert done.faults.keys() == {"http-503", "schema-drift"}
    assert all(fault["as_expected"] for fault in done.faults.values()), done.out
    told = {(each["receiver"], each["integration"]): each for each in json.loads(done.out)["deliveries"]}
    assert told["page", "pagerduty[0]"]["sent"] == 0
    assert told["page", "pagerduty[0]"]["failed"] > 0
    assert told["page", "pagerduty[0]"]["why"] == "connection refused"
    assert told["page", "slack[0]"]["sent"] >= 2
    assert told["chat", "slack[0]"]["sent"] >= 2
    assert told["mail", "email[0]"]["sent"] == 0  # nothing in this drill is for the digest
    chats = services.documents("/services/a-key-of-slack")
    assert any(chat["attachments"][0]["title"].startswith("DRILL, nothing is wrong: ") for chat in chats)
    hooks = services.posted_to("/alerts")
    assert {alert["labels"]["drill"] for hook in hooks for alert in hook.document["alerts"]} == {"mcp-prober"}
    assert {hook.authorization for hook in hooks} == {"Bearer a-token"}
    assert {hook.document["status"] for hook in hooks} == {"firing", "resolved"}
    for key in (*KEYS.values(), "a-key-of-slack"):
        assert key not in done.out + done.err
