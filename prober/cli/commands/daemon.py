"""`daemon`: from the command line to a process that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import typer

from prober.cli.exit_codes import PASSED, refuse
from prober.cli.selection import paths_or_default, refuse_mistakes
from prober.config import ConfigError
from prober.config.model import Config
from prober.config.units import parse_duration, parse_size, show_size
from prober.daemon import Daemon, Settings
from prober.daemon import logs as daemon_logs
from prober.daemon.settings import HOST
from prober.history import HistoryError, Retention
from prober.history.retention import SMALLEST
from prober.loader import load as load_config
from prober.notify import NotifyError
from prober.schedule import Shard

FORMATS: Final = ("auto", "json", "text")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class DaemonOptions:
    """The options of `daemon`, as typed."""

    paths: Sequence[Path]
    listen: str
    external_url: str | None
    web_config: Path | None
    history: Path | None
    keep_history: bool
    history_keep_results: str
    history_keep_failures: str
    history_keep_rollups: str
    history_max_size: str
    concurrency: int
    shard: str | None
    location: str | None
    drain: str
    log_format: str


def daemon(options: DaemonOptions) -> int:
    """Run until SIGTERM or SIGINT; ends by the signal itself, so that whoever sent it sees it in the exit status."""
    if options.log_format not in FORMATS:
        refuse(f"--log-format {options.log_format}: choose one of {', '.join(FORMATS)}")
    settings = _settings(options)
    paths = paths_or_default(options.paths)
    for_people = options.log_format == "text" or (options.log_format == "auto" and os.isatty(2))
    daemon_logs.configure("text" if for_people else "json")

    def load() -> Config:
        return load_config(paths, environ=os.environ)

    try:
        number = asyncio.run(_run(settings, load))
    except ConfigError as error:
        refuse_mistakes(error, nothing_was="started")
    except (HistoryError, NotifyError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"--listen {options.listen}: {error.strerror or error}")
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    return PASSED  # not reached: both signals end the process


async def _run(settings: Settings, load: Callable[[], Config]) -> signal.Signals:
    """Serve until a signal says to stop, and return it. A second one ends the process at once."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[signal.Signals] = loop.create_future()
    hung_up = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if told.done():  # two signals came before the loop had its turn
            _end_at_once(number, None)
        for other in _STOPS:
            loop.remove_signal_handler(other)
            signal.signal(other, _end_at_once)
        told.set_result(number)

    prober = _built(settings, load)
    for number in _STOPS:
        loop.add_signal_handler(number, stop, number)
    loop.add_signal_handler(signal.SIGHUP, hung_up.set)

    async def reload_on_hangup() -> None:
        while True:
            await hung_up.wait()
            hung_up.clear()
            await prober.reload()

    async with prober.running() as url:
        typer.echo(f"mcp-prober daemon on {url}")
        reloading = asyncio.create_task(reload_on_hangup(), name="reload on SIGHUP")
        try:
            return await told
        finally:
            reloading.cancel()
            await asyncio.wait([reloading])


_STOPS: Final = (signal.SIGTERM, signal.SIGINT)


def _end_at_once(number: int, _frame: object) -> None:
    """Whoever tells a second time does not want to wait. Servers that were started here lead groups of their own, which
    nobody else would end: those that hang do not even notice that nobody reads what they write."""
    for children in Path("/proc/self/task").glob("*/children"):  # there on Linux; elsewhere there are none to be found
        with suppress(OSError):
            for child in children.read_text().split():
                with suppress(OSError):
                    os.killpg(int(child), signal.SIGKILL)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _built(settings: Settings, load: Callable[[], Config]) -> Daemon:
    try:
        return Daemon(settings, load)
    except ValueError as error:  # of --external-url; what is wrong with files is said otherwise
        refuse(str(error))


def _settings(options: DaemonOptions) -> Settings:
    host, port = _address(options.listen)
    if options.location is not None and not _LABEL_VALUE.fullmatch(options.location):
        refuse(f"--location {options.location}: letters, digits, '.', '_' and '-', at most 63")
    return Settings(
        host=host,
        port=port,
        external_url=options.external_url,
        web_config=options.web_config,
        history=(options.history or _usual_history()) if options.keep_history else None,
        retention=_retention(options),
        concurrency=options.concurrency,
        shard=_shard(options.shard),
        location=options.location,
        drain=_seconds("--drain", options.drain),
    )


def default_history() -> Path:
    """Where systemd says that state goes, or else the XDG base directory specification."""
    if folder := os.environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(folder) / "history.db"
    state = os.environ.get("XDG_STATE_HOME", "")
    home = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return home / "mcp-prober" / "history.db"


def _usual_history() -> Path:
    """Its folder is made if need be; one that was named on the command line is not, for it may be a slip."""
    path = default_history()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{path.parent} cannot be made: {error.strerror}; name another file: --history FILE, or --no-history")
    return path


def _address(listen: str) -> tuple[str, int]:
    """`HOST:PORT`, `:PORT` for loopback, `[::1]:PORT`."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not _PORT.fullmatch(port) or int(port) > 65535 or (":" in host and not listen.startswith("[")):
        refuse(f"--listen {listen}: write HOST:PORT, as in {HOST}:9733 or [::1]:9733")
    return host or HOST, int(port)


def _shard(text: str | None) -> Shard | None:
    if text is None:
        return None
    try:
        return Shard.parse(text)
    except ValueError:
        refuse(f"--shard {text}: write I/N with I from 1 to N, as in 2/5")


def _retention(options: DaemonOptions) -> Retention:
    size = parse_size(options.history_max_size)
    if size is None:
        refuse(f"--history-max-size {options.history_max_size}: write a size with its unit, as in 2GiB")
    if size < SMALLEST:
        refuse(f"--history-max-size {options.history_max_size}: a history needs {show_size(SMALLEST)} or more")
    try:
        return Retention(
            results=timedelta(seconds=_seconds("--history-keep-results", options.history_keep_results)),
            failures=timedelta(seconds=_seconds("--history-keep-failures", options.history_keep_failures)),
            rollups=timedelta(seconds=_seconds("--history-keep-rollups", options.history_keep_rollups)),
            max_bytes=size,
        )
    except (ValueError, OverflowError) as error:
        refuse(f"--history-keep-…: {error}")


def _seconds(option: str, text: str) -> float:
    seconds = parse_duration(text)
    if seconds is None:
        refuse(f"{option} {text}: write a duration with its unit, as in 10s or 30d")
    return seconds
