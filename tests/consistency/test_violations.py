"""Each way to break a model, in a few lines: its reason, its witness, its sentence; and what only looks like it.

A trace that stands under `right` is as close to the one beside it as can be, and nothing is wrong with it.
"""

# ruff: noqa: E501 - whole traces

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from prober.consistency import judge_trace
from prober.outcome import Reason
from tests.consistency.writing import trace


@dataclass(frozen=True, kw_only=True)
class Case:
    """A wrong trace, and a right one."""

    model: str
    reason: Reason
    wrong: str
    right: str
    witness: tuple[int, ...]
    says: str
    about: tuple[tuple[str, Any], ...] = ()


CASES = {
    "counter-two-told-the-same-number": Case(
        model="counter",
        reason=Reason.LOST_UPDATE,
        wrong="0 increment 0-10 value=1\n1 increment 5-15 value=1",
        right="0 increment 0-10 value=1\n1 increment 5-15 value=2",
        witness=(0, 1),
        says="both told that they made number 1: one of the two is lost",
    ),
    "counter-fewer-than-acknowledged": Case(
        model="counter",
        reason=Reason.LOST_UPDATE,
        wrong="0 increment 0-10\n1 increment 5-15\n0 read 20-30 value=1",
        right="0 increment 0-10\n1 ?increment 5-15\n0 read 20-30 value=1",
        witness=(2, 0, 1),
        says="was told 1, although 2 increments had been acknowledged before it began",
    ),
    "counter-behind": Case(
        model="counter",
        reason=Reason.STALE_READ,
        wrong="0 increment 0-10 value=1\n1 read 20-30 value=0\n0 read 40-50 value=1",
        right="0 increment 0-25 value=1\n1 read 20-30 value=0\n0 read 40-50 value=1",
        witness=(1, 0),
        says="1 behind",
    ),
    "counter-back": Case(
        model="counter",
        reason=Reason.NON_MONOTONIC_READ,
        wrong="0 increment 0-90 value=1\n1 read 20-30 value=1\n1 read 40-50 value=0",
        right="0 increment 0-90 value=1\n1 read 20-30 value=0\n1 read 40-50 value=1",
        witness=(2, 1),
        says="the same client had seen more",
    ),
    "counter-counted-twice": Case(
        model="counter",
        reason=Reason.DUPLICATE_EFFECT,
        wrong="0 increment 0-10\n0 read 20-30 value=2",
        right="0 increment 0-10\n1 ?increment 5-8\n0 read 20-30 value=2",
        witness=(1, 0),
        says="some took effect twice",
    ),
    "counter-turned-down-and-counted": Case(
        model="counter",
        reason=Reason.PHANTOM_VALUE,
        wrong="0 increment 0-10\n1 !increment 5-8\n0 read 20-30 value=2",
        right="0 increment 0-10\n1 !increment 5-8\n0 read 20-30 value=1",
        witness=(2, 0),
        says="some that were turned down took effect",
    ),
    "register-two-winners": Case(
        model="register",
        reason=Reason.LOST_UPDATE,
        wrong="0 write 0-10 element=a given=3\n1 write 5-15 element=b given=3",
        right="0 write 0-10 element=a given=3\n1 !write 5-15 element=b given=3",
        witness=(0, 1),
        says="both expected version 3 and succeeded, so both made version 4",
    ),
    "register-value-of-another-version": Case(
        model="register",
        reason=Reason.TORN_READ,
        wrong="0 write 0-10 element=a given=3\n0 write 20-30 element=b given=4\n1 read 40-50 value=a version=5",
        right="0 write 0-10 element=a given=3\n0 write 20-30 element=b given=4\n1 read 40-50 value=b version=5",
        witness=(2, 1, 0),
        says='a value of another version, which client 0\'s write #0 (0.0 to 10.0 ms) wrote',
    ),
    "register-behind": Case(
        model="register",
        reason=Reason.STALE_READ,
        wrong="0 read 0-5 version=3\n0 write 6-10 element=a given=3\n1 read 20-30 version=3",
        right="0 read 0-5 version=3\n0 write 6-25 element=a given=3\n1 read 20-30 version=3",
        witness=(1, 2),
        says="shows version 3, although client 0's write #1 (6.0 to 10.0 ms) had made version 4 before it began",
    ),
    "register-own-write-unseen": Case(
        model="register",
        reason=Reason.STALE_READ,
        wrong="0 read 0-5 version=3\n0 write 6-10 element=a given=3\n0 read 20-30 version=3",
        right="0 read 0-5 version=3\n0 write 6-10 element=a given=3\n0 read 20-30 version=4 value=a",
        witness=(1, 2),
        says="the client does not see its own write",
    ),
    "register-back": Case(
        model="register",
        reason=Reason.NON_MONOTONIC_READ,
        wrong="0 write 0-99 element=a given=3\n1 read 20-30 version=4 value=a\n1 read 40-50 version=3",
        right="0 write 0-99 element=a given=3\n1 read 20-30 version=3\n1 read 40-50 version=4 value=a",
        witness=(1, 2),
        says="shows version 3, although client 1's read #1",
    ),
    "register-of-a-write-that-was-turned-down": Case(
        model="register",
        reason=Reason.PHANTOM_VALUE,
        wrong="0 read 0-5 version=3\n0 !write 6-10 element=a given=3\n1 read 20-30 version=4 value=a",
        right="0 read 0-5 version=3\n0 ?write 6-10 element=a given=3\n1 read 20-30 version=4 value=a",
        witness=(2, 1),
        says="which no write can have made",
    ),
    "register-skips-a-version": Case(
        model="register",
        reason=Reason.ORDER_VIOLATION,
        wrong="0 write 0-10 element=a version=4\n0 write 20-30 element=b version=6",
        right="0 write 0-10 element=a version=4\n0 write 20-30 element=b version=5",
        witness=(1,),
        says="made version 6, but nobody made version 5 before it",
    ),
    "register-staler-than-allowed": Case(
        model="register",
        reason=Reason.STALE_READ,
        wrong="0 write 0-10 element=a version=4\n1 read 200-210 version=3",
        right="0 write 0-10 element=a version=4\n1 read 100-110 version=3",
        witness=(0, 1),
        says="had made version 4 before it began",
        about=(("staleness", 0.1),),
    ),
    "register-stale-but-monotonic": Case(
        model="register",
        reason=Reason.NON_MONOTONIC_READ,
        wrong="0 write 0-10 element=a version=4\n1 read 20-30 version=4 value=a\n1 read 40-50 version=3",
        right="0 write 0-10 element=a version=4\n1 read 20-30 version=4 value=a\n2 read 40-50 version=3",
        witness=(1, 2),
        says="although the same client had read version 4",
        about=(("staleness", 0.1), ("guarantees", frozenset({"monotonic_reads"}))),
    ),
    "register-stale-but-sees-its-own": Case(
        model="register",
        reason=Reason.STALE_READ,
        wrong="0 write 0-10 element=a version=4\n0 read 20-30 version=3",
        right="0 write 0-10 element=a version=4\n1 read 20-30 version=3",
        witness=(0, 1),
        says="it does not see its own write",
        about=(("staleness", 0.1), ("guarantees", frozenset({"read_your_writes"}))),
    ),
    "log-appended-twice": Case(
        model="log",
        reason=Reason.DUPLICATE_EFFECT,
        wrong='0 append 0-10 element=a\n0 read 20-30 value=["a","a"]',
        right='0 append 0-10 element=a\n0 read 20-30 value=["a"]',
        witness=(1, 0),
        says='shows "a" twice',
    ),
    "log-lost": Case(
        model="log",
        reason=Reason.LOST_UPDATE,
        wrong='0 append 0-10 element=a\n1 append 5-15 element=b\n0 read 20-30 value=["a"]',
        right='0 append 0-10 element=a\n1 append 5-25 element=b\n0 read 20-30 value=["a"]',
        witness=(1, 2),
        says='neither this nor any other read ever shows "b"',
    ),
    "log-behind": Case(
        model="log",
        reason=Reason.STALE_READ,
        wrong='0 append 0-10 element=a\n1 read 20-30 value=[]\n0 read 40-50 value=["a"]',
        right='0 append 0-25 element=a\n1 read 20-30 value=[]\n0 read 40-50 value=["a"]',
        witness=(0, 1),
        says='does not show "a"',
    ),
    "log-two-pasts": Case(
        model="log",
        reason=Reason.ORDER_VIOLATION,
        wrong='0 append 0-10 element=a\n1 append 5-15 element=b\n0 read 20-30 value=["a","b"]\n1 read 21-31 value=["b","a"]',
        right='0 append 0-10 element=a\n1 append 5-15 element=b\n0 read 20-30 value=["a","b"]\n1 read 21-31 value=["a","b"]',
        witness=(3, 2),
        says="tell different pasts: at place 0",
    ),
    "log-against-time": Case(
        model="log",
        reason=Reason.ORDER_VIOLATION,
        wrong='0 append 0-10 element=a\n1 append 15-20 element=b\n0 read 25-30 value=["b","a"]',
        right='0 append 0-16 element=a\n1 append 15-20 element=b\n0 read 25-30 value=["b","a"]',
        witness=(0, 1),
        says="its element stands before it",
    ),
    "log-nobody-appended-it": Case(
        model="log",
        reason=Reason.PHANTOM_VALUE,
        wrong='0 append 0-10 element=a\n0 read 20-30 value=["a","z"]',
        right='0 append 0-10 element=a\n1 ?append 5-8 element=z\n0 read 20-30 value=["a","z"]',
        witness=(1,),
        says='shows "z", which nobody appended',
    ),
    "log-back": Case(
        model="log",
        reason=Reason.NON_MONOTONIC_READ,
        wrong='0 append 0-99 element=a\n1 read 20-30 value=["a"]\n1 read 40-50 value=[]',
        right='0 append 0-99 element=a\n1 read 20-30 value=[]\n1 read 40-50 value=["a"]',
        witness=(1, 2),
        says="does not show all 1 elements that",
    ),
    "set-lost": Case(
        model="set",
        reason=Reason.LOST_UPDATE,
        wrong='0 add 0-10 element=a\n1 add 5-15 element=b\n0 read 20-30 value=["a"]',
        right='0 add 0-10 element=a\n1 ?add 5-15 element=b\n0 read 20-30 value=["a"]',
        witness=(1, 2),
        says='neither this nor any other read ever shows "b"',
    ),
    "set-lost-again": Case(
        model="set",
        reason=Reason.LOST_UPDATE,
        wrong='0 add 0-10 element=a\n1 read 12-15 value=["a"]\n1 add 16-18 element=b\n0 read 20-30 value=["b"]',
        right='0 add 0-10 element=a\n1 read 12-15 value=["a"]\n1 add 16-18 element=b\n0 read 20-30 value=["b","a"]',
        witness=(1, 3, 0),
        says='does not show "a", which client 1\'s read #1 (12.0 to 15.0 ms) had shown before it began: it was lost again',
    ),
    "set-behind": Case(
        model="set",
        reason=Reason.STALE_READ,
        wrong='0 add 0-10 element=a\n1 read 20-30 value=[]\n1 read 40-50 value=["a"]',
        right='0 add 0-25 element=a\n1 read 20-30 value=[]\n1 read 40-50 value=["a"]',
        witness=(0, 1),
        says="a later read does",
    ),
    "set-fork": Case(
        model="set",
        reason=Reason.ORDER_VIOLATION,
        wrong='0 add 0-60 element=a\n1 add 5-65 element=b\n2 read 20-30 value=["a"]\n3 read 21-31 value=["b"]',
        right='0 add 0-60 element=a\n1 add 5-65 element=b\n2 read 20-30 value=["a"]\n3 read 21-31 value=["b","a"]',
        witness=(2, 3),
        says="there is no order of adds in which both are right",
    ),
    "set-added-twice": Case(
        model="set",
        reason=Reason.DUPLICATE_EFFECT,
        wrong='0 add 0-10 element=a\n0 read 20-30 value=["a","a"]',
        right='0 add 0-10 element=a\n0 read 20-30 value=["a"]',
        witness=(1, 0),
        says='shows "a" twice',
    ),
    "set-turned-down-and-shown": Case(
        model="set",
        reason=Reason.PHANTOM_VALUE,
        wrong='0 !add 0-10 element=a\n0 read 20-30 value=["a"]',
        right='0 ?add 0-10 element=a\n0 read 20-30 value=["a"]',
        witness=(1, 0),
        says="was turned down",
    ),
    "queue-lost": Case(
        model="queue",
        reason=Reason.LOST_UPDATE,
        wrong="0 enqueue 0-10 element=a\n1 dequeue 20-30",
        right="0 enqueue 0-25 element=a\n1 dequeue 20-30",
        witness=(1, 0),
        says="had put \"a\" in before it began, and nobody had ever been given that",
    ),
    "queue-lost-more-than-calls-without-an-answer": Case(
        model="queue",
        reason=Reason.LOST_UPDATE,
        wrong="0 enqueue 0-10 element=a\n0 enqueue 11-12 element=b\n1 ?dequeue 13-14\n1 dequeue 20-30",
        right="0 enqueue 0-10 element=a\n0 ?enqueue 11-12 element=b\n1 ?dequeue 13-14\n1 dequeue 20-30",
        witness=(3, 0, 1),
        says="2 elements that nobody was given had been put in before it began, the last by client 0's enqueue #1",
    ),
    "queue-given-to-two": Case(
        model="queue",
        reason=Reason.DUPLICATE_EFFECT,
        wrong="0 enqueue 0-10 element=a\n1 dequeue 20-30 value=a\n2 dequeue 25-35 value=a",
        right="0 enqueue 0-10 element=a\n1 dequeue 20-30 value=a\n2 dequeue 25-35",
        witness=(1, 2, 0),
        says="were both given \"a\", which client 0's enqueue #0 (0.0 to 10.0 ms) put in once",
    ),
    "queue-nobody-put-it-in": Case(
        model="queue",
        reason=Reason.PHANTOM_VALUE,
        wrong="0 enqueue 0-10 element=a\n1 dequeue 20-30 value=z",
        right="0 enqueue 0-10 element=a\n1 dequeue 20-30 value=a",
        witness=(1,),
        says="was given \"z\", which nobody put in",
    ),
    "queue-turned-down-and-given": Case(
        model="queue",
        reason=Reason.PHANTOM_VALUE,
        wrong="0 !enqueue 0-10 element=a\n1 dequeue 20-30 value=a",
        right="0 ?enqueue 0-10 element=a\n1 dequeue 20-30 value=a",
        witness=(1, 0),
        says="although client 0's enqueue #0 (0.0 to 10.0 ms) was turned down",
    ),
    "queue-given-before-it-was-put-in": Case(
        model="queue",
        reason=Reason.PHANTOM_VALUE,
        wrong="1 dequeue 0-5 value=a\n0 enqueue 10-20 element=a",
        right="1 dequeue 0-15 value=a\n0 enqueue 10-20 element=a",
        witness=(0, 1),
        says="before client 0's enqueue #1 (10.0 to 20.0 ms) began to put it in",
    ),
    "queue-overtaken": Case(
        model="queue",
        reason=Reason.ORDER_VIOLATION,
        wrong="0 enqueue 0-10 element=a\n0 enqueue 20-30 element=b\n1 dequeue 40-50 value=b\n1 dequeue 60-70 value=a",
        right="0 enqueue 0-10 element=a\n1 enqueue 5-30 element=b\n1 dequeue 40-50 value=b\n1 dequeue 60-70 value=a",
        witness=(2, 1, 0, 3),
        says="although \"a\" had been put in before it, by client 0's enqueue #0 (0.0 to 10.0 ms), and came out only by",
    ),
    "queue-overtaken-by-a-later-one": Case(
        model="queue",
        reason=Reason.ORDER_VIOLATION,
        wrong="0 enqueue 0-10 element=a\n0 enqueue 20-30 element=b\n1 dequeue 40-50 value=b",
        right="0 enqueue 0-10 element=a\n0 enqueue 20-30 element=b\n2 ?dequeue 35-36\n1 dequeue 40-50 value=b",
        witness=(2, 1, 0),
        says="and was still in the queue",
    ),
    "queue-overtook-more-than-calls-without-an-answer": Case(
        model="queue",
        reason=Reason.ORDER_VIOLATION,
        wrong="0 enqueue 0-10 element=a\n0 enqueue 11-12 element=b\n2 ?dequeue 13-14\n0 enqueue 20-30 element=c\n1 dequeue 40-50 value=c",
        right="0 enqueue 0-10 element=a\n0 ?enqueue 11-12 element=b\n2 ?dequeue 13-14\n0 enqueue 20-30 element=c\n1 dequeue 40-50 value=c",
        witness=(4, 3, 0, 1),
        says="although 2 elements had been put in before it, the last by client 0's enqueue #1 (11.0 to 12.0 ms), that nobody was given, and only 1",
    ),
    "queue-called-empty": Case(
        model="queue",
        reason=Reason.STALE_READ,
        wrong="0 enqueue 0-10 element=a\n1 dequeue 20-30\n1 dequeue 40-50 value=a",
        right="0 enqueue 0-10 element=a\n1 dequeue 20-30 value=a\n1 dequeue 40-50",
        witness=(1, 0, 2),
        says="was told that the queue is empty, although \"a\" was in it all the time",
    ),
    "queue-never-empty": Case(
        model="queue",
        reason=Reason.STALE_READ,
        wrong="0 enqueue 0-10 element=a\n1 dequeue 20-60\n0 enqueue 21-25 element=b\n2 dequeue 30-35 value=a\n2 dequeue 70-75 value=b",
        right="0 enqueue 0-10 element=a\n1 dequeue 20-60\n0 enqueue 21-31 element=b\n2 dequeue 30-35 value=a\n2 dequeue 70-75 value=b",
        witness=(1, 0, 3, 2, 4),
        says="although at each moment one of 2 elements was in it",
    ),
    "lock-held-twice": Case(
        model="lock",
        reason=Reason.EXCLUSION_BROKEN,
        wrong="0 acquire 0-10\n1 acquire 15-20\n0 release 30-40\n1 release 31-41",
        right="0 acquire 0-10\n1 acquire 15-33\n0 release 30-40\n1 release 34-41",
        witness=(0, 1, 2),
        says="both held the lock for 10.0 ms",
    ),
    "lock-expires": Case(
        model="lock",
        reason=Reason.EXCLUSION_BROKEN,
        wrong="0 acquire 0-10\n1 acquire 50-60",
        right="0 acquire 0-10\n1 acquire 50-101",
        witness=(0, 1),
        says="was granted while",
        about=(("ttl", 0.1),),
    ),
    "lock-one-token-twice": Case(
        model="lock",
        reason=Reason.EXCLUSION_BROKEN,
        wrong="0 acquire 0-10 version=5\n0 release 11-12\n1 acquire 15-20 version=5",
        right="0 acquire 0-10 version=5\n0 release 11-12\n1 acquire 15-20 version=6",
        witness=(0, 2),
        says="under the same fencing token 5",
    ),
    "lock-tokens-go-back": Case(
        model="lock",
        reason=Reason.ORDER_VIOLATION,
        wrong="0 acquire 0-10 version=5\n0 release 11-12\n1 acquire 15-20 version=4",
        right="0 acquire 0-10 version=5\n0 release 11-12\n1 acquire 15-20 version=9",
        witness=(2, 0),
        says="has the older fencing token, 4",
    ),
    "lock-stale-token-writes": Case(
        model="lock",
        reason=Reason.EXCLUSION_BROKEN,
        wrong="0 acquire 0-10 version=5\n0 release 11-12\n1 acquire 15-20 version=6\n0 write 25-30 given=5",
        right="0 acquire 0-10 version=5\n0 release 11-12\n1 acquire 15-20 version=6\n0 !write 25-30 given=5",
        witness=(2, 3),
        says="under fencing token 5 was accepted",
    ),
    "lock-not-released": Case(
        model="lock",
        reason=Reason.LOCK_STUCK,
        wrong="0 acquire 0-10\n0 release 15-20\n1 !acquire 25-30",
        right="0 acquire 0-10\n0 release 15-26\n1 !acquire 25-30",
        witness=(0, 1, 2),
        says="was turned down although the lock was free",
    ),
    "record-torn": Case(
        model="record",
        reason=Reason.TORN_READ,
        wrong='0 write 0-10 element=a\n1 write 5-15 element=b\n0 read 20-30 value=["a","b"]',
        right='0 write 0-10 element=a\n1 write 5-15 element=b\n0 read 20-30 value=["a","a"]',
        witness=(2, 0, 1),
        says="shows fields that no write put there together",
    ),
    "record-half-of-the-beginning": Case(
        model="record",
        reason=Reason.TORN_READ,
        wrong='0 read 0-1 value=[null,null]\n0 write 2-10 element=a\n0 read 20-30 value=["a",null]',
        right='0 read 0-1 value=[null,null]\n0 write 2-10 element=a\n0 read 20-30 value=["a","a"]',
        witness=(2, 1),
        says='["a", null]',
    ),
    "record-overwritten": Case(
        model="record",
        reason=Reason.STALE_READ,
        wrong='0 write 0-10 element=a\n1 write 15-20 element=b\n1 read 21-22 value=["b","b"]\n0 read 25-30 value=["a","a"]',
        right='0 write 0-16 element=a\n1 write 15-20 element=b\n1 read 21-22 value=["b","b"]\n0 read 25-30 value=["b","b"]',
        witness=(0, 1, 3),
        says="had shown something else in between",
    ),
    "record-back": Case(
        model="record",
        reason=Reason.NON_MONOTONIC_READ,
        wrong='0 write 0-10 element=a\n1 write 15-40 element=b\n2 read 21-22 value=["b","b"]\n2 read 25-30 value=["a","a"]',
        right='0 write 0-10 element=a\n1 write 15-40 element=b\n2 read 21-22 value=["a","a"]\n2 read 25-30 value=["b","b"]',
        witness=(0, 1, 3),
        says='shows "a"',
    ),
    "record-lost": Case(
        model="record",
        reason=Reason.LOST_UPDATE,
        wrong='0 write 0-10 element=a\n1 write 15-20 element=b\n0 read 25-30 value=["a","a"]',
        right='0 write 0-10 element=a\n1 ?write 15-20 element=b\n0 read 25-30 value=["a","a"]',
        witness=(0, 1, 2),
        says="no read ever shows what it wrote",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_violation_has_its_reason_witness_and_sentence(case: Case) -> None:
    violations = judge_trace(trace(case.model, case.wrong, **dict(case.about))).violations
    assert [each.reason for each in violations] == [case.reason]
    assert tuple(each.id for each in violations[0].witness) == case.witness
    assert case.says in violations[0].sentence


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_only_looks_like_it_is_right(case: Case) -> None:
    assert judge_trace(trace(case.model, case.right, **dict(case.about))).valid


def test_every_race_reason_has_a_case() -> None:
    from prober.consistency.verdict import SEVERITY

    assert {case.reason for case in CASES.values()} == set(SEVERITY)
