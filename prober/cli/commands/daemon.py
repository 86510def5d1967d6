"""`daemon`: checks the options and runs the daemon until a signal stops it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import typer

from prober.cli.exit_codes import PASSED, refuse
from prober.cli.selection import paths_or_default, refuse_mistakes
from prober.cli.state_folder import state_folder
from prober.config import ConfigError
from prober.config.fields.labels import NAME as LABEL_NAME
from prober.config.fields.units import parse_duration, parse_size, show_size
from prober.config.model import Config
from prober.daemon import logs as daemon_logs
from prober.daemon.daemon import Daemon
from prober.daemon.opening import PublicPageError
from prober.daemon.settings import HOST, Settings
from prober.history import HistoryError, Retention
from prober.history.retention import SMALLEST
from prober.loader import load as load_config
from prober.notify import NotifyError
from prober.otel.environment import OtelError
from prober.schedule import Shard
from prober.web import PublicPage
from prober.web.http_server import EVERYWHERE

FORMATS: Final = ("auto", "json", "text")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_LABEL_NAME: Final = re.compile(LABEL_NAME.strip("^$"))
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
    processes: int = 1
    schedule: bool = True
    otel: bool = False
    public_page: str | None = None
    public_url: str | None = None
    public_group_by: str | None = None
    public_only: str | None = None


def daemon(options: DaemonOptions) -> int:
    """Run until SIGTERM or SIGINT, then end by that signal, so that the exit status of the process shows it."""
    if not options.schedule and options.history is not None:
        refuse("--history: with --no-schedule there are no results to keep")
    if options.log_format not in FORMATS:
        refuse(f"--log-format {options.log_format}: choose one of {', '.join(FORMATS)}")
    settings = _settings(options)
    paths = paths_or_default(options.paths)
    for_people = options.log_format == "text" or (options.log_format == "auto" and os.isatty(2))
    log_format: daemon_logs.Format = "text" if for_people else "json"
    settings = replace(settings, paths=tuple(path.absolute() for path in paths), log_format=log_format)
    daemon_logs.configure(log_format)

    def load() -> Config:
        return load_config(paths, environ=os.environ)

    try:
        number = asyncio.run(_run(settings, load))
    except ConfigError as error:
        refuse_mistakes(error, nothing_was="started")
    except (HistoryError, NotifyError, OtelError, PublicPageError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"--listen {options.listen}: {error.strerror or error}")
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    return PASSED  # not reached: both signals end the process


async def _run(settings: Settings, load: Callable[[], Config]) -> signal.Signals:
    """Serve until a stop signal, and return it. A second stop signal ends the process at once."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[signal.Signals] = loop.create_future()
    hangup = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if stopped.done():  # two signals came before the loop ran
            _kill_servers_and_exit(number, None)
        for other in _STOP_SIGNALS:
            loop.remove_signal_handler(other)
            signal.signal(other, _kill_servers_and_exit)
        stopped.set_result(number)

    try:
        prober = Daemon(settings, load)
    except ValueError as error:  # --external-url is no URL; mistakes in files are other errors
        refuse(str(error))
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop, number)
    loop.add_signal_handler(signal.SIGHUP, hangup.set)

    async def reload_on_hangup() -> None:
        while True:
            await hangup.wait()
            hangup.clear()
            await prober.reload()

    async with prober.running() as url:
        typer.echo(f"mcp-prober daemon on {url}")
        if prober.public_url is not None:
            typer.echo(f"page for others on {prober.public_url}")
        reloading = asyncio.create_task(reload_on_hangup(), name="reload on SIGHUP")
        try:
            return await stopped
        finally:
            reloading.cancel()
            await asyncio.wait([reloading])


_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def _kill_servers_and_exit(number: int, _frame: object) -> None:
    """End at once, and kill the servers that probes have started.

    Each server leads a process group of its own, so no signal from outside reaches it; a server that hangs does not
    even notice that nobody reads its output.
    """
    for children in Path("/proc/self/task").glob("*/children"):  # Linux only; other systems have no list of children
        with suppress(OSError):
            for child in children.read_text().split():
                with suppress(OSError):
                    os.killpg(int(child), signal.SIGKILL)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _settings(options: DaemonOptions) -> Settings:
    host, port = _address("--listen", options.listen)
    if options.location is not None and not _LABEL_VALUE.fullmatch(options.location):
        refuse(f"--location {options.location}: letters, digits, '.', '_' and '-', at most 63")
    return Settings(
        host=host,
        port=port,
        external_url=options.external_url,
        web_config=options.web_config,
        history=(options.history or _default_history_in_folder()) if options.keep_history else None,
        retention=_retention(options),
        state=state_folder(),
        concurrency=options.concurrency,
        processes=options.processes,
        shard=_shard(options.shard),
        location=options.location,
        drain=_seconds("--drain", options.drain),
        schedule=options.schedule,
        otel=options.otel,
        public=_public_page(options),
    )


def default_history() -> Path:
    """The file in the state folder."""
    return state_folder() / "history.db"


def _default_history_in_folder() -> Path:
    """The default file, its folder created. A folder from the command line is not created: it may be a typo."""
    path = default_history()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{path.parent} cannot be made: {error.strerror}; name another file: --history FILE, or --no-history")
    return path


def _public_page(options: DaemonOptions) -> PublicPage | None:
    if options.public_page is None:
        for name in ("url", "group_by", "only"):
            if getattr(options, f"public_{name}") is not None:
                refuse(f"--public-{name.replace('_', '-')}: there is no page without --public-page HOST:PORT")
        return None
    if not options.schedule:
        refuse("--public-page: with --no-schedule nothing is known of any target")
    host, port = _address("--public-page", options.public_page)
    if host in EVERYWHERE and options.public_url is None:
        refuse(f"--public-page {options.public_page}: badges and the feed link to it; name it with --public-url URL")
    if options.public_group_by is not None and not _LABEL_NAME.fullmatch(options.public_group_by):
        refuse(f"--public-group-by {options.public_group_by}: name a label, as in team")
    label, colon, value = (options.public_only or "").partition(":")
    if options.public_only is not None and not (colon and value and _LABEL_NAME.fullmatch(label)):
        refuse(f"--public-only {options.public_only}: write LABEL:VALUE, as in visibility:public")
    return PublicPage(
        host=host,
        port=port,
        url=options.public_url,
        group_by=options.public_group_by,
        only=(label, value) if options.public_only is not None else None,
    )


def _address(option: str, listen: str) -> tuple[str, int]:
    """`HOST:PORT`, `:PORT` for loopback, `[::1]:PORT`."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not _PORT.fullmatch(port) or int(port) > 65535 or (":" in host and not listen.startswith("[")):
        refuse(f"{option} {listen}: write HOST:PORT, as in {HOST}:9733 or [::1]:9733")
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
