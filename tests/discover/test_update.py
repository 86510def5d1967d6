"""`--update` adds what is new in a server to a file that a person has edited, and changes nothing else in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.model import Config
from prober.contract.contract import Contract, dump_contract, parse_contract
from prober.discover.surveyed import CalledTool, SkippedTool, SkipReason, Survey
from prober.discover.update import NotUpdatableError, Update, known_of, update_for
from prober.loader import load
from prober.outcome import ServerInfo

EDITED: Final = """\
# My probes. Do not touch!
targets:
  notes: {url: 'http://127.0.0.1:9/mcp'}   # behind the VPN

defaults:
    interval:   5m    # slower than usual
    timeout: 10s

probes:
  # the first one
  notes-handshake: {target: notes, kind: handshake}
  notes-catalog:
    target: notes
    kind: catalog
    tools: [list_notes,   old]  # these
    prompts:
      - greet

      - bye   # twice

  notes-list_notes:
    target: notes
    kind: call
    tool: list_notes
    latency:
      fail: 5s   # mine

  # notes-old:     # choose its arguments and take the marks away
  #   tool: old
"""


def called(name: str, **more: Any) -> CalledTool:
    return CalledTool(name=name, arguments={}, source="structured", schema={"type": "object"}, **more)


def survey(*tools: CalledTool | SkippedTool, listed: tuple[str, ...], prompts: tuple[str, ...] = ("greet",)) -> Survey:
    return Survey(
        server=ServerInfo(name="notes"),
        tools=tools,
        listed={"tools": listed, "prompts": prompts},
        lists=("tools", "prompts", "resources", "templates"),
        contract=Contract(tools={name: {"inputSchema": {"type": "object"}} for name in listed}),
    )


def updated(text: str, seen: Survey, folder: Path) -> tuple[Update, Config]:
    """The update, and the configuration before it."""
    file = folder / "notes.yaml"
    file.write_bytes(text.encode())
    config = load([folder], environ={}, contracts_may_be_missing=True)
    known = known_of(config, "notes")
    return update_for(text, seen, folder=folder, target="notes", known=known, config=config), config


def after(update: Update, folder: Path) -> Config:
    for path, text in update.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "notes.yaml").write_bytes(update.text.encode())
    return load([folder], environ={})


def is_within(old: str, new: str) -> bool:
    """Whether all of the old text is in the new one, in order: only additions were made."""
    rest = iter(new)
    return all(character in rest for character in old)


TARGETS: Final = EDITED[: EDITED.index("\ndefaults")]
VARIANTS: Final[dict[str, str]] = {
    "as it is": EDITED,
    "with Windows line ends": EDITED.replace("\n", "\r\n"),
    "without a last line end": EDITED.rstrip("\n"),
    "with a section behind the probes": EDITED.removeprefix(TARGETS) + "\n# at the end\n" + TARGETS,
    "with an empty list": EDITED.replace("[list_notes,   old]", "[]"),
    "with a comma at the end": EDITED.replace("[list_notes,   old]", "[list_notes,\n      old, # x\n    ]"),
    "with names of four spaces": EDITED.replace("\n    ", "\n      ").replace("\n  notes-", "\n    notes-"),
}


@pytest.mark.parametrize("text", VARIANTS.values(), ids=list(VARIANTS))
def test_what_is_new_is_added_and_every_character_stays(text: str, tmp_path: Path) -> None:
    update, before = updated(
        text, survey(called("tags"), listed=("list_notes", "tags"), prompts=("greet", "hi")), tmp_path
    )
    config = after(update, tmp_path)
    assert is_within(text, update.text)
    kept = iter(update.text.splitlines())
    assert all(line in kept for line in text.splitlines() if not re.search(r"tools:|\]  # these", line))
    assert set(config.probes) - set(before.probes) == {"notes-tags"}
    for probe in ("notes-handshake", "notes-list_notes"):
        assert config.probes[probe].settings == before.probes[probe].settings
    assert "tags" in config.probes["notes-catalog"].settings.tools
    assert config.probes["notes-catalog"].settings.prompts == ("greet", "bye", "hi")
    assert update.text.count("\r") == (update.text.count("\n") if "\r" in text else 0)
    assert update.new == {"tools": ("tags",), "prompts": ("hi",)}
    assert update.gone["prompts"] == ("bye",)


def test_nothing_new_changes_nothing(tmp_path: Path) -> None:
    update, _ = updated(EDITED, survey(listed=("list_notes", "old"), prompts=("greet", "bye")), tmp_path)
    assert update.text == EDITED
    assert (update.new, update.gone, update.files) == ({}, {}, {})


def test_what_has_gone_stays_and_is_named(tmp_path: Path) -> None:
    update, _ = updated(EDITED, survey(listed=("list_notes",)), tmp_path)
    assert update.text == EDITED
    assert update.gone == {"tools": ("old",), "prompts": ("bye",)}


def test_a_probe_that_a_person_took_out_does_not_come_back(tmp_path: Path) -> None:
    """`old` has no probe, but the catalogue knows it: somebody has decided."""
    update, config = updated(EDITED, survey(listed=("list_notes", "old")), tmp_path)
    assert "old" in known_of(config, "notes").tools
    assert update.probes == {}


def test_a_new_tool_with_arguments_for_a_person_is_added_as_a_template(tmp_path: Path) -> None:
    asking = SkippedTool(name="get_note", reason=SkipReason.MISSING, arguments={"id": 5})
    update, _ = updated(EDITED, survey(asking, listed=("list_notes", "old", "get_note")), tmp_path)
    assert is_within(EDITED, update.text)
    assert "  # notes-get_note:     # choose its arguments and take the marks away" in update.text
    assert "get_note]  # these" in update.text


def test_names_of_probes_and_schemas_that_are_there_are_not_taken(tmp_path: Path) -> None:
    schema = tmp_path / "schemas" / "notes" / "tags.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    update, _ = updated(EDITED, survey(called("tags"), called("list notes"), listed=("list_notes", "old")), tmp_path)
    assert update.probes == {"tags": "notes-tags-2", "list notes": "notes-list-notes"}
    assert schema not in update.files


def test_the_contract_grows_by_what_is_new_and_keeps_what_was_pinned(tmp_path: Path) -> None:
    pinned = Contract(tools={"list_notes": {"description": "as pinned", "inputSchema": {}}})
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "notes.json").write_text(dump_contract(pinned))
    text = EDITED.replace("    kind: catalog\n", "    kind: catalog\n    contract: contracts/notes.json\n")
    update, _ = updated(text, survey(called("tags"), listed=("list_notes", "tags")), tmp_path)
    grown = parse_contract(json.loads(update.files[tmp_path / "contracts" / "notes.json"]))
    assert grown.tools["list_notes"]["description"] == "as pinned"
    assert set(grown.tools) == {"list_notes", "tags"}


def test_probes_on_one_line_are_refused_and_told_how_to_be_written(tmp_path: Path) -> None:
    text = (
        "targets: {notes: {url: 'http://127.0.0.1:9/mcp'}}\n"
        "probes: {notes-handshake: {target: notes, kind: handshake}}\n"
    )
    with pytest.raises(NotUpdatableError, match="write it so"):
        updated(text, survey(called("tags"), listed=("tags",)), tmp_path)
