"""Files and folders that make one configuration."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from prober.config import ConfigError
from prober.config.fields.file_fields import MAX_JSON_BYTES
from prober.loader import load
from tests.config.conftest import ENVIRON, loaded, told

Write = Callable[..., Path]

TARGET = "targets: {server: {url: 'https://mcp.test/mcp'}}\n"
PROBE = "probes: {one: {target: server, kind: handshake}}\n"


def test_all_yaml_files_directly_in_a_folder_are_one_configuration(good: Path) -> None:
    config = loaded(good / "folder")
    assert [file.name for file in config.files] == ["probes.yaml", "slow.yaml", "targets.yml"]
    assert config.probes.keys() == {"reach", "reach-slowly"}
    assert config.probes["reach"].target in config.targets


def test_hidden_files_other_files_and_folders_within_are_left_alone(write: Write, tmp_path: Path) -> None:
    write(TARGET)
    write("[", ".probes.yaml")
    write("[", "notes.txt")
    write("[", "old.yaml/probes.yaml")
    assert [file.name for file in loaded(tmp_path).files] == ["probes.yaml"]


def test_several_paths_are_one_configuration(write: Write) -> None:
    config = load([write(PROBE, "a.yaml"), write(TARGET, "b.yaml")], environ={})
    assert (list(config.probes), list(config.targets)) == (["one"], ["server"])


def test_a_file_named_twice_is_read_once(write: Write, tmp_path: Path) -> None:
    file = write(TARGET + PROBE)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert load([file, tmp_path, link], environ={}).files == (file,)


def test_relative_paths_start_beside_a_link_not_behind_it(write: Write, tmp_path: Path) -> None:
    # Kubernetes mounts a ConfigMap as links into a folder that is swapped as a whole.
    write(TARGET + "probes: {one: {target: server, kind: call, tool: echo, schema: echo.json}}\n", "..data/probes.yaml")
    write("{}", "echo.json")
    link = tmp_path / "probes.yaml"
    link.symlink_to(tmp_path / "..data" / "probes.yaml")
    assert told(link) == []


def test_a_relative_path_does_not_depend_on_where_the_prober_runs(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("targets: {server: {command: [true], cwd: .}}\n".replace("[true]", "['true']"), "deep/probes.yaml")
    monkeypatch.chdir(tmp_path)
    assert loaded(Path("deep/probes.yaml")).targets["server"].cwd == tmp_path / "deep"


def test_a_name_that_two_files_define_is_told_with_both_places(write: Write, tmp_path: Path) -> None:
    first, second = write(TARGET + PROBE, "a.yaml"), write("\n" + PROBE, "b.yaml")
    assert told(tmp_path) == [f"2: probes.one: the name is taken: {first}:2"]
    assert told(second, first) == [f"2: probes.one: the name is taken: {second}:2"]


def test_files_that_say_the_same_of_a_target_may_each_define_it(write: Write, tmp_path: Path) -> None:
    write(TARGET + PROBE, "a.yaml")
    write("# the same again\n" + TARGET + PROBE.replace("one:", "two:"), "b.yaml")
    config = loaded(tmp_path)
    assert (list(config.targets), sorted(config.probes)) == (["server"], ["one", "two"])


@pytest.mark.parametrize("other", [TARGET.replace("/mcp", "/other"), TARGET.replace("}}", ", concurrency: 3}}")])
def test_a_target_that_files_define_in_two_ways_is_told_with_both_places(
    other: str, write: Write, tmp_path: Path
) -> None:
    first = write(TARGET + PROBE, "a.yaml")
    write(other, "b.yaml")
    assert told(tmp_path) == [f"1: targets.server: another target has the name: {first}:1"]


def test_a_target_with_a_mistake_is_there_all_the_same(write: Write) -> None:
    assert told(write("targets: {server: {url: nowhere}}\n" + PROBE)) == [
        "1: targets.server.url: expected a URL that begins with http:// or https://"
    ]


def test_a_folder_without_yaml_files_is_a_mistake(tmp_path: Path) -> None:
    assert told(tmp_path) == ["no *.yaml or *.yml file in this folder"]


def test_a_missing_path_is_a_mistake(tmp_path: Path) -> None:
    assert told(tmp_path / "nowhere.yaml") == ["no such file or directory"]


def test_a_path_through_a_file_is_a_mistake(write: Write) -> None:
    assert told(write(TARGET) / "probes.yaml") == ["not a directory"]


def test_mistakes_of_paths_stand_beside_those_of_files(write: Write, tmp_path: Path) -> None:
    file = write("probes: {one: {target: server, kind: handshake, timeout: 5}}\n")
    assert told(tmp_path / "nowhere.yaml", file) == [
        "no such file or directory",
        "1: probes.one.timeout: a duration needs a unit; write 5s",
        "1: probes.one.target: no such target",
    ]


def test_a_json_file_is_bounded(write: Write) -> None:
    write(" " * (MAX_JSON_BYTES + 1), "large.json")
    write('{"a":' * 100_000, "deep.json")
    file = write(
        TARGET
        + "probes:\n"
        + "  one: {target: server, kind: call, tool: echo, schema: large.json}\n"
        + "  two: {target: server, kind: call, tool: echo, schema: deep.json}\n"
    )
    assert told(file) == [
        "3: probes.one.schema: large.json: larger than 8 MiB",
        "4: probes.two.schema: deep.json: nested too deeply",
    ]


def test_a_pipe_is_never_waited_for(write: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    file = write(
        "targets: {server: {url: 'https://mcp.test/mcp', headers: {X-Key: '${file:pipe}'}}}\n"
        "probes: {one: {target: server, kind: call, tool: echo, schema: pipe}}\n"
    )
    assert told(file, environ=ENVIRON) == [
        "1: targets.server.headers.X-Key: ${file:pipe}: not a file",
        "2: probes.one.schema: not a file",
    ]


def test_a_probe_file_that_is_a_pipe_is_not_waited_for(write: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    write(TARGET + PROBE, "a.yaml")
    assert told(tmp_path) == ["not a file"]
    assert told(tmp_path / "pipe.yaml") == ["not a file"]


def test_a_pipe_that_a_person_names_is_read_to_its_end_and_one_in_a_folder_is_not(write: Write, tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, (TARGET + PROBE).encode())
    os.close(theirs)
    try:
        assert [*load([Path(f"/dev/fd/{ours}")], environ={}, pipes=True).probes] == ["one"]
    finally:
        os.close(ours)
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match="not a file"):
        load([tmp_path], environ={}, pipes=True)


def test_links_that_lead_in_a_circle_are_a_mistake(write: Write, tmp_path: Path) -> None:
    write(TARGET + PROBE, "a.yaml")
    circle = tmp_path / "circle.yaml"
    circle.symlink_to(circle)
    assert told(circle) == ["too many levels of symbolic links"]
    assert told(tmp_path) == ["too many levels of symbolic links"]


def test_a_name_that_is_too_long_is_a_mistake(tmp_path: Path) -> None:
    assert told(tmp_path / f"{'n' * 300}.yaml") == ["file name too long"]
