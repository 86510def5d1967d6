"""A daemon looked at closely, beside a real server: runs with their exchanges, the button, the configuration."""

from __future__ import annotations

import base64
import json
import re
import shlex
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from prober.cli.commands.demo import reference_server
from tests.cli.command import mcp_prober
from tests.daemon.process import Running, daemon
from tests.daemon.watching import api, runs, standing, status, until
from tests.notify.receiver import receiver
from tests.web.pages.markup import Page
from tests.web.test_basic_auth import hashed

SECRET = "s3cr3t-of-the-tenant"
WANTED = "a number of steps that nobody has"


@dataclass
class Here:
    """A daemon without history, its configuration, and the reference server's URL."""

    running: Running
    file: Path
    server: str


def document(server: str) -> dict[str, Any]:
    read = {"kind": "call", "tool": "get_workflow_state", "arguments": {"session_id": "probe"}}
    return {
        "targets": {
            "notes": {"url": server, "headers": {"X-Tenant": "${TENANT}"}, "allow_writes": True},
            "poor": {"url": server, "budget": "3/h"},
        },
        "defaults": {"interval": "5s", "timeout": "5s"},
        "probes": {
            "good": {"target": "notes", **read},
            "bad": {"target": "notes", **read, "expect": [{"path": "$.completedSteps", "equals": WANTED}]},
            "writes": {"target": "notes", "kind": "call", "tool": "create_session", "allow_writes": True},
            "dear": {"target": "poor", "interval": "1h", **read},
        },
    }


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("close")
    file = folder / "probes.yaml"
    with reference_server(folder) as server:
        file.write_text(json.dumps(document(server)))
        with daemon(file, environ={"TENANT": SECRET}) as running:
            until(lambda: all(runs(running, probe) for probe in ("good", "bad", "writes")), "all have run")
            yield Here(running, file, server)


def press(running: Running, probe: str, headers: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """What the button of a probe does: the status, where it leads, and what stands there."""
    request = urllib.request.Request(f"{running.url}/probes/{probe}/run", b"", dict(headers or {}), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.url, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.url, error.read().decode()


def read(text: str) -> str:
    page = Page(text)
    assert page.mistakes == []
    return page.text


def test_the_last_runs_lead_to_what_was_sent_and_received(here: Here) -> None:
    listed = here.running.get("debug/probes?verdict=fail")
    link = re.findall(r'href="\.\./(runs/[^"]+/bad)"', listed)[0]
    assert "expectation_failed" in read(listed)
    assert "good" not in read(listed)
    shown = read(here.running.get(link))
    assert "fail" in shown
    assert WANTED in shown
    assert '"session_id": "probe"' in shown, "what was sent"
    assert '"structuredContent"' in shown, "what was received"
    assert f"mcp-prober run {here.file} --probe bad --verbose" in shown
    assert SECRET not in shown


async def test_the_page_of_a_failure_has_the_command_that_repeats_it_and_that_of_a_pass_has_none(here: Here) -> None:
    [bad] = api(here.running, "runs?probe=bad&verdict=fail&limit=1")["runs"]
    shown = read(here.running.get(f"runs/{bad['run_id']}/bad"))
    [line] = re.findall(r"mcp-prober (replay .*?--daemon \S+)", shown)
    done = await mcp_prober(*shlex.split(line), cwd=here.file.parent, env={"TENANT": SECRET})
    assert done.code == 1, done.err
    assert "still happens: expectation_failed" in done.out
    [good] = api(here.running, "runs?probe=good&verdict=pass&limit=1")["runs"]
    assert "mcp-prober replay" not in here.running.get(f"runs/{good['run_id']}/good")


def test_the_same_is_there_as_json(here: Here) -> None:
    [bad] = api(here.running, "runs?probe=bad&verdict=fail&limit=1")["runs"]
    assert (bad["reason"], bad["asked_for"], bad["exchanges_left_out"]) == ("expectation_failed", False, 0)
    assert WANTED in json.dumps(bad["evidence"])
    assert bad["exchanges"][-1]["step"] == "tools/call"
    assert '"session_id":"probe"' in bad["exchanges"][-1]["sent"].replace(" ", "")
    assert [run["run_id"] for run in api(here.running, f"runs?run={bad['run_id']}&probe=bad")["runs"]] == [
        bad["run_id"]
    ]


def test_the_id_of_an_exemplar_alone_leads_to_the_run(here: Here) -> None:
    page = here.running.get("metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
    counted = [line for line in page.splitlines() if 'probe="bad"' in line and "run_id" in line]
    [run_id] = re.findall(r'run_id="([^"]+)"', counted[0])
    assert WANTED in read(here.running.get(f"runs/{run_id}"))
    assert status(here.running, "runs/2020-01-31T12:00:00.000Z/bad")[0] == 404
    assert status(here.running, "runs/nonsense")[0] == 404


def test_the_page_of_a_target_has_the_exchange_of_its_failure_and_a_place_to_link_to(here: Here) -> None:
    text = here.running.get("targets/notes")
    assert 'id="failing-bad"' in text
    wire = text.split('<details class="wire" id="exchange-bad">')[1].split("</details>")[0]
    assert "get_workflow_state" in wire
    assert "./targets/notes#failing-bad" in here.running.get("")


def test_how_long_runs_take_is_there_from_the_first_minute_and_without_history(here: Here) -> None:
    assert re.search(r"Response time \d+(\.\d)? m?s", read(here.running.get("targets/notes")))
    assert re.search(r"Response time: \d+(\.\d)? m?s", read(here.running.get("")))


def test_the_button_runs_a_probe_and_leads_to_its_page_and_the_run_is_counted_nowhere(here: Here) -> None:
    assert 'action="../probes/bad/run"' in here.running.get("targets/notes")
    code, url, text = press(here.running, "bad", {"Sec-Fetch-Site": "same-origin", "Origin": here.running.url})
    assert (code, url.startswith(f"{here.running.url}/runs/")) == (200, True)
    assert "asked for" in read(text)
    assert '"structuredContent"' in read(text)
    asked = url.split("/")[-2]
    assert [run["asked_for"] for run in api(here.running, f"runs?run={asked}")["runs"]] == [True]

    def counted_by_a_press() -> float:
        before = runs(here.running, "bad")
        press(here.running, "bad")
        return runs(here.running, "bad") - before

    assert min(counted_by_a_press() for _ in range(4)) == 0, "but for a run that came between"
    assert standing(here.running, "bad")["streak"] == pytest.approx(runs(here.running, "bad"), abs=1)


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
     {"Origin": "null"}, {"Host": "evil.example"}],
    ids=str,
)  # fmt: skip
def test_another_site_presses_no_button(here: Here, headers: dict[str, str]) -> None:
    assert press(here.running, "dear", headers)[0] == 403
    assert not [run for run in api(here.running, "runs?probe=dear")["runs"] if run["asked_for"]]


def test_a_get_presses_no_button_and_a_name_that_is_none_is_told(here: Here) -> None:
    assert status(here.running, "probes/good/run")[0] == 405
    code, _, text = press(here.running, "goood")
    assert (code, text) == (404, "no such probe: goood; did you mean good?\n")


def test_the_button_counts_against_the_budget_of_the_target(here: Here) -> None:
    texts = [read(press(here.running, "dear")[2]) for _ in range(4)]
    assert "pass" in texts[0]
    assert "not_run" in texts[-1]
    assert "the target's budget of 3/h requests is used up" in texts[-1]


def test_a_probe_that_may_write_has_no_button_without_a_password(here: Here) -> None:
    page = here.running.get("targets/notes")
    assert 'action="../probes/good/run"' in page
    assert 'action="../probes/writes/run"' not in page
    code, _, text = press(here.running, "writes")
    assert (code, "writes may write (allow_writes)" in text) == (403, True)


def test_with_a_password_it_has_one_and_nothing_is_shown_without(here: Here, tmp_path: Path) -> None:
    users = tmp_path / "web.yml"
    users.write_text(json.dumps({"basic_auth_users": {"ada": hashed("right", 4)}}))
    with daemon(here.file, "--web-config", users, environ={"TENANT": SECRET}) as running:
        for path in ("debug/probes", "debug/config", "runs/x", "api/v1/runs", "api/v1/config"):
            assert status(running, path)[0] == 401, path
        assert press(running, "writes")[0] == 401
        entry = {"Authorization": f"Basic {base64.b64encode(b'ada:right').decode()}"}
        assert 'action="../probes/writes/run"' in running.get("targets/notes", entry)
        foreign = {**entry, "Sec-Fetch-Site": "cross-site"}
        assert press(running, "writes", foreign)[0] == 403
        request = urllib.request.Request(f"{running.url}/probes/writes/run", b"", entry, method="POST")
        opener = urllib.request.build_opener(_Stay())
        with pytest.raises(urllib.error.HTTPError) as led:
            opener.open(request, timeout=20)
        assert led.value.code == 303
        led.value.close()
        assert '"asked_for":true' in running.get("api/v1/runs?probe=writes&verdict=pass", entry)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: urllib would leave the password behind."""

    def redirect_request(self, *_: Any) -> None:
        return None


def test_the_configuration_is_shown_with_what_its_defaults_became_and_without_secrets(here: Here) -> None:
    text = read(here.running.get("debug/config"))
    assert 'headers: {X-Tenant: "***"}' in text
    assert "interval: 1h" in text, "of the section `defaults`"
    assert "startup_timeout: 30s" in text, "of the code"
    assert SECRET not in text
    shown = api(here.running, "config")
    notes = next(each["values"] for each in shown["targets"] if each["name"] == "notes")
    assert notes["headers"] == {"X-Tenant": "***"}
    assert notes["limits"]["body"] == "2MiB"
    assert SECRET not in json.dumps(shown)
    assert shown["files"] == [str(here.file)]
    assert "bad probe" in read(here.running.get("debug/config?q=probes+bad"))
    assert "Nothing has such a name" in read(here.running.get("debug/config?q=no-such"))


def test_a_refused_configuration_is_a_banner_until_the_next_one_is_taken(here: Here) -> None:
    before = api(here.running, "targets")["configuration"]
    assert before["refused_at"] is None
    assert "was refused" not in here.running.get("")
    good = here.file.read_text()
    here.file.write_text(good.replace('"tool": "create_session"', '"tooool": "create_session"'))
    assert status(here.running, "-/reload", method="POST")[0] == 500
    for path in ("", "targets/notes", "debug/config"):
        text = read(here.running.get(path))
        assert "A new configuration was refused" in text, path
        assert "probes.writes.tooool: unknown key" in text
        assert "The one before stays in force, as it has been for" in text
    refused = api(here.running, "targets")["configuration"]
    assert refused["loaded_at"] == before["loaded_at"]
    assert "probes.writes.tooool" in refused["refused_for"]
    here.file.write_text(good)
    assert status(here.running, "-/reload", method="POST")[0] == 200
    assert "was refused" not in here.running.get("")
    after = api(here.running, "config")
    assert (after["refused_at"], after["loaded_at"] > before["loaded_at"]) == (None, True)


def test_a_message_leads_to_the_page_of_the_run_and_names_the_command(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "notify probes.yaml"
    with receiver() as friend:
        told = document(here.server) | {"notify": {"urls": [friend.url.reveal()], "after": 1}}
        told["defaults"] = {"interval": "2s", "timeout": "2s"}
        told["probes"] = {name: told["probes"][name] for name in ("bad", "good")}
        file.write_text(json.dumps(told))
        with daemon(file, environ={"TENANT": SECRET}) as running:
            until(lambda: friend.bodies, "a message has come")
            lines = friend.bodies[0]["message"].splitlines()
            ways = dict(line.split(": ", 1) for line in lines if line.startswith(("run:", "failure:", "page:")))
            assert ways["run"] == f"mcp-prober run '{file}' --probe bad --verbose"
            assert ways["page"] == f"{running.url}/targets/notes"
            assert '"structuredContent"' in read(running.get(ways["failure"].removeprefix(f"{running.url}/")))


def test_after_a_restart_a_run_has_its_evidence_and_the_streak_its_beginning(here: Here, tmp_path: Path) -> None:
    file, history = tmp_path / "probes.yaml", tmp_path / "history.db"
    often = document(here.server)
    often["probes"] = {"bad": often["probes"]["bad"] | {"interval": "2s", "timeout": "2s"}}
    file.write_text(json.dumps(often))
    with daemon(file, "--history", history, history=True, environ={"TENANT": SECRET}) as running:
        until(lambda: standing(running, "bad")["streak"] >= 2, "two in a row")
        first = standing(running, "bad")["streak_since"]
        assert first in [run["run_id"] for run in api(running, "runs?probe=bad&limit=1000")["runs"]]
        running.stop()
    often["probes"]["bad"] |= {"interval": "1h"}
    file.write_text(json.dumps(often))
    with daemon(file, "--history", history, history=True, environ={"TENANT": SECRET}) as running:
        assert standing(running, "bad")["streak_since"] == first
        text = read(running.get(f"runs/{first}/bad"))
        assert WANTED in text
        assert "The exchanges of this run are no longer kept" in text
