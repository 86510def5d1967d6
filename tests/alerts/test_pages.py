"""pages.md, what is paged for each trouble: complete, and good. And what is made of notifications to write it."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

import httpx
import pytest

from tests.alerts.pages.document import FILE
from tests.alerts.pages.front import Front
from tests.alerts.pages.pages import Heard, Played, heard, owner, strays
from tests.alerts.pages.troubles import FAULTS_PLAYED, TROUBLES, Trouble
from tests.alerts.receivers import Posted, receivers
from tests.alerts.rules import ALERTING

BY_NAME: Final = {trouble.name: trouble for trouble in TROUBLES}
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in FILE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| (?!trouble|-)", line)
]


def test_every_fault_of_the_reference_server_is_a_trouble_and_every_trouble_a_row() -> None:
    assert set(FAULTS_PLAYED) <= set(BY_NAME)
    assert [row[0] for row in ROWS] == list(BY_NAME)


def test_alerts_that_troubles_should_raise_are_those_that_ship() -> None:
    expected = {name for trouble in TROUBLES for names in trouble.hears.values() for name in names}
    assert expected <= set(ALERTING)


def test_the_measured_table_has_one_page_for_each_trouble_and_none_that_is_false() -> None:
    for name, alerts, _, page, chat, over, _, text in ROWS:
        hears = BY_NAME[name].hears
        assert page.split()[0] == str(int("page" in hears)), name
        assert chat.split()[0] == str(int("chat" in hears)), name
        assert sorted(alerts.split(", ")) == sorted({alert for several in hears.values() for alert in several}), name
        assert over != "not over", name
        assert "**" not in text, name
    assert "Alerts that belong to none of these troubles: none." in FILE.read_text(encoding="utf-8")


TROUBLE: Final = BY_NAME["http-503"]
SLOW: Final = BY_NAME["slow"]
PLAYED: Final = Played(
    trouble=TROUBLE, began=1000.0, ended=1100.0, passes={("fault-http-503", "a"): [900.0, 1102.0, 1104.0]}
)
OVER: Final = "1970-01-01T00:18:30Z"


def post(receiver: str, status: str, at: float, *alerts: str, target: str = "fault-http-503") -> Posted:
    """A notification of one group."""
    document = {
        "status": status,
        "groupKey": f"{receiver}:{target}",
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": name, "target": target},
                "annotations": {"summary": f"{target} {name}"},
                "endsAt": OVER if status == "resolved" else "0001-01-01T00:00:00Z",
            }
            for name in alerts
        ],
    }
    return Posted(path=f"/{receiver}", document=document, authorization=None, at=at)


def told(*posts: Posted, played: Played = PLAYED) -> Heard:
    """At a speed of 10."""
    return heard(played, posts, speed=10, round_seconds=30)


FIRED: Final = post("page", "firing", 1010.0, "McpTargetDown")
RESOLVED: Final = post("page", "resolved", 1120.0, "McpTargetDown")


def test_one_page_that_is_resolved_is_as_it_should_be() -> None:
    row = told(FIRED, RESOLVED, post("hook", "firing", 1010.0, "McpTargetDown"))
    assert row.wrong == ()
    assert (row.first_seconds, row.over_seconds, row.notified_seconds) == (100, 100, 200)
    assert row.rounds == pytest.approx((1110 - 1102) * 10 / 30)
    assert (row.incidents, row.messages) == ({"page": 1}, {"page": 1})
    assert row.text == "fault-http-503 McpTargetDown"


WRONG: Final[tuple[tuple[tuple[Posted, ...], str], ...]] = (
    ((), "page: nothing instead of McpTargetDown"),
    ((FIRED,), "not resolved"),
    ((FIRED, RESOLVED, FIRED, RESOLVED), "page: notified 2 times"),
    ((FIRED, RESOLVED, post("chat", "firing", 1011.0, "McpTooSlow")), "chat: McpTooSlow instead of nothing"),
    (
        (post("page", "firing", 1010.0, "McpTargetDown", "McpSloBurnFast"), RESOLVED),
        "page: McpSloBurnFast, McpTargetDown instead of McpTargetDown",
    ),
)


@pytest.mark.parametrize(("posts", "wrong"), WRONG)
def test_whatever_is_not_one_page_is_said(posts: tuple[Posted, ...], wrong: str) -> None:
    assert wrong in told(*posts).wrong


def test_a_group_that_grows_is_one_incident_and_two_messages() -> None:
    row = told(FIRED, post("page", "firing", 1020.0, "McpTargetDown"), RESOLVED)
    assert (row.incidents, row.messages, row.wrong) == ({"page": 1}, {"page": 2}, ())


def test_an_alert_belongs_to_the_trouble_of_its_target_before_that_of_its_job() -> None:
    def named(**labels: str) -> Trouble | None:
        return owner(labels)

    assert named(job="edge", target="edge-1") is BY_NAME["one target down before the uplink is cut"]
    assert named(job="edge", target="edge-2") is BY_NAME["uplink cut while another is down"]
    assert named(job="mcp-prober", target="healthy") is None
    assert strays([post("page", "firing", 1.0, "McpTooSlow", target="healthy")]) != []
    assert strays([FIRED, RESOLVED]) == []


MODES: Final = (("401", 401), ("502", 502), ("503", 503), ("pass", 202), ("slow", 202))


async def test_a_front_relays_and_misbehaves_as_it_is_switched() -> None:
    with receivers() as upstream:
        async with Front("127.0.0.1", upstream.url).listening() as front, httpx.AsyncClient(timeout=5) as client:

            async def status() -> int:
                return (await client.post(front.url, json={})).status_code

            for mode, code in MODES:
                await front.switch(mode)
                assert await status() == code, mode
            await front.switch("502+503")
            assert [await status() for _ in range(4)] == [502, 503, 502, 503]
            await front.switch("refuse")
            with pytest.raises(httpx.ConnectError):
                await status()
            await front.switch("hang")
            hanging: asyncio.Task[Any] = asyncio.create_task(client.post(front.url, json={}))
            await asyncio.sleep(0.3)
            assert not hanging.done()
            await front.switch("pass")
            with pytest.raises(httpx.HTTPError):
                await hanging
            assert await status() == 202
