"""/api/v1/incidents: when targets failed, and notes that an operator writes, bounded, masked and only from here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import httpx

from prober.history import HistoryStore
from prober.outcome import Reason
from prober.web import Web
from tests.history.making import result
from tests.web.asking import asking
from tests.web.house import dead, house
from tests.web.test_api import checked

BEGAN = datetime.now(UTC) - timedelta(hours=1)
SECRET = "s3cr3t-token-of-a-server"


@asynccontextmanager
async def failing(folder: Path, web: Web | None = None, **client: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a prober whose target `dead` failed for a minute, an hour ago, and fails again."""
    path = folder / "history.db"
    history = HistoryStore.open(path)
    reasons = ((0, Reason.TIMEOUT), (1, None), (2, Reason.CONNECT_REFUSED))
    for minute, reason in reasons:
        history.record(result(BEGAN + timedelta(minutes=minute), target="dead", probe="a", reason=reason))
    await history.close()
    document = dead("a")
    document["targets"]["dead"]["headers"] = {"Authorization": "Bearer ${TOKEN}"}
    history = HistoryStore.open(path)
    try:
        async with (
            house(document, folder, TOKEN=SECRET) as here,
            asking(replace(here.app_state, history=history), web, **client) as asker,
        ):
            yield asker
    finally:
        await history.close()


async def the_incident(client: httpx.AsyncClient) -> str:
    """The path of the notes of the incident that goes on."""
    first = checked("incidents", await client.get("/api/v1/incidents"))["incidents"][0]
    return f"/api/v1/incidents/{first['id']}/notes"


async def test_incidents_are_told_with_their_notes(tmp_path: Path) -> None:
    async with failing(tmp_path) as client:
        goes_on, past = checked("incidents", await client.get("/api/v1/incidents"))["incidents"]
        assert (goes_on["target"], goes_on["until"], goes_on["symptoms"]) == ("dead", None, ["no_answer"])
        assert past["until"] is not None
        answer = await client.post(await the_incident(client), json={"text": "We are on it.\nSoon."})
        assert answer.status_code == 201
        note = checked("note", answer)
        assert note["text"] == "We are on it.\nSoon."
        goes_on, _ = checked("incidents", await client.get("/api/v1/incidents", params={"target": "dead"}))["incidents"]
        assert goes_on["notes"] == [note]
        assert (await client.delete(f"{await the_incident(client)}/{note['id']}")).status_code == 204
        goes_on, _ = checked("incidents", await client.get("/api/v1/incidents"))["incidents"]
        assert goes_on["notes"] == []


async def test_a_stretch_of_time_and_a_target_choose(tmp_path: Path) -> None:
    async with failing(tmp_path) as client:

        async def found(**query: str) -> int:
            answer = await client.get("/api/v1/incidents", params=query)
            return len(checked("incidents", answer)["incidents"])

        assert await found(target="another") == 0
        assert await found(limit="1") == 1
        assert await found(until=(BEGAN + timedelta(seconds=30)).isoformat()) == 1
        assert await found(since=(BEGAN + timedelta(seconds=90)).isoformat()) == 1
        assert checked("error", await client.get("/api/v1/incidents", params={"since": "soon"}))["error"]


async def test_a_secret_in_a_note_is_masked_and_control_characters_go(tmp_path: Path) -> None:
    async with failing(tmp_path) as client:
        text = f"They rotate {SECRET} now\x1b[2J \u202eand <script>"
        note = checked("note", await client.post(await the_incident(client), json={"text": text}))
        assert note["text"] == "They rotate *** now \ufffdand <script>"


NO_NOTES = (
    (b"", 400, "expected a JSON object"),
    (b"[]", 400, "expected a JSON object"),
    (b'{"text": 1}', 400, "expected a JSON object"),
    (b'{"text": "a", "html": "b"}', 400, "expected a JSON object"),
    (b"[" * 10_000, 400, "expected a JSON object"),
    (b'{"text": " \\n "}', 400, "a note says something"),
    (b'{"text": "%s"}' % (b"x" * 1_001), 400, "1,001 characters are too many, a note has 1,000 at most"),
    (b'{"text": "%s"}' % (b"x" * 20_000), 413, "the body is longer than 16384 bytes"),
)


async def test_what_is_no_note_is_refused(tmp_path: Path) -> None:
    async with failing(tmp_path) as client:
        path = await the_incident(client)
        for body, status, said in NO_NOTES:
            answer = await client.post(path, content=body)
            assert answer.status_code == status, body[:40]
            assert said in checked("error", answer)["error"]


async def test_a_body_without_an_end_is_cut_off(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            yield b" " * 8_192
            sent += 8_192
            await asyncio.sleep(0)

    async with failing(tmp_path) as client:
        path = await the_incident(client)
        with suppress(httpx.TransportError):  # the connection may be gone before the answer is read
            assert (await client.post(path, content=endless())).status_code == 413
        assert sent < 64 * 1024 * 1024
        assert checked("incidents", await client.get("/api/v1/incidents"))["incidents"]


async def test_notes_belong_to_an_incident(tmp_path: Path) -> None:
    async with failing(tmp_path) as client:
        for method, path in (
            ("POST", "/api/v1/incidents/nothing/notes"),
            ("DELETE", f"{await the_incident(client)}/999"),
            ("DELETE", f"{await the_incident(client)}/one"),
        ):
            answer = await client.request(method, path, json={"text": "a"})
            assert answer.status_code == 404, path
            assert checked("error", answer)["error"].startswith("no such")


async def test_a_page_of_another_site_writes_no_note(tmp_path: Path) -> None:
    async with failing(tmp_path) as client:
        path = await the_incident(client)
        for origin in ("https://elsewhere.example", "http://["):
            for method, where in (("POST", path), ("DELETE", f"{path}/1")):
                answer = await client.request(method, where, json={"text": "a"}, headers={"Origin": origin})
                assert answer.status_code == 403
        assert (await client.get(path)).status_code == 405


async def test_where_there_are_users_only_they_write(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{anna: '{hashed}'}}")
    async with failing(tmp_path, Web(config_file=tmp_path / "web.yml")) as client:
        assert (await client.post("/api/v1/incidents/nothing/notes", json={"text": "a"})).status_code == 401
        client.auth = httpx.BasicAuth("anna", "right")
        assert (await client.post(await the_incident(client), json={"text": "a"})).status_code == 201


async def test_without_history_there_are_none(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        for answer in (
            await client.get("/api/v1/incidents"),
            await client.post("/api/v1/incidents/a/notes", json={"text": "a"}),
        ):
            assert answer.status_code == 404
            assert checked("error", answer)["error"] == "this prober keeps no history"
