"""Sessions that end, and those that the settings keep."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.waiting import until

from .calling import ToolRefused
from .inside import Inside, inside
from .redis.server import running
from .worlds import World, serving_inside


async def gone(server: Inside, handle: str) -> None:
    """Wait until the session is unknown to the store."""

    async def unknown() -> bool:
        return bool((await server.result("get_session", session_id=handle))["isError"])

    await until(unknown, f"session {handle} ends")


def invalidations(server: Inside) -> float:
    """How often the server heard of changes elsewhere, or that it may have missed some."""
    store = server.reference.settings.store
    return server.sample("mcp_state_cache_invalidations_total", store=store, origin="remote")


async def test_with_a_session_ends_what_the_cache_holds_of_it(world: World) -> None:
    async with serving_inside(world, handle_lifetime=0.4, cache_ttl=3600) as server:
        handle = await server.session()
        await server.call("update_session_config", session_id=handle, options={"a": 1})
        assert (await server.call("get_session_config", session_id=handle))["options"] == {"a": 1}
        await gone(server, handle)
        with pytest.raises(ToolRefused, match="Unknown or expired session"):
            await server.call("get_session_config", session_id=handle)


async def test_a_session_that_was_given_less_time_elsewhere_ends_here_too(world: World) -> None:
    async with serving_inside(world, cache_ttl=3600) as one, serving_inside(world, cache_ttl=3600) as two:
        handle = await one.session()

        await until(lambda: invalidations(two) > 0, "changes are followed")
        for server in (one, two):
            assert (await server.call("get_session_config", session_id=handle))["version"] == 0
        before = invalidations(two)
        await one.call("update_workflow_step", session_id=handle, action="a", result=1, ttl_seconds=1)
        await until(lambda: invalidations(two) > before, "the change is heard of")
        for server in (one, two):
            assert (await server.call("get_session_config", session_id=handle))["version"] == 0
        await gone(one, handle)
        for server in (one, two):
            with pytest.raises(ToolRefused, match="Unknown or expired session"):
                await server.call("get_session_config", session_id=handle)


async def test_a_call_that_asks_the_store_sees_a_change_that_the_cache_has_not_heard_of(world: World) -> None:
    async with serving_inside(world, sessions=("s",), cache_ttl=3600) as server:
        await until(lambda: invalidations(server) > 0, "changes are followed")
        await server.call("get_session_config", session_id="s")
        await server.reference.context.store.update_config("s", {"a": "1"})  # as by another instance, unannounced
        assert (await server.call("get_session_config", session_id="s"))["options"] == {}
        assert (await server.call("get_session_config", session_id="s", max_age_ms=0))["options"] == {"a": 1}
        assert (await server.call("get_session_config", session_id="s"))["options"] == {"a": 1}


async def test_no_caller_can_make_a_session_of_the_settings_expire(world: World) -> None:
    async with serving_inside(world, sessions=("probe",)) as server:
        with pytest.raises(ToolRefused, match=r"Session 'probe' is one that this server keeps for ever, for probes\."):
            await server.call("update_workflow_step", session_id="probe", action="a", result=1, ttl_seconds=1)
        record = await server.call("update_workflow_step", session_id="probe", action="a", result=1)
        assert (record["stepCount"], record["expiresAt"]) == (1, None)


async def test_a_session_of_the_settings_that_is_gone_is_made_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving_inside(world, sessions=("probe",), purge_every=0.05) as server:
        await server.call("run_step", session_id="probe", action="a")
        await server.call("delete_session", session_id="probe")

        async def is_there() -> bool:
            return not (await server.result("get_session", session_id="probe"))["isError"]

        await until(is_there, "the session is made again")
        assert (await server.call("get_session", session_id="probe"))["stepCount"] == 0
    assert "session_made_again" in {record.getMessage() for record in caplog.records}


@pytest.mark.external
async def test_a_session_of_the_settings_is_there_as_soon_as_redis_is_back_empty(tmp_path: Path) -> None:
    with running(tmp_path / "redis") as redis:
        async with inside(tmp_path, store="redis", redis_url=redis.url, sessions=("probe",)) as server:
            await server.call("run_step", session_id="probe", action="a")
            await asyncio.to_thread(redis.kill)
            await asyncio.to_thread(redis.start)

            async def is_there() -> bool:
                return not (await server.result("get_session", session_id="probe"))["isError"]

            await until(is_there, "the session is made again")  # long before a minute, the time between two purges
