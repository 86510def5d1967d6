"""Traces beside the cases of `test_violations`, a model (of a lock: its ttl) and its lines: `verdicts.txt` keeps what is said of each."""

# ruff: noqa: E501 - whole traces

from __future__ import annotations

from typing import Final

TRACES: Final[dict[str, tuple[str, str]]] = {
    "set-the-second-of-two-twice": (
        "set",
        '0 add 0-10 element=a\n0 add 11-12 element=b\n0 read 20-30 value=["a","b","b"]',
    ),
    "set-nobody-added-it-and-it-is-there-twice": ("set", '0 add 0-10 element=a\n0 read 20-30 value=["a","z","z"]'),
    "set-several-missing-at-once": (
        "set",
        "0 ?add 0-1 element=d\n1 ?add 0-1 element=c\n2 ?add 0-1 element=b\n3 ?add 0-1 element=a\n4 ?add 0-1 element=e\n"
        '5 read 20-40 value=["a","b","c","d"]\n6 read 21-41 value=["e","f","g","h","i"]',
    ),
    "set-hidden-from-one-of-two-at-the-same-time": (
        "set",
        '0 add 0-10 element=a\n1 read 12-15 value=["a"]\n1 add 16-18 element=b\n2 read 20-30 value=["b"]\n'
        '3 read 20-31 value=["a","b"]',
    ),
    "set-lost-before-another": (
        "set",
        '2 read 5-30 value=["b"]\n0 add 6-10 element=a\n1 add 15-20 element=b',
    ),
    "set-shown-before-it-was-added": ("set", '0 read 0-5 value=["a"]\n1 add 10-20 element=a'),
    "set-added-after-and-shown-before": (
        "set",
        '0 add 0-10 element=a\n2 read 12-40 value=["b"]\n3 read 13-41 value=["b","a"]\n1 add 15-20 element=b',
    ),
    "log-the-second-of-two-twice": (
        "log",
        '0 append 0-10 element=a\n0 append 11-12 element=b\n0 read 20-30 value=["a","b","b"]',
    ),
    "log-nobody-appended-it-and-it-is-there-twice": (
        "log",
        '0 append 0-10 element=a\n0 read 20-30 value=["a","z","z"]\n0 read 40-50 value=["z"]',
    ),
    "log-shown-before-it-was-appended": ("log", '0 read 0-5 value=["a"]\n1 append 10-20 element=a'),
    "log-shown-before-an-append-of-unknown-outcome": ("log", '0 read 0-5 value=["a"]\n1 ?append 10-20 element=a'),
    "log-turned-down-and-shown": (
        "log",
        '0 append 0-10 element=a\n1 !append 0-10 element=b\n0 read 20-30 value=["a","b"]\n1 read 21-30 value=["b"]',
    ),
    "log-lost-before-another": (
        "log",
        '2 read 5-30 value=["b"]\n0 append 6-10 element=a\n1 append 15-20 element=b',
    ),
    "record-of-a-write-that-was-turned-down": (
        "record",
        '0 write 0-10 element=a\n1 !write 5-15 element=b\n0 read 20-30 value=["b","b"]',
    ),
    "record-of-a-write-that-had-not-begun": (
        "record",
        '0 write 0-10 element=a\n0 read 20-30 value=["b","b"]\n1 write 40-50 element=b',
    ),
    "record-that-nobody-wrote": (
        "record",
        '0 read 0-1 value=["x","x"]\n0 write 2-10 element=a\n0 read 20-30 value=["z","z"]\n0 read 40-50 value=["z","y"]',
    ),
    "record-of-two-beginnings": (
        "record",
        '0 write 0-10 element=a\n1 read 2-3 value=["x","y"]\n1 read 4-5 value=["y","x"]\n0 read 20-30 value=["x","y"]',
    ),
    "lock-held-for-ever": ("lock", "0 acquire 0-10\n1 acquire 15-20"),
    "lock-held-twice-and-once-more": (
        "lock",
        "0 acquire 0-10\n1 acquire 15-20\n2 ?acquire 16-20\n1 release 21-22\n3 acquire 25-30\n0 release 40-50",
    ),
    "lock-within-the-errors-of-two-clocks": (
        "lock 0.1",
        "0 acquire 0-10\n1 !acquire 110-110\n2 !acquire 120-130",
    ),
    "lock-nobody-has-held": ("lock", "0 !acquire 0-10\n1 acquire 15-20"),
    "lock-three-tokens-and-an-old-writer": (
        "lock",
        "0 acquire 0-10 version=5\n0 release 11-12\n1 acquire 15-20 version=7\n1 release 21-22\n"
        "2 acquire 25-30 version=6\n2 release 31-32\n0 write 40-50 given=6\n1 write 41-51 given=7\n2 write 42-52 given=5",
    ),
    "lock-granted-too-late-to-be-held": (
        "lock 0.1",
        "0 acquire 0-200\n1 acquire 205-210\n2 acquire 215-220",
    ),
    "lock-a-grant-without-a-token": (
        "lock",
        "0 acquire 0-1\n0 release 2-3\n1 acquire 4-5 version=5\n1 release 6-7\n2 acquire 8-9 version=4",
    ),
    "lock-given-back-twice": (
        "lock",
        "0 acquire 0-10\n0 ?release 11-12\n1 acquire 15-20\n0 release 21-22\n1 release 23-24\n0 release 25-26\n2 !acquire 30-40",
    ),
    "lock-granted-as-a-write-began": ("lock", "0 acquire 0-10 version=6\n1 write 10-20 given=5"),
    "counter-begins-at-what-was-read": (
        "counter",
        "0 read 0-1 value=5\n0 increment 2-10\n1 read 20-30 value=4\n1 read 40-50 value=7",
    ),
    "counter-numbers-go-back": (
        "counter",
        "0 increment 0-10 value=2\n1 increment 20-30 value=1\n2 read 40-50 value=2\n3 increment 60-70 value=2",
    ),
    "register-told-another-version-than-it-made": (
        "register",
        "0 write 0-10 element=a given=3 version=5\n1 read 20-30 version=4 value=a",
    ),
    "register-value-of-the-beginning": (
        "register",
        "0 read 0-5 version=3 value=x\n1 read 0-6 version=3 value=y\n2 read 0-7 version=3 value=a\n"
        "0 write 10-20 element=a given=3\n1 read 30-40 version=4 value=x",
    ),
    "register-value-that-was-turned-down": (
        "register",
        "0 write 0-10 element=a given=3\n1 !write 5-15 element=b given=3\n2 read 20-30 version=4 value=b",
    ),
    "register-the-first-that-may-have-made-it": (
        "register",
        "0 read 0-1 version=3\n1 ?write 2-10 element=a given=3\n2 write 12-15 element=c given=4\n"
        "3 ?write 20-30 element=b given=3",
    ),
    "register-one-is-no-truth": (
        "register",
        "0 read 0-5 version=3 value=1\n1 read 0-6 version=3 value=true\n2 read 0-7 version=3 value=1",
    ),
    "register-blind-writers-of-unknown-outcome": (
        "register",
        "0 read 0-5 version=3 value=x\n1 ?write 6-10 element=a\n2 ?write 6-11 element=b given=4\n"
        "0 read 20-30 version=5 value=b\n0 read 40-50 version=4 value=c",
    ),
}
