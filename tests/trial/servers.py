"""The table of servers (`servers.toml`), and how one of them is started."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.real.install import node, system_program
from tests.real.process import free_port, running
from tests.trial.installing import python_program, script_of

TABLE: Final = Path(__file__).with_name("servers.toml")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One row of the table."""

    name: str
    sdk: str
    npm: str | None = None
    script: str = ""
    pypi: str | None = None
    program: str = ""
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    http: str | None = None
    sse: str | None = None
    host: str = "127.0.0.1"

    @property
    def package(self) -> str:
        return self.npm or self.pypi or ""

    @property
    def transport(self) -> str:
        return "HTTP" if self.http else "SSE" if self.sse else "stdio"


@dataclass(frozen=True, kw_only=True)
class Started:
    """A server that can be probed: at a URL, or by a command that the prober starts."""

    environment: Mapping[str, str]
    url: str | None = None
    sse: bool = False
    command: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """The arguments of `mcp-prober init`."""
        if self.url is not None:
            return [self.url, *(["--transport", "sse"] if self.sse else [])]
        env = (option for name, value in self.environment.items() for option in ("--env", f"{name}={value}"))
        return [*env, "--", *self.command]


def table() -> dict[str, Server]:
    return {name: _server(name, row) for name, row in tomllib.loads(TABLE.read_text(encoding="utf-8")).items()}


def needed_by(server: Server) -> list[Server]:
    """The servers of the table that this one starts."""
    names = re.findall(r"\{(?:npm|bin):([\w-]+)\}", " ".join(server.arguments))
    return [table()[name] for name in names]


def _server(name: str, row: dict[str, Any]) -> Server:
    return Server(name=name, **{**row, "arguments": tuple(row.get("arguments", ()))})


@contextmanager
def started(server: Server, folder: Path) -> Iterator[Started]:
    """The server, started if it speaks HTTP. `folder` is empty and the server's own."""
    home = folder / "home"
    home.mkdir()
    filled = _Filler(folder, port=free_port())
    command = (*_start_of(server), *(filled(argument) for argument in server.arguments))
    environment = {name: filled(value) for name, value in server.environment.items()}
    path = server.http or server.sse
    if path is None:
        yield Started(environment=environment, command=command)
        return
    everything = {"HOME": str(home), **environment}
    with running(command, port=filled.port, log=folder / "server.log", env=everything):
        yield Started(
            environment=environment, url=f"http://{server.host}:{filled.port}{path}", sse=server.sse is not None
        )


def _start_of(server: Server) -> tuple[str, ...]:
    if server.npm is not None:
        return (node(), str(script_of(server.npm, server.script)))
    assert server.pypi is not None
    return (str(python_program(server.pypi, server.program)),)


class _Filler:
    """Fills the placeholders of a text of the table."""

    def __init__(self, folder: Path, *, port: int):
        self._folder = folder
        self.port = port

    def __call__(self, text: str) -> str:
        return re.sub(r"\{([a-z]+)(?::([\w-]+))?\}", lambda found: self._value(found[1], found[2]), text)

    def _value(self, name: str, other: str | None) -> str:
        match name:
            case "port":
                return str(self.port)
            case "folder":
                return str(self._folder)
            case "files":
                return str(self._files())
            case "repository":
                return str(self._repository())
            case "node":
                return node()
            case "npm" | "bin":
                return _start_of(table()[other or ""])[-1]
        raise ValueError(f"servers.toml: {{{name}}} is no placeholder")

    def _files(self) -> Path:
        files = self._folder / "files"
        files.mkdir(exist_ok=True)
        (files / "hello.md").write_text("# Hello\n")
        return files

    def _repository(self) -> Path:
        repository = self._folder / "repository"
        repository.mkdir(exist_ok=True)
        blank = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        ada = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
        who = ada | {name.replace("AUTHOR", "COMMITTER"): value for name, value in ada.items()}
        for arguments in (("init", "--quiet"), ("commit", "--quiet", "--allow-empty", "--message", "Begin")):
            subprocess.run(
                [system_program("git"), *arguments], cwd=repository, env={**os.environ, **blank, **who}, check=True
            )
        return repository
