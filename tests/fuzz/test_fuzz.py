"""Hostile conversations, and whether those who play them play them truly. Many more: `make test-alone`, `make fuzz`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prober.assertions.judge import Judge
from prober.client.target_cache import cache_of
from prober.engine import run_probe
from prober.outcome import Outcome, Reason
from tests.fuzz.campaign import Result, campaign, carry_out_all, run
from tests.fuzz.choices import MOST, Choices
from tests.fuzz.conversation import LONGEST, TURNS, Conversation, Turns, drawn
from tests.fuzz.http_turns import spoken
from tests.fuzz.messages import answers
from tests.fuzz.odd_values import PARTS, SECRETS
from tests.fuzz.pipe_turns import written
from tests.fuzz.probes import askings
from tests.fuzz.properties import secrets_in
from tests.peers.protocol import reply
from tests.peers.wire import JSON
from tests.redaction.writers import WRITERS

SEED: Final = int(os.environ.get("FUZZ_SEED", "1"))
"""The first of the seeds; the others follow."""
QUICK: Final = 200
MANY: Final = int(os.environ.get("FUZZ_COUNT", "6000"))
BUDGET: Final = 400.0
"""Seconds for `MANY` conversations, shared by two processes beside all other tests; to reach fewer is no failure."""

ASKED: Final = {"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {}}

_turns = st.lists(
    st.lists(st.integers(0, MOST - 1), max_size=LONGEST).map(tuple), max_size=TURNS
).map(tuple)  # fmt: skip
CONVERSATIONS: Final = st.builds(Conversation, st.integers(0, MOST - 1), _turns)


def carried_out(*conversations: Conversation, folder: Path) -> Result:
    """What came of them, all at once."""
    return run(lambda: carry_out_all(range(len(conversations)), conversations.__getitem__, folder))


def test_no_conversation_breaks_what_is_promised(tmp_path: Path) -> None:
    seeds = range(SEED, SEED + QUICK)
    result = run(lambda: carry_out_all(seeds, drawn, tmp_path))
    assert [str(complaint) for complaint in result.complaints] == []
    assert result.runs >= QUICK
    assert len(result.reasons) > 15, "conversations that all end in the same way find nothing"
    assert set(result.transports) == {"http", "sse", "stdio"}


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(CONVERSATIONS, min_size=1, max_size=4))
def test_no_conversation_that_hypothesis_makes_up_does_either(
    tmp_path_factory: pytest.TempPathFactory, conversations: list[Conversation]
) -> None:
    result = carried_out(*conversations, folder=tmp_path_factory.mktemp("fuzz"))
    assert [str(complaint) for complaint in result.complaints] == []


@pytest.mark.slow
def test_of_many_conversations_none_breaks_what_is_promised() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--count", str(MANY), "--seed", str(SEED), "--seconds", str(BUDGET)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUDGET * 2, check=False)
    print(done.stdout[-20_000:])
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


@pytest.mark.parametrize("era", ["modern", "handshake"])
def test_a_conversation_without_numbers_is_a_good_one(tmp_path: Path, era: str) -> None:
    asked = askings(tmp_path)
    chosen = [number for number, asking in enumerate(asked.all) if asking.era == era]
    plain = [number for number in chosen if "race" not in asked.all[number].probe.name]
    result = carried_out(*(Conversation(number, ()) for number in plain), folder=tmp_path)
    assert [str(complaint) for complaint in result.complaints] == []
    assert set(result.reasons) == {"pass"}
    assert result.runs >= len(plain)


def test_a_seed_always_makes_the_same_conversation() -> None:
    assert drawn(4711) == drawn(4711)
    assert len({drawn(seed) for seed in range(100)}) == 100


def test_the_grammar_knows_an_answer_to_every_number() -> None:
    good = reply(ASKED, "modern")
    for seed in range(300):
        turns = Turns(conversation=drawn(seed), era="modern", secrets=tuple(SECRETS.values()))
        for _ in range(TURNS):
            c = turns.next()
            assert spoken(c, answers(c, ASKED, good), status=200, as_events=False).pieces is not None
            assert written(turns.next(), ASKED, "modern").then
    well = spoken(Choices(), answers(Choices(), ASKED, good), status=200, as_events=False)
    assert json.loads(well.pieces[0].partition(b"\r\n\r\n")[2]) == good
    assert f"Content-Type: {JSON}".encode() in well.pieces[0]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_secret_is_seen_in_whatever_spelling(write: object) -> None:
    assert callable(write)
    for secret in SECRETS.values():
        assert list(secrets_in(f"no such key: {write(secret)}", "a text"))
    assert list(secrets_in("no such key: ***", "a text")) == []
    assert all(len(part) >= 6 for part in PARTS)


def _played_by_a_process(conversation: Conversation, folder: Path) -> Outcome:
    async def play() -> Outcome:
        asking = askings(folder).of(conversation)
        target = asking.as_process(conversation)
        target_cache = cache_of(target)
        for secret in asking.probe.secrets:
            target_cache.redact.add(secret.reveal())
        async with Judge() as judge:
            return await run_probe(asking.probe, target, target_cache=target_cache, judge=judge)

    return asyncio.run(play())


def _played_over_pipes(conversation: Conversation, folder: Path) -> Outcome | None:
    async def play() -> Outcome | None:
        async with campaign(folder) as under_way:
            outcome, _ = await under_way.carry_out(conversation)
            return outcome

    return run(play)


@pytest.mark.slow
def test_over_pipes_a_conversation_comes_out_as_it_does_with_a_real_process(tmp_path: Path) -> None:
    """But for those that hang: there a real machine decides at which moment."""
    over_stdio = {number for number, each in enumerate(askings(tmp_path).all) if each.target.transport == "stdio"}
    count = len(askings(tmp_path).all)
    kinds = ("call", "catalog", "read", "prompt", "handshake")
    compared = 0
    for seed in range(SEED, SEED + 400):
        conversation = drawn(seed)
        number = conversation.probe % count
        if number not in over_stdio or not askings(tmp_path).all[number].probe.name.endswith(kinds):
            continue
        piped, real = _played_over_pipes(conversation, tmp_path), _played_by_a_process(conversation, tmp_path)
        assert piped is not None
        if Reason.TIMEOUT not in (piped.reason, real.reason):
            told = f"seed {seed}: {real.message} / {piped.message}"
            assert (real.reason, real.step) == (piped.reason, piped.step), told
            compared += 1
        if compared == 25:
            return
    raise AssertionError(f"only {compared} were compared")
