"""Basic auth with real bcrypt hashes."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from functools import cache
from pathlib import Path

import bcrypt
import pytest

from prober.web import Web
from prober.web.basic_auth import TooManyAttemptsError, Users
from tests.web.asking import asking
from tests.web.house import dead, house


@cache
def hashed(password: str, rounds: int = 4) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


def basic(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "admitted"),
    [
        (basic("ada", "right"), True),
        (basic("ada", "right").replace("Basic", "bASIC"), True),
        (basic("zoë", "with:colon ü"), True),
        (basic("ada", "wrong"), False),
        (basic("ada", ""), False),
        (basic("zoë", "right"), False),
        (basic("nobody", "right"), False),
        (basic("nobody", ""), False),
        (basic("ada", "right" + "x" * 80), False),
        (basic("ada", "ri\0ght"), False),
        (basic("ada", "x" * 4000), False),
        ("Bearer right", False),
        ("Basic", False),
        ("Basic !!!", False),
        ("Basic \xff\xff", False),
        ("Basic " + b64encode(b"no colon").decode(), False),
        ("Basic " + b64encode(b"\xff:right").decode(), False),
        ("", False),
        (None, False),
    ],
)
async def test_only_a_user_with_the_right_password_is_admitted(authorization: str | None, admitted: bool) -> None:
    users = Users({"ada": hashed("right"), "zoë": hashed("with:colon ü")})
    for _ in range(2):
        assert await users.admit(authorization) is admitted


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_hashes_of_all_makers_are_understood(prefix: str) -> None:
    assert await Users({"ada": prefix + hashed("right")[4:]}).admit(basic("ada", "right"))


async def test_the_characters_of_the_unknown_user_s_hash_are_nobody_s_password() -> None:
    users = Users({"ada": hashed("right")})
    assert not any([await users.admit(basic(name, "")) for name in ("", "nobody", "ada ")])


async def test_a_wrong_password_takes_as_long_for_every_user_as_for_none() -> None:
    users = Users({"cheap": hashed("right"), "costly": hashed("right", 10)})

    async def least_time(name: str, password: str) -> float:
        """Of the processor, which other tests do not take."""
        times = []
        for n in range(3):
            begun = time.process_time()
            assert not await users.admit(basic(name, f"{password} {n}"))
            times.append(time.process_time() - begun)
        return min(times)

    nobody = await least_time("nobody", "wrong")
    for name, password in (("cheap", "wrong"), ("costly", "wrong"), ("cheap", "x" * 80), ("nobody", "\0")):
        assert 0.7 < await least_time(name, password) / nobody < 1.4, name


async def test_who_was_admitted_does_not_wait_behind_guesses() -> None:
    users = Users({"ada": hashed("right", 10)})
    assert await users.admit(basic("ada", "right"))
    guesses = [asyncio.create_task(users.admit(basic("ada", f"guess {n}"))) for n in range(5)]
    await asyncio.sleep(0)
    assert await users.admit(basic("ada", "right"))
    assert not any(guess.done() for guess in guesses)
    assert await asyncio.gather(*guesses) == [False] * 5


async def test_guesses_do_not_pile_up_and_their_end_is_not_the_end_of_it() -> None:
    users = Users({"ada": hashed("right")})
    guesses = [asyncio.create_task(users.admit(basic("ada", f"guess {n}"))) for n in range(100)]
    ended = await asyncio.gather(*guesses, return_exceptions=True)
    assert any(isinstance(end, TooManyAttemptsError) for end in ended)
    assert not any(end is True for end in ended)
    assert await users.admit(basic("ada", "right"))


async def test_the_first_scrapes_of_many_are_all_admitted_at_the_cost_of_one() -> None:
    users = Users({"ada": hashed("right", 10)})
    assert all(await asyncio.gather(*(users.admit(basic("ada", "right")) for _ in range(20))))


ALL = ["/", "/metrics", "/probe?target=dead", "/sd", "/-/healthy", "/-/ready", "/api/v1/targets", "/nowhere"]


async def test_with_users_nothing_is_answered_to_strangers(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(f"basic_auth_users: {{ada: {hashed('right')}}}\n")
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, Web(config_file=file)) as client:
        for path in ALL:
            answer = await client.get(path)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == 'Basic realm="mcp-prober", charset="UTF-8"'
        assert (await client.post("/-/reload", auth=("ada", "wrong"))).status_code == 401
        assert here.reloads == 0
        assert (await client.get("/metrics", auth=("ada", "right"))).status_code == 200
        assert (await client.get("/api/v1/targets")).json() == {"error": "a user name and a password are required"}


async def test_a_flood_of_guesses_is_told_to_come_later_while_scrapes_go_on(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(f"basic_auth_users: {{ada: {hashed('right', 8)}}}\n")
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, Web(config_file=file)) as client:
        assert (await client.get("/-/healthy", auth=("ada", "right"))).status_code == 200
        guesses = [client.get("/metrics", auth=("ada", f"guess {n}")) for n in range(60)]
        *answers, scrape = await asyncio.gather(*guesses, client.get("/-/healthy", auth=("ada", "right")))
        assert {answer.status_code for answer in answers} == {401, 503}
        assert scrape.status_code == 200


async def test_users_are_those_of_the_file_as_it_was_read_last(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(f"basic_auth_users: {{ada: {hashed('old')}}}\n")
    web = Web(config_file=file)
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web) as client:
        assert (await client.get("/-/healthy", auth=("ada", "old"))).status_code == 200
        file.write_text(f"basic_auth_users: {{ada: {hashed('new')}}}\n")
        web.apply_config(web.read())
        assert (await client.get("/-/healthy", auth=("ada", "old"))).status_code == 401
        assert (await client.get("/-/healthy", auth=("ada", "new"))).status_code == 200
