"""`python -m prober.reference`: the reference server from a shell, with every setting as an option."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from mcp_state.errors import StoreError, StoreUnavailableError
from mcp_state.logs import configure
from prober.reference.faults.catalog import FAULTS
from prober.reference.serve import serve, serve_stdio
from prober.reference.settings import Settings


def main(arguments: Sequence[str] | None = None, *, program: str = "python -m prober.reference") -> int:
    """Run until stopped. Exit code 0 after a stop, 2 for wrong settings, 3 where the server could not run."""
    options = vars(_parser(program).parse_args(arguments))
    stdio: bool = options.pop("stdio")
    listen: tuple[str, int] = options.pop("listen")
    url_file: Path | None = options.pop("redis_url_file", None)
    configure()
    try:
        if url := _redis_url(options.pop("redis_url", None), url_file, os.environ):
            options["redis_url"] = url
        lists = {name: tuple(value) for name, value in options.items() if isinstance(value, list)}
        settings = Settings(**{**options, **lists}, host=listen[0], port=listen[1])
        if stdio:
            asyncio.run(serve_stdio(settings))
        else:
            asyncio.run(serve(settings, announce=lambda url: print(f"listening on {url}", flush=True)))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except StoreUnavailableError as error:
        print(f"{error}: {error.detail}" if error.detail else error, file=sys.stderr)
        return 3
    except (StoreError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser(
        prog=program,
        description="An MCP server whose shared state is right, measured from inside, and breakable on purpose.",
        epilog="Faults, each with the reason a prober gives: "
        + ", ".join(f"{name} ({kind.reason})" for name, kind in FAULTS.items()),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    listen = f"{default.host}:{default.port}"
    add("--listen", type=_address, default=listen, metavar="HOST:PORT", help="where to serve HTTP; port 0 is any")
    add("--stdio", action="store_true", help="serve standard input and output instead")
    add(
        "--http-status",
        action="store_true",
        help="answer HTTP 503 where the store is busy or down and HTTP 500 where a write conflicts, not a tool error",
    )
    add("--store", choices=("sqlite", "redis", "memory"), default=default.store, help="memory is an exhibit: it loses")
    add("--synchronous", choices=("NORMAL", "FULL"), default=default.synchronous, help="FULL outlives a power cut")
    for name, of, metavar, text in _VALUES:
        add(f"--{name.replace('_', '-')}", type=of, default=getattr(default, name), metavar=metavar, help=text)
    hidden = argparse.SUPPRESS  # no default to show: what the environment says may hold a password
    add("--redis-url", default=hidden, metavar="URL", help=f"redis://, rediss:// or unix:// (default: {_URL_SOURCES})")
    add(
        "--redis-url-file", type=Path, default=hidden, metavar="PATH", help="a file that holds the URL and nothing else"
    )
    for option, name, metavar, text in _LISTS:
        add(option, dest=name, action="append", default=[], metavar=metavar, help=f"{text}; may be given again")
    return parser


_URL_VARIABLE: Final = "MCP_PROBER_REDIS_URL"
_LONGEST_URL: Final = 8192
_URL_SOURCES: Final = f"${_URL_VARIABLE}, else {Settings.redis_url}"

_VALUES: Final[tuple[tuple[str, Callable[[str], object], str, str], ...]] = (
    ("db", Path, "PATH", "the SQLite file"),
    ("redis_pool", int, "N", "connections to Redis at most"),
    ("redis_ping", float, "SECONDS", "a connection to Redis that was idle for longer is checked before use"),
    ("breaker_bad_calls", int, "N", "so many bad calls in its window open the circuit breaker of the store"),
    ("breaker_window", int, "N", "how many of the newest calls the breaker looks at"),
    ("breaker_slow", float, "SECONDS", "a call that took longer is a bad one, answered or not"),
    ("readers", int, "N", "reading connections to the SQLite file"),
    ("commit_window", float, "SECONDS", "how long a write waits to share a commit; 0: each commits alone"),
    ("store_wait", float, "SECONDS", "how long a call waits for a connection or a write lock"),
    ("handle_lifetime", float, "SECONDS", "how long a session lives after its last write"),
    ("purge_every", float, "SECONDS", "how often what expired is freed"),
    ("cache_ttl", float, "SECONDS", "how old a cached configuration may get"),
    ("snapshot_every", int, "EVENTS", "after how many events a workflow's state is written down"),
    ("snapshots_kept", int, "N", "the newest, and as many of every second, of every fourth and so on"),
    ("payload_limit", int, "BYTES", "of one JSON argument"),
    ("lock_wait_warning", float, "SECONDS", "a longer wait for a lock is logged"),
    ("drain", int, "SECONDS", "how long running calls may take when the server stops"),
    ("fault_seed", int, "N", "makes the rates of faults repeatable"),
)

_LISTS: Final = (
    ("--allowed-host", "allowed_hosts", "HOST[:PORT]", "a Host header to serve beside the loopback names"),
    ("--session", "sessions", "HANDLE", "a session to make at start, which never expires: for probes to read"),
    ("--fault", "faults", "NAME[:DURATION][:RATE]", "a failure to begin with, such as slow:250ms:0.5"),
)


def _redis_url(given: str | None, file: Path | None, environ: Mapping[str, str]) -> str | None:
    """The URL from the option, the file or the environment, in this order; None for the default.

    Other users of the machine can read a command line; a URL with a password belongs into one of the other two.

    Raises:
        ValueError: both options are given, or the file cannot be used.
    """
    if file is None:
        return given or environ.get(_URL_VARIABLE)
    if given:
        raise ValueError("give either --redis-url or --redis-url-file")
    try:
        with file.open(encoding="utf-8") as opened:
            url = opened.read(_LONGEST_URL + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--redis-url-file {file}: {error}") from error
    if len(url) > _LONGEST_URL:
        raise ValueError(f"--redis-url-file {file}: longer than {_LONGEST_URL:,} characters, so no URL")
    if not url:
        raise ValueError(f"--redis-url-file {file}: the file is empty")
    return url


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


if __name__ == "__main__":
    sys.exit(main())
