"""What stores promise to many callers at once: on one instance, and on three that share the state."""

from __future__ import annotations

from pathlib import Path

import pytest

from .collisions import CHECKS, MEMORY_PASSES
from .opening import OPENERS, Connect


@pytest.mark.parametrize("check", CHECKS)
async def test_a_safe_store_keeps_its_promises_to_a_crowd(safe_connect: Connect, check: str) -> None:
    assert await CHECKS[check]([await safe_connect()]) == []


@pytest.mark.parametrize("check", CHECKS)
async def test_three_instances_on_one_state_keep_them_too(safe_connect: Connect, check: str) -> None:
    assert await CHECKS[check]([await safe_connect() for _ in range(3)]) == []


@pytest.mark.parametrize("check", [name for name in CHECKS if name not in MEMORY_PASSES])
async def test_the_memory_exhibit_fails_the_same_checks(tmp_path: Path, check: str) -> None:
    async with OPENERS["memory"](tmp_path) as connect:
        assert await CHECKS[check]([await connect()]) != []
