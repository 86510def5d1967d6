"""The real servers that the tests are held against: `SERVERS`, name to context.

Each is given a folder of its own and yields a `RealServer`, whose `target` is what an operator would write in the
configuration. Servers on stdio are not started here: the prober does that.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tests.real.install import npm_script, program, system_program
from tests.real.process import free_port, running

ROOT: Final = Path(__file__).parents[2]

Era = Literal["modern", "handshake"]
HANDSHAKE: Final[tuple[Era, ...]] = ("handshake",)
BOTH: Final[tuple[Era, ...]] = ("modern", "handshake")


@dataclass(frozen=True, kw_only=True)
class RealServer:
    """A server that can be probed now."""

    name: str
    target: Mapping[str, Any]
    """In the words of the configuration."""
    eras: tuple[Era, ...]
    """What it speaks."""
    pid: int | None = None
    """Of the process that serves HTTP; None for stdio."""


@contextmanager
def everything_stdio(folder: Path) -> Iterator[RealServer]:
    command = [*npm_script("@modelcontextprotocol/server-everything"), "stdio"]
    yield RealServer(name="everything-stdio", target={"command": command}, eras=HANDSHAKE)


@contextmanager
def everything_http(folder: Path) -> Iterator[RealServer]:
    with _everything("streamableHttp", folder) as (port, pid):
        target = {"url": f"http://127.0.0.1:{port}/mcp"}
        yield RealServer(name="everything-http", target=target, eras=HANDSHAKE, pid=pid)


@contextmanager
def everything_sse(folder: Path) -> Iterator[RealServer]:
    with _everything("sse", folder) as (port, pid):
        target = {"url": f"http://127.0.0.1:{port}/sse", "transport": "sse"}
        yield RealServer(name="everything-sse", target=target, eras=HANDSHAKE, pid=pid)


@contextmanager
def _everything(mode: str, folder: Path) -> Iterator[tuple[int, int]]:
    command = [*npm_script("@modelcontextprotocol/server-everything"), mode]
    port = free_port()
    with running(command, port=port, log=folder / "everything.log", env={"PORT": str(port)}) as process:
        yield port, process.pid


@contextmanager
def filesystem(folder: Path) -> Iterator[RealServer]:
    """It serves `folder`/files, where `hello.txt` and a folder with `more.json` are."""
    files = folder / "files"
    (files / "sub").mkdir(parents=True)
    (files / "hello.txt").write_text("hello\n")
    (files / "sub" / "more.json").write_text('{"more": true}\n')
    command = [*npm_script("@modelcontextprotocol/server-filesystem"), str(files)]
    yield RealServer(name="filesystem", target={"command": command}, eras=HANDSHAKE)


@contextmanager
def memory(folder: Path) -> Iterator[RealServer]:
    """Its target_cache is in `folder`/memory.jsonl: one entity, `Ada`."""
    file = folder / "memory.jsonl"
    file.write_text('{"type":"entity","name":"Ada","entityType":"person","observations":["wrote notes"]}\n')
    target = {
        "command": npm_script("@modelcontextprotocol/server-memory"),
        "env": {"MEMORY_FILE_PATH": str(file)},
    }
    yield RealServer(name="memory", target=target, eras=HANDSHAKE)


@contextmanager
def clock(folder: Path) -> Iterator[RealServer]:
    """mcp-server-time."""
    command = [program("mcp-server-time"), "--local-timezone", "UTC"]
    yield RealServer(name="time", target={"command": command}, eras=BOTH)


@contextmanager
def git(folder: Path) -> Iterator[RealServer]:
    """mcp-server-git on `folder`/repository, which has two commits."""
    repository = folder / "repository"
    repository.mkdir()
    _git(repository, "init", "--quiet", "--initial-branch=main")
    for text in ("one\n", "one\ntwo\n"):
        (repository / "file.txt").write_text(text)
        _git(repository, "add", "file.txt")
        _git(repository, "commit", "--quiet", "--message", f"Write {text.split()[-1]}")
    command = [program("mcp-server-git"), "--repository", str(repository)]
    yield RealServer(name="git", target={"command": command}, eras=BOTH)


def _git(repository: Path, *arguments: str) -> None:
    """Run git as a stranger, whatever the machine's own settings are."""
    who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
    who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
    blank = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    env = {**os.environ, **who, **blank}
    subprocess.run([system_program("git"), *arguments], cwd=repository, env=env, check=True, timeout=20)


@contextmanager
def sdk_http(folder: Path) -> Iterator[RealServer]:
    with _sdk(folder) as (port, pid):
        yield RealServer(name="sdk-http", target={"url": f"http://127.0.0.1:{port}/mcp"}, eras=BOTH, pid=pid)


@contextmanager
def sdk_http_events(folder: Path) -> Iterator[RealServer]:
    """The same, but every answer is an event stream."""
    with _sdk(folder, "--events") as (port, pid):
        yield RealServer(name="sdk-http-events", target={"url": f"http://127.0.0.1:{port}/mcp"}, eras=BOTH, pid=pid)


@contextmanager
def _sdk(folder: Path, *options: str) -> Iterator[tuple[int, int]]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        fd, port = sock.fileno(), sock.getsockname()[1]
        command = [sys.executable, "-m", "tests.real.sdk_server", "http", str(fd), *options]
        env = {"PYTHONPATH": str(ROOT)}
        with running(command, port=port, log=folder / "sdk.log", env=env, pass_fds=[fd]) as process:
            yield port, process.pid


@contextmanager
def sdk_stdio(folder: Path) -> Iterator[RealServer]:
    command = [sys.executable, "-m", "tests.real.sdk_server", "stdio"]
    yield RealServer(name="sdk-stdio", target={"command": command, "cwd": str(ROOT)}, eras=BOTH)


SERVERS: Final[Mapping[str, Callable[[Path], AbstractContextManager[RealServer]]]] = {
    "everything-stdio": everything_stdio,
    "everything-http": everything_http,
    "everything-sse": everything_sse,
    "filesystem": filesystem,
    "memory": memory,
    "time": clock,
    "git": git,
    "sdk-http": sdk_http,
    "sdk-http-events": sdk_http_events,
    "sdk-stdio": sdk_stdio,
}
