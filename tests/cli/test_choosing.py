"""Which probes `run` runs: names, patterns, tags, and what is disabled."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import typer

from prober.cli.selection import Choice, choose, load
from tests.cli.command import mcp_prober, written
from tests.cli.daily import BAD, GOOD, write

HTTP: Final = {"url": "http://127.0.0.1:9/mcp"}
DOCUMENT: Final[dict[str, Any]] = {
    "targets": {"eu-1": {**HTTP, "tags": ["eu", "prod"]}, "eu-2": {**HTTP, "tags": ["eu"]}, "us-1": HTTP},
    "probes": {
        "notes-read": {"target": "eu-1", "kind": "handshake", "tags": ["smoke"]},
        "notes-write": {"target": "eu-1", "kind": "handshake", "tags": ["slow", "eu"]},
        "search": {"target": "eu-2", "kind": "handshake", "tags": ["smoke", "slow"]},
        "far": {"target": "us-1", "kind": "handshake"},
        "off": {"target": "us-1", "kind": "handshake", "enabled": False},
    },
}

CHOICES: Final[tuple[tuple[dict[str, list[str]], list[str]], ...]] = (
    ({}, ["notes-read", "notes-write", "search", "far"]),
    ({"probes": ["notes-*"]}, ["notes-read", "notes-write"]),
    ({"probes": ["search", "far"]}, ["search", "far"]),
    ({"targets": ["eu-?"]}, ["notes-read", "notes-write", "search"]),
    ({"tags": ["smoke"]}, ["notes-read", "search"]),
    ({"tags": ["prod"]}, ["notes-read", "notes-write"]),  # the target's
    ({"tags": ["smoke", "slow"]}, ["notes-read", "notes-write", "search"]),  # any of them
    ({"tags": ["s*"]}, ["notes-read", "notes-write", "search"]),
    ({"tags": ["smoke"], "without_tags": ["slow"]}, ["notes-read"]),
    ({"without_tags": ["eu"]}, ["far"]),
    ({"tags": ["smoke"], "targets": ["eu-2"]}, ["search"]),  # both
)


@pytest.mark.parametrize(("choice", "wanted"), CHOICES, ids=[str(choice) for choice, _ in CHOICES])
def test_each_option_narrows_the_choice(choice: dict[str, list[str]], wanted: list[str], tmp_path: Path) -> None:
    config = load([Path(written(DOCUMENT, tmp_path))])
    assert [probe.name for probe in choose(config, Choice(**choice))] == wanted  # type: ignore[arg-type]


REFUSED: Final = (
    ({"probes": ["note-*"]}, "No probe matches 'note-*'. Did you mean 'notes-read'?"),
    ({"targets": ["zz*"]}, "No target matches 'zz*'. Known: eu-1, eu-2, us-1"),
    ({"tags": ["smok"]}, "There is no tag 'smok'. Did you mean 'smoke'?"),
    ({"without_tags": ["slwo"]}, "There is no tag 'slwo'. Did you mean 'slow'?"),
    ({"tags": ["prod"], "targets": ["us-1"]}, "No probe is left to run"),
    ({"probes": ["off"]}, "The probe 'off' is disabled: PATH:1 says `enabled: false`. Remove that, or"),
    ({"probes": ["of*"]}, "Every probe that was chosen is disabled. `mcp-prober run --disabled-too`"),
)


@pytest.mark.parametrize(("choice", "told"), REFUSED, ids=[told[:40] for _, told in REFUSED])
def test_a_choice_of_nothing_is_refused_with_the_nearest_name(
    choice: dict[str, list[str]], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(DOCUMENT, tmp_path)
    with pytest.raises(typer.Exit) as ended:
        choose(load([Path(file)]), Choice(**choice))  # type: ignore[arg-type]
    assert ended.value.exit_code == 2
    assert told.replace("PATH", file) in capsys.readouterr().err


def test_without_any_tag_a_tag_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = {"targets": {"t": HTTP}, "probes": {"p": {"target": "t", "kind": "handshake"}}}
    with pytest.raises(typer.Exit):
        choose(load([Path(written(document, tmp_path))]), Choice(tags=["smoke"]))
    assert capsys.readouterr().err == "There is no tag 'smoke'. There is none at all.\n"


def test_a_disabled_target_disables_its_probes_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = {**DOCUMENT, "targets": {**DOCUMENT["targets"], "us-1": {**HTTP, "enabled": False}}}
    config = load([Path(written(document, tmp_path))])
    assert {probe.name for probe in config.probes.values() if not probe.enabled} == {"far", "off"}
    with pytest.raises(typer.Exit):
        choose(config, Choice(probes=["far"]))
    assert "its target 'us-1' says `enabled: false`" in capsys.readouterr().err
    assert [probe.name for probe in choose(config, Choice(probes=["far"], disabled_too=True))] == ["far"]


async def test_what_is_disabled_is_not_run_and_in_no_report(reference: str, tmp_path: Path) -> None:
    file = write(
        tmp_path / "probes.yaml", reference, {"a": {**GOOD, "tags": ["x"]}, "b": {**BAD, "enabled": False}}, tags=["t"]
    )
    done = await mcp_prober("run", str(file), "--output", "json", cwd=tmp_path)
    assert (done.code, {name: result["tags"] for name, result in done.results.items()}) == (0, {"a": ["t", "x"]})
    assert done.err == "1 disabled probe left out\n"
    metrics = await mcp_prober("run", str(file), "--output", "prometheus", cwd=tmp_path)
    assert 'probe="a"' in metrics.out
    assert 'probe="b"' not in metrics.out
    once = await mcp_prober("run", str(file), "--disabled-too", "--output", "json", cwd=tmp_path)
    assert (once.code, once.results["b"]["verdict"]) == (1, "fail")
    checked = await mcp_prober("check", str(file), cwd=tmp_path)
    assert checked.out == "2 probes (1 disabled) of 1 target in 1 file, no mistakes\n"


async def test_tags_are_properties_in_junit(reference: str, tmp_path: Path) -> None:
    file = write(tmp_path / "probes.yaml", reference, {"a": {**GOOD, "tags": ["x", "y"]}})
    done = await mcp_prober("run", str(file), "--output", "junit", cwd=tmp_path)
    assert done.out.count('<property name="tag" value="') == 2
