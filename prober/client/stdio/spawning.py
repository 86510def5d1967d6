"""How a child process is started, and why it could not be."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from prober.client.error_mapping import OUR_LACK
from prober.outcome import Evidence, Failure, Reason, Situation

NO_GUARDIAN: Final = errno.ECHILD
"""The error number for a guardian that ended before it could start anything. No start ends with it otherwise."""


def spawn(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None, pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - running the operator's command is the task
        list(command),
        env=env,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
        pass_fds=pass_fds,
    )


def not_started(error: Exception, program: str, *, cwd: Path | None, path: str) -> Failure:
    """The failure of a start. `path` is where the program was looked for."""
    ours = isinstance(error, OSError) and (error.errno in {*OUR_LACK, NO_GUARDIAN} or error.filename == sys.executable)
    reason = Reason.PROBER_SHORTAGE if ours else Reason.SPAWN_FAILED
    evidence = Evidence() if ours else _why_not(error, program, cwd=cwd, path=path)
    return Failure(reason, f"{program} could not be started: {_text(error)}", evidence=evidence)


def _why_not(error: Exception, program: str, *, cwd: Path | None, path: str) -> Evidence:
    if cwd is not None and not cwd.is_dir():
        return Evidence(situation=Situation.FOLDER_MISSING)
    if isinstance(error, FileNotFoundError):
        searched = None if "/" in program else f"PATH: {path}"
        return Evidence(situation=Situation.PROGRAM_MISSING, remedy=program, detail=searched)
    if isinstance(error, PermissionError):
        return Evidence(situation=Situation.PROGRAM_NOT_EXECUTABLE, remedy=program)
    return Evidence()


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    return str(error)
