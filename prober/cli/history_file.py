"""Asks the history of a daemon, which may be running: the file is only read."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TypeVar

from prober.cli.exit_codes import refuse
from prober.cli.state_folder import state_folder
from prober.files import is_file
from prober.history import HistoryError
from prober.history.reader import Question, Reader

T = TypeVar("T")


def ask_history(file: Path | None, question: Question[T], *, seconds: float, without: str) -> T:
    """The answer within so many seconds, of the file that was named or the one of the state folder.

    Where there is no file, or no answer, the command is refused; `without` is what is said where there is no file.
    """
    file = file or state_folder() / "history.db"
    if not is_file(file):
        refuse(f"{file}: there is no history{without}")
    reader = Reader(file, seconds=seconds)
    try:
        return reader.answer(question, time.monotonic() + seconds)
    except HistoryError as error:
        refuse(str(error))
    finally:
        reader.close()
