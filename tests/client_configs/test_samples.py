"""A real file of each client becomes targets, and nothing of it is lost: every key is carried over, or named."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prober.client_configs import bundle, registry_entry
from prober.client_configs.document import Document, read_document
from prober.client_configs.formats import FORMATS, UNKNOWN, Format
from prober.client_configs.recognition import format_of, lists
from prober.config import ConfigError
from prober.loader import load
from tests.client_configs.samples import HERE, SAMPLES, placed, read, told


def test_every_format_has_a_sample() -> None:
    clients = {expected(sample)["client"] for sample in SAMPLES}
    assert clients == {each.client for each in FORMATS} - {UNKNOWN.client} | {bundle.CLIENT, registry_entry.CLIENT}
    assert {path.name for path in (HERE / "samples").iterdir()} == SAMPLES.keys()
    assert {path.stem for path in (HERE / "expected").iterdir()} == SAMPLES.keys()


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_read_from_a_file_of_each_client(sample: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    assert told(read(placed(sample, folder)), folder) == expected(sample)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_target_is_one_of_our_configuration(sample: str, tmp_path: Path) -> None:
    """With every variable set, `check` finds no mistake in what is written."""
    config = read(placed(sample, tmp_path))
    (tmp_path / "secrets").mkdir(exist_ok=True)
    (tmp_path / "secrets" / "key").write_text("a secret")
    targets = {server.name: dict(server.target) for server in config.servers if server.target}
    for number, target in enumerate(targets.values()):
        if "cwd" in target:
            folder = tmp_path / f"folder-{number}"
            folder.mkdir()
            target["cwd"] = str(folder)
        if "headers" in target:  # a file of the machine that has the server, not of this one
            target["headers"] = {name: text for name, text in target["headers"].items() if "/run/" not in text}
    environ = {name: "x1.example" for server in config.servers for name in server.variables}
    named = {f"target-{number}": target for number, target in enumerate(targets.values())}
    probes = {name: {"target": name, "kind": "handshake", "interval": "1d"} for name in named}
    file = tmp_path / "probes.yaml"
    file.write_text(json.dumps({"targets": named, "probes": probes}))
    assert load([file], environ=environ).targets.keys() == named.keys()


def expected(sample: str) -> Any:
    return json.loads((HERE / "expected" / f"{sample}.json").read_text("utf-8"))


def entries() -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """Every key of every server of the samples that can be probed; of the others the whole server is named."""
    for sample in SAMPLES:
        document = read_document(HERE / "samples" / sample / SAMPLES[sample])
        for (steps, entry), server in zip(servers_of(document), expected(sample)["servers"], strict=True):
            if "problem" not in server:
                yield from ((sample, steps, key) for key in entry)


def servers_of(document: Document) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    found = format_of(document)
    if isinstance(found, Format):
        for steps, listed in lists(found, document.value):
            yield from (((*steps, name), entry) for name, entry in listed.items())
    elif found == "manifest.json":
        yield ("server", "mcp_config"), document.value["server"]["mcp_config"]
    else:
        root = document.value.get("server", document.value)
        top = ("server",) if root is not document.value else ()
        for section in ("packages", "remotes"):
            yield from (((*top, section, index), entry) for index, entry in enumerate(root[section]))


@pytest.mark.parametrize(("sample", "steps", "key"), list(entries()), ids=str)
def test_no_key_is_dropped_silently(sample: str, steps: tuple[str | int, ...], key: str, tmp_path: Path) -> None:
    """A file without the key, or with another value, reads differently: in the target, or in what is said of it."""
    document = read_document(placed(sample, tmp_path))
    before = everything(document.value, tmp_path, document.file)
    assert any(
        everything(other, tmp_path, document.file) != before for other in without_or_changed(document.value, steps, key)
    ), f"{key} of {sample} has no effect"


def everything(value: Any, folder: Path, file: Path) -> Any:
    """What is read from a file with this content, or the mistakes in it."""
    target = file.with_suffix(".json")  # JSON with the names of TOML is read as TOML is
    target.write_text(json.dumps(value))
    try:
        return told(read(target), folder)
    except ConfigError as error:
        return [mistake.message for mistake in error.mistakes]


def without_or_changed(value: Any, steps: tuple[str | int, ...], key: str) -> Iterator[Any]:
    other = copy.deepcopy(value)
    del at(other, steps)[key]
    yield other
    other = copy.deepcopy(value)
    entry = at(other, steps)
    entry[key] = not entry[key] if isinstance(entry[key], bool) else "another"
    yield other


def at(value: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        value = value[step]
    return value


OF_ONE_CLIENT = [each for each in FORMATS if each.keys is not UNKNOWN.keys]

UNSEEN = {
    "Claude Code": {"alwaysLoad"},
    "VS Code": {"gallery", "version"},
    "Windsurf": {"alwaysAllow"},
    "Cline": {"transportType", "cwd"},
    "Zed": {"oauth", "remote", "settings"},
    "Codex": {"bearer_token", "experimental_environment", "name"},
}
"""Keys that older or newer versions of a client write, or that stand at a server that cannot be probed."""


@pytest.mark.parametrize("format_", OF_ONE_CLIENT, ids=lambda format_: format_.client)
def test_every_key_of_a_format_is_in_a_sample(format_: Format) -> None:
    shared = {"type", "command", "args", "env", "url", "headers", "disabled"}
    used = {key for sample, _, key in entries() if expected(sample)["client"] == format_.client}
    assert format_.keys.keys() - used - shared == UNSEEN.get(format_.client, set())
