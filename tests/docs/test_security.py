"""SECURITY.md names the tests that carry attacks out: they are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_attack_names_tests_that_there_are() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    attacks = re.findall(r"^\| (.+) \| (`tests/.+`) \|$", text, flags=re.MULTILINE)
    assert len(attacks) > 20
    for attack, files in attacks:
        for file in re.findall(r"`(.+?)`", files):
            assert "def test_" in (ROOT / file).read_text(encoding="utf-8"), f"{attack}: {file}"
