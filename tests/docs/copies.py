"""The project as its users have it: a clone of the repository, and its wheels in an environment of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.docs.pages import ROOT
from tests.real.install import ENVIRONMENT, MODULES

_FOLDERS: Final = ("alerts", "dashboards", "deploy", "docs", "packages", "probes", "prober")
_BUILD: Final = 300.0
_SCRIPT: Final = """\
#!{python}
import sys
sys.path[:0] = [{root!r}, {root!r} + "/packages/mcp-state/src"]
from prober.cli import main
main()
"""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """Where commands are typed, and where their program is."""

    home: Path
    """The folder to be in: the clone's own, or an empty one."""
    program: Path
    """The console script."""
    shipped: Path
    """Its example probes."""
    ports: Mapping[str, int]
    """By an address of the documents, the free port of this machine that stands for it."""

    def environment(self, *, on_path: bool = True) -> dict[str, str]:
        """Of a shell that finds the program, if it is on the path, and the servers of the examples."""
        found = [self.program.parent] if on_path else []
        servers = self.home.parent / "servers"
        path = [*found, servers, "/usr/local/bin", "/usr/bin", "/bin"]
        _link_servers(servers)
        kept = {name: value for name, value in os.environ.items() if name in ("LANG", "LC_ALL", "TZ", "TMPDIR")}
        return kept | {
            "PATH": os.pathsep.join(map(str, path)),
            "HOME": str(self.home.parent),
            "COLUMNS": "80",
            "TOKEN": "t0ken-for-tests",
        }


def _link_servers(folder: Path) -> None:
    """The servers that the examples name, and the Node that some need, without anything of the project's own."""
    folder.mkdir(exist_ok=True)
    wanted = [ENVIRONMENT / name for name in ("mcp-server-time", "mcp-server-git", "node")]
    wanted += sorted((MODULES / ".bin").glob("mcp-server-*"))
    for path in wanted:
        if path.exists() and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)


def clone(folder: Path, ports: Mapping[str, int]) -> Copy:
    """The repository's own files, in a git repository, with the program where `make` puts it."""
    home = folder / "clone"
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    program = home / ".venv" / "bin" / "mcp-prober"
    program.parent.mkdir(parents=True)
    program.write_text(_SCRIPT.format(python=sys.executable, root=str(home)), encoding="utf-8")
    program.chmod(0o755)
    author = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for words in (("init", "--quiet"), ("add", "probes"), (*author, "commit", "--quiet", "--message", "as it is")):
        subprocess.run(["git", *words], cwd=home, check=True, timeout=60)
    return Copy(home=home, program=program, shipped=home / "probes", ports=ports)


def wheel(folder: Path) -> Path:
    """A fresh environment with both wheels of the repository, which borrows no more than the dependencies from ours."""
    environment, built = folder / "environment", folder / "wheels"
    for project in (ROOT, ROOT / "packages" / "mcp-state"):
        _ran(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built), cwd=project)
    _ran(sys.executable, "-m", "venv", "--without-pip", str(environment))
    python = environment / "bin" / "python"
    made = sorted(map(str, built.glob("*.whl")))
    assert len(made) == 2
    _ran(sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", *made)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return environment


def installed(environment: Path, folder: Path, ports: Mapping[str, int]) -> Copy:
    """An empty folder beside an environment with the wheel."""
    home = folder / "anywhere"
    home.mkdir()
    [shipped] = environment.glob("lib/python*/site-packages/prober/data/probes")
    return Copy(home=home, program=environment / "bin" / "mcp-prober", shipped=shipped, ports=ports)


def _ran(*command: str, cwd: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_BUILD, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
