"""Messages that arrive, or do not, at a real receiver through the Apprise library."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.fields.secret import Secret
from prober.config.model import Notify
from prober.notify import Notifier, NotifyError, check
from prober.notify.apprise import sender
from prober.notify.channel import Channel
from prober.notify.message import Message
from prober.outcome import Reason
from prober.reasons import meaning_of
from tests.assertions.ticking import PROMISE, ticking
from tests.notify.receiver import Receiver, receiver
from tests.notify.results import ended, run, statuses
from tests.waiting import BOUND, until

ROOT: Final = Path(__file__).parents[2]
HELLO: Final = Message(title="t fails: no_answer (timeout)", text="probe: a", bad=True)


@pytest.fixture
def friend() -> Iterator[Receiver]:
    with receiver() as received:
        yield received


def notifier(*urls: Secret, after: int = 1, **more: Any) -> Notifier:
    return Notifier(Notify(urls=urls, after=after), statuses("a", "b"), **{"group_wait": 0.05, **more})


async def test_ten_probes_of_a_dead_host_are_one_message_and_their_recovery_another(friend: Receiver) -> None:
    names = [f"p{number}" for number in range(10)]
    sent: list[str] = []
    async with Notifier(
        Notify(urls=(friend.url,), after=2), statuses(*names), on_sent=sent.append, group_wait=0.05
    ) as tells:
        for minute in range(4):
            for name in names:
                ended(tells, run("connect_refused", minute, probe=name))
        await until(lambda: friend.bodies)
        for name in names:
            ended(tells, run("pass", 5, probe=name))
        await until(lambda: len(friend.bodies) == 2)
        await until(lambda: len(sent) == 2)
    assert friend.titles == ["t fails: no_answer (connect_refused)", "t is well again, it failed: no_answer"]
    failure, recovery = friend.bodies
    assert (failure["type"], recovery["type"]) == ("failure", "success")
    assert failure["message"].splitlines() == [
        "probes: p0, p1, p2, p3, p4 and 5 more",
        "connect_refused at initialize: it says connect_refused",
        f"next: {meaning_of(Reason.CONNECT_REFUSED).next_step}",
        "4 failures in a row, for 3 min 0 s: since 2026-01-31 12:00:00 UTC",
        "run: mcp-prober run --probe p0 --verbose",
    ]
    assert "failed for 5 min 0 s" in recovery["message"]
    assert sent == ["sent", "sent"]


async def test_everybody_is_told_and_who_refuses_is_asked_again(friend: Receiver) -> None:
    friend.statuses = [500, 503]
    sent: list[str] = []
    with receiver() as other:
        async with notifier(friend.url, other.url, on_sent=sent.append, pauses=(0.0,) * 3) as tells:
            ended(tells, run("timeout"))
            await until(lambda: len(sent) == 2)
    assert (friend.titles, other.titles) == (["t fails: no_answer (timeout)"], ["t fails: no_answer (timeout)"])
    assert len(friend.paths) == 3
    assert sent == ["sent", "sent"]


async def served(channel: Channel, *messages: Message) -> None:
    task = asyncio.create_task(channel.serve())
    try:
        for message in messages:
            channel.put(message)
        async with asyncio.timeout(BOUND):
            await channel.drained()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_who_always_refuses_is_given_up_and_the_next_message_has_its_turn(
    friend: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    friend.statuses = [500, 500]
    sent: list[str] = []
    channel = Channel(sender(friend.url, number=1), name="URL 1 (json)", on_sent=sent.append, pauses=(0.0, 0.0))
    await served(channel, HELLO, Message(title="second", text="probe: b", bad=True))
    assert sent == ["failed", "sent"]
    assert friend.titles == ["second"]
    assert caplog.messages == ["a notification to URL 1 (json) was given up: 2 tries failed"]


async def test_who_hangs_is_given_up_in_time_with_one_thread_and_holds_up_nobody(friend: Receiver) -> None:
    friend.holding = True
    sent: list[str] = []
    slow = Secret(friend.url.reveal() + "?rto=30")
    channel = Channel(sender(slow, number=1), name="x", on_sent=sent.append, timeout=0.1, pauses=(0.0,) * 4)
    async with ticking() as ticks:
        await served(channel, HELLO, Message(title="second", text="probe: b", bad=True))
        assert sent == ["failed", "failed"]
        assert len(friend.paths) == 1  # as long as one hangs, no other is begun
    assert ticks.longest < PROMISE
    friend.let_go.set()
    await until(lambda: not [thread for thread in threading.enumerate() if thread.name == "prober-notify x"])


async def test_an_answer_that_comes_late_is_an_answer_and_nobody_is_told_twice(friend: Receiver) -> None:
    friend.holding = True
    sent: list[str] = []
    channel = Channel(sender(friend.url, number=1), name="x", on_sent=sent.append, timeout=0.1, pauses=(0.0,) * 40)
    task = asyncio.create_task(channel.serve())
    channel.put(HELLO)
    await until(lambda: friend.paths)
    await asyncio.sleep(0.15)  # the first try is over
    friend.holding = False
    friend.let_go.set()
    async with asyncio.timeout(BOUND):
        await channel.drained()
    task.cancel()
    await asyncio.wait([task])
    assert sent == ["sent"]
    assert friend.titles == [HELLO.title]


async def test_more_than_there_is_room_for_gives_up_the_oldest() -> None:
    sent: list[str] = []
    arrived: list[str] = []

    def send(message: Message) -> bool:
        arrived.append(message.title)
        return True

    channel = Channel(send, name="x", on_sent=sent.append, queue_limit=2)
    await served(channel, *(Message(title=str(number), text="probe: b", bad=True) for number in range(5)))
    assert arrived == ["3", "4"]
    assert sent == ["failed"] * 3 + ["sent"] * 2


async def test_a_plug_in_that_raises_has_failed_and_its_words_go_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    def send(message: Message) -> bool:
        raise RuntimeError("s3cr3t-t0ken")

    sent: list[str] = []
    await served(Channel(send, name="x", on_sent=sent.append, pauses=(0.0, 0.0)), HELLO)
    assert sent == ["failed"]
    assert "s3cr3t" not in caplog.text


async def test_one_url_that_hangs_keeps_no_other_waiting(friend: Receiver) -> None:
    with receiver() as stuck:
        stuck.holding = True
        async with notifier(stuck.url, friend.url) as tells:
            ended(tells, run("timeout"))
            await until(lambda: friend.bodies)
            stuck.let_go.set()
            await until(lambda: stuck.bodies)


async def test_what_the_prober_does_not_believe_is_not_told(friend: Receiver) -> None:
    suspects = False
    async with notifier(friend.url, suspects=lambda: suspects) as tells:
        ended(tells, run("timeout"))
        suspects = True  # found out while it was gathered
        ended(tells, run("timeout", 1, probe="b"))
        await until(lambda: not tells._groups.pending)
        suspects = False
        ended(tells, run("tool_error", 2, probe="b"))
        await until(lambda: friend.bodies)
    assert friend.titles == ["t fails: wrong_answer (tool_error)"]


async def test_an_end_waits_until_the_prober_trusts_itself_again(friend: Receiver) -> None:
    suspects = False
    async with notifier(friend.url, suspects=lambda: suspects) as tells:
        ended(tells, run("timeout"))
        await until(lambda: friend.bodies)
        suspects = True
        ended(tells, run("pass", 1))
        await asyncio.sleep(0.2)  # several group waits
        assert len(friend.bodies) == 1
        suspects = False
        await until(lambda: len(friend.bodies) == 2)


async def test_what_is_gathered_when_the_prober_ends_is_told(friend: Receiver) -> None:
    async with notifier(friend.url, group_wait=60.0) as tells:
        ended(tells, run("timeout"))
    assert friend.titles == ["t fails: no_answer (timeout)"]


async def test_after_a_restart_only_what_is_new_is_told(friend: Receiver) -> None:
    known = statuses("a", "b")
    known.record(run("timeout", probe="a"))
    async with Notifier(Notify(urls=(friend.url,), after=1), known, group_wait=0.05) as tells:
        ended(tells, run("timeout", 1, probe="a"))
        ended(tells, run("tool_error", 1, probe="b"))
        await until(lambda: friend.bodies)
        ended(tells, run("pass", 2, probe="a"))
        await until(lambda: len(friend.bodies) == 2)
    assert friend.titles == ["t fails: wrong_answer (tool_error)", "t no longer fails: no_answer"]


async def test_a_reload_goes_to_other_urls_and_keeps_what_was_told(friend: Receiver) -> None:
    with receiver() as other:
        async with notifier(friend.url) as tells:
            ended(tells, run("timeout"))
            await until(lambda: friend.bodies)
            with pytest.raises(NotifyError):
                tells.apply_config(Notify(urls=(Secret("nonsense://s3cr3t-t0ken"),), after=1))
            tells.apply_config(Notify(urls=(other.url,), after=2))
            ended(tells, run("timeout", 1))
            ended(tells, run("pass", 2))
            await until(lambda: other.bodies)
            tells.apply_config(Notify(urls=(other.url, friend.url), after=2))
            ended(tells, run("timeout", 3))
            ended(tells, run("timeout", 4))
            await until(lambda: len(friend.bodies) == len(other.bodies) == 2)
    assert friend.titles == ["t fails: no_answer (timeout)", "t fails: no_answer (timeout)"]
    assert other.titles == ["t is well again, it failed: no_answer", "t fails: no_answer (timeout)"]


@pytest.mark.parametrize("url", ["nonsense://s3cr3t-t0ken", "slack://s3cr3t-t0ken", "json://", "mailto://s3cr3t-t0ken"])
def test_a_url_that_cannot_be_used_is_refused_without_being_told(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.NOTSET)
    with pytest.raises(NotifyError, match=r"^notify: URL 2 \([a-z]+\) is none that Apprise knows") as caught:
        check(Notify(urls=(Secret("json://127.0.0.1/hook"), Secret(url))))
    assert "s3cr3t" not in str(caught.value)
    assert "s3cr3t" not in caplog.text


async def test_no_log_of_any_level_shows_a_url(friend: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.NOTSET)
    for name in ("apprise", "urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    friend.statuses = [500]
    channel = Channel(sender(friend.url, number=1), name="URL 1 (json)", on_sent=print, pauses=(0.0, 0.0))
    await served(channel, HELLO)
    gone = Channel(sender(Secret("json://127.0.0.1:9/s3cr3t-t0ken"), number=2), name="y", on_sent=print, pauses=(0.0,))
    await served(gone, HELLO)
    assert len(friend.paths) == 2
    assert "s3cr3t" not in caplog.text
    assert str(friend.port) not in caplog.text


def test_without_apprise_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(NotifyError, match=r"pip install 'mcp-prober\[notify\]'"):
        check(Notify(urls=(Secret("json://127.0.0.1/hook"),)))
    Notifier(Notify(urls=()), statuses())


def test_apprise_is_imported_only_by_whoever_notifies() -> None:
    code = "import sys, prober.notify; print('apprise' in sys.modules, 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False False\n"
