"""The list of contended sessions: right at the top, bounded at the bottom."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from mcp_state.contention import Contention

from .inside import inside


def test_the_worst_session_comes_first_with_its_exact_count_while_there_is_room() -> None:
    contention = Contention(capacity=10)
    for session, times in (("a", 2), ("b", 5), ("c", 1)):
        for _ in range(times):
            contention.add(session, tool="t")
    assert [(each.session_id, each.conflicts, each.overcounted) for each in contention.top(2)] == [
        ("b", 5, 0),
        ("a", 2, 0),
    ]


def test_many_sessions_take_bounded_room_and_frequent_ones_are_never_missed() -> None:
    dice = random.Random(3)
    contention = Contention(capacity=50)
    truth: Counter[str] = Counter()
    for _ in range(20_000):
        session = f"hot{dice.randrange(5)}" if dice.random() < 0.5 else f"cold{dice.randrange(5_000)}"
        truth[session] += 1
        contention.add(session, tool="t")
    assert len(contention.top(10_000)) == 50
    top = {each.session_id: each for each in contention.top(5)}
    assert set(top) == {f"hot{n}" for n in range(5)}
    for session, each in top.items():
        assert each.conflicts - each.overcounted <= truth[session] <= each.conflicts


async def test_the_page_shows_who_is_contended_to_callers_on_this_machine_only(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("s",)) as server:
        for _ in range(3):
            await server.call("compare_and_swap", session_id="s", expected_version=9, value=1)
        page = await server.http.get("/debug/contention")
        assert page.json() == {
            "sessions": [{"session_id": "s", "conflicts": 3, "overcounted": 0, "last_tool": "compare_and_swap"}]
        }
        forwarded = await server.http.get("/debug/contention", headers={"x-forwarded-for": "203.0.113.9"})
        assert forwarded.status_code == 403
