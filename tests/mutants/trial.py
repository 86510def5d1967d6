"""One mistake, tried in a process of its own: a fork that has everything loaded but the project, and runs its tests."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import TemporaryFile
from types import CodeType
from typing import Any, Final

import pytest

from tests.mutants.mutations import Mutant

_PLUGINS: Final = ("__main__", "pytest_", "_pytest.pytester")
"""Modules that pytest wants to load, in each process anew."""
_OPTIONS: Final = (
    "-o",
    "addopts=--strict-markers",
    "-x",
    "-q",
    "--tb=no",
    "-p",
    "no:cacheprovider",
    "-p",
    "pytest_asyncio.plugin",
)
_MEMORY: Final = 4 * 1024**3
"""Bytes: a mistake that makes an endless list ends with a MemoryError, not with the machine."""
_LEAST: Final = 10.0
_TIMES: Final = 8
"""A mutant hangs when it takes that many times as long as the tests without it, and that many seconds at least."""


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "killed by timeout"
    SURVIVED = "survived"
    NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """How the tests are without a mistake."""

    passed: bool
    seconds: float
    said: str = ""
    """What pytest said where they failed."""


class _Finder(MetaPathFinder):
    """Finds one module with its mistake instead of the one on disk."""

    def __init__(self, path: Path, root: Path, code: CodeType) -> None:
        parts = path.relative_to(root).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.path, self.code = path, code

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        return spec_from_file_location(name, self.path, loader=_Loader(self.name, self.path, self.code))


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        super().__init__(name, str(path))
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        return self.code


def prepare(tests: tuple[str, ...], root: Path) -> Baseline:
    """Run the tests as they are, load what they load of others, and measure them again."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.chdir(root)
    reading, writing = os.pipe()
    with TemporaryFile() as output:
        child = _fork(tests, tell=writing, output=output.fileno())
        os.close(writing)
        with os.fdopen(reading) as pipe:
            modules = json.loads(pipe.read() or "[]")
        if os.waitpid(child, 0)[1] != 0:
            output.seek(0)
            return Baseline(passed=False, seconds=0.0, said=output.read().decode(errors="replace"))
    with warnings.catch_warnings(action="ignore"):
        for name in modules:
            with suppress(ImportError):  # a part of another module that cannot be asked for by its name
                importlib.import_module(name)
    began = time.monotonic()
    status = os.waitpid(_fork(tests), 0)[1]
    return Baseline(passed=status == 0, seconds=time.monotonic() - began)


def try_all(
    mutants: Iterable[Mutant], tests: tuple[str, ...], root: Path, *, baseline: Baseline, jobs: int, until: float
) -> Iterator[tuple[Mutant, Fate]]:
    """The fate of each mutant, as it becomes known. After `until`, of the monotonic clock, no more are begun."""
    limit = max(_LEAST, _TIMES * baseline.seconds)
    waiting, running = list(mutants)[::-1], dict[int, tuple[Mutant, float]]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs and time.monotonic() < until:
                mutant = waiting.pop()
                child = _fork(tests, finder=_Finder(root / mutant.file, root, mutant.make()))
                running[child] = mutant, time.monotonic()
            if waiting and not running:
                yield from ((mutant, Fate.NOT_RUN) for mutant in waiting[::-1])
                return
            time.sleep(0.005)
            for child, (mutant, began) in list(running.items()):
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    del running[child]
                    yield mutant, Fate.KILLED if status else Fate.SURVIVED
                elif time.monotonic() - began > limit:
                    del running[child]
                    _end(child)
                    yield mutant, Fate.TIMEOUT
    finally:
        for child in running:
            _end(child)


def _of_others() -> Iterator[str]:
    """What is loaded and does not belong to the project, whose modules each process loads for itself."""
    here = str(Path.cwd())
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        ours = file.startswith(here) and "site-packages" not in file
        if module is not None and not ours and not name.startswith(_PLUGINS):
            yield name


def _end(child: int) -> None:
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _fork(
    tests: tuple[str, ...], *, finder: _Finder | None = None, tell: int | None = None, output: int | None = None
) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        with Path(os.devnull).open("r+b") as nothing:
            for stream in (0, 1, 2):
                os.dup2(nothing.fileno() if stream == 0 or output is None else output, stream)
        if finder is not None:
            sys.meta_path.insert(0, finder)
        status = int(pytest.main([*_OPTIONS, *tests]))
        if tell is not None:
            with os.fdopen(tell, "w") as pipe:
                pipe.write(json.dumps(list(_of_others())))
    finally:
        os._exit(status)
