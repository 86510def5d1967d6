"""The mistakes that are put into code, what becomes of them, and that the table of rooms says what is there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.__main__ import ROOT, Score, of_room, out_of_date, sample
from tests.mutants.explained import Explained, read_explained
from tests.mutants.mutations import Mutant, mutants
from tests.mutants.rooms import ROOMS
from tests.mutants.trial import Fate

MISTAKES: Final = {
    "x = 1 < 2": ["x = 2 < 2", "x = 1 <= 2", "x = 1 < 3"],
    "x = a == b in c": ["x = a != b in c", "x = a == b not in c"],
    "x = a and not b": ["x = a or not b", "x = a and b"],
    "x = a + -b": ["x = a - -b", "x = a + +b"],
    "x: Final[int | None] = a | b": ["x: Final[int | None] = a & b"],
    "x = 'text'": ["x = 'XXtext'"],
    "x = f'{a} of {b:.1f}'": ["x = f'{a}XX of {b:.1f}'"],
    "x = f(a, b=True)": ["x = f(a)", "x = f(a, b=False)"],
    "x = min(a.find(b))": ["x = max(a.find(b))", "x = min(a.rfind(b))"],
    "x = [a for a in b if a]": ["x = [a for a in b if not a]"],
    "x = a if not b else c": ["x = a if b else c"],
    "def f(a: int = 1) -> int | None:\n    return a": [
        "def f(a: int=2) -> int | None:",
        "return None",
    ],
    "def f():\n    '''Says so.'''\n    assert a, 'text'\n    raise ValueError": ["pass"],
    "@cached(1)\ndef f():\n    a += 1": ["a -= 1", "a += 2", "pass"],
    "for a in b:\n    if a:\n        continue\n    f(a)": ["if not a:", "break", "pass"],
    "if TYPE_CHECKING:\n    from a import b": [],
    "'''What it is.'''": [],
}


@pytest.mark.parametrize("code", MISTAKES)
def test_each_mistake_is_made_once(code: str, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(code, encoding="utf-8")
    made = mutants("m.py", tmp_path)
    assert Counter(each.now for each in made) == Counter(MISTAKES[code])
    assert all(each.was != each.now for each in made)


def test_a_mutant_is_the_file_with_its_mistake_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("a = 1\n\n\ndef f():\n    return a + 1\n", encoding="utf-8")
    results = {}
    for each in mutants("m.py", tmp_path):
        names: dict[str, object] = {}
        exec(each.make(), names)
        results[each.line, each.scope, each.now] = names["a"], names["f"]()  # type: ignore[operator]
    assert results == {
        (1, "a", "a = 2"): (2, 3),
        (5, "f", "return a - 1"): (1, 0),
        (5, "f", "return a + 2"): (1, 3),
        (5, "f", "return None"): (1, None),
    }


def test_only_the_names_of_the_room_are_changed(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("a = 1\nb = 2\ndef c():\n    return 3\n", encoding="utf-8")
    assert {each.scope for each in mutants("m.py", tmp_path, ("b", "c"))} == {"b", "c"}


PROJECT: Final = """
import json, sys, time
from pathlib import Path
from tests.mutants import trial
from tests.mutants.mutations import mutants

root = Path(sys.argv[1])
sys.path.insert(0, str(root))
trial._LEAST = 3.0
baseline = trial.prepare(("test_m.py",), root)
assert baseline.passed
for seconds in (60, 0):
    until = time.monotonic() + seconds
    fates = trial.try_all(mutants("m.py", root), ("test_m.py",), root, baseline=baseline, jobs=2, until=until)
    print(json.dumps({mutant.now: fate.name for mutant, fate in fates}))
"""


def test_a_mutant_is_killed_survives_or_hangs(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def f(a):\n    while a < 3:\n        a += 1\n    return a\n", encoding="utf-8")
    (tmp_path / "test_m.py").write_text("import m\n\n\ndef test_f():\n    assert m.f(0) >= 3\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-c", PROJECT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=ROOT)
    fates, over = map(json.loads, done.stdout.splitlines())
    assert fates == {
        "while not a < 3:": "KILLED",
        "while a <= 3:": "SURVIVED",
        "while a < 4:": "SURVIVED",
        "pass": "TIMEOUT",
        "a -= 1": "TIMEOUT",
        "a += 2": "SURVIVED",
        "return None": "KILLED",
    }
    assert over == dict.fromkeys(fates, "NOT_RUN")


def mutant(now: str) -> Mutant:
    return Mutant(file="m.py", line=1, scope="f", was="a", now=now, make=lambda: compile("", "m.py", "exec"))


def explained(now: str) -> Explained:
    return Explained(file="m.py", scope="f", was="a", now=now, why="it changes nothing")


def test_what_is_explained_counts_neither_as_killed_nor_as_survived() -> None:
    fates = [
        *((mutant(f"killed {number}"), Fate.KILLED) for number in range(8)),
        *((mutant("hung"), Fate.TIMEOUT), (mutant("lives"), Fate.SURVIVED), (mutant("the same"), Fate.SURVIVED)),
    ]
    score = Score(room="r", fates=fates, explained=[explained("the same")])
    assert ([each.now for each in score.survivors], score.killed, score.share) == (["lives"], 9, 0.9)
    assert score.met
    assert not Score(room="r", fates=[*fates, (mutant("more"), Fate.SURVIVED)], explained=score.explained).met
    assert not Score(room="r", fates=[*fates, (mutant("late"), Fate.NOT_RUN)], explained=score.explained).met


def test_an_explanation_that_explains_nothing_is_out_of_date() -> None:
    fates = [(mutant("killed"), Fate.KILLED), (mutant("the same"), Fate.SURVIVED)]
    score = Score(room="r", fates=fates, explained=[explained(now) for now in ("killed", "the same", "gone", "unseen")])
    assert out_of_date(score, [*(each for each, _ in fates), mutant("unseen")]) == [
        "m.py: `killed` in f is explained, and killed",
        "m.py: nothing is changed from `a` to `gone` in f",
    ]


def test_a_sample_is_the_same_in_every_run() -> None:
    whole = [mutant(str(number)) for number in range(100)]
    chosen = sample(whole, 10)
    assert [each.now for each in chosen] == [each.now for each in sample(whole[::-1], 10)][::-1]
    assert len(chosen) == 10
    assert sample(whole, 100) == whole


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_has_the_files_the_names_and_the_tests_of_the_table(name: str) -> None:
    room = ROOMS[name]
    for test in room.tests:
        path, _, function = test.partition("::")
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8") or not function
    assert all((ROOT / file).is_file() for file in room.files)
    if room.only:
        assert {each.scope.partition(".")[0] for each in of_room(room)} == {*room.only}


def test_every_explanation_is_of_a_mutant_and_says_why() -> None:
    explained = read_explained()
    rooms = {file: room for room in ROOMS.values() for file in room.files}
    files = {each.file for each in explained}
    known = {each.key for file in files for each in mutants(file, ROOT, rooms[file].only)}
    for one in explained:
        assert (one.file, one.scope, one.was, one.now) in known
        assert one.why.endswith(".")
