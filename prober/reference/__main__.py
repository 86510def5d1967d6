"""`python -m prober.reference`: the reference server from a shell, with every setting as an option."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from prober.reference.logs import configure
from prober.reference.serve import serve, serve_stdio
from prober.reference.settings import Settings
from prober.reference.stores.errors import StoreError


def main(arguments: Sequence[str] | None = None, *, program: str = "python -m prober.reference") -> int:
    """Run until stopped. Exit code 0 after a stop, 2 for wrong settings, 3 where the server could not run."""
    options = vars(_parser(program).parse_args(arguments))
    stdio: bool = options.pop("stdio")
    listen: tuple[str, int] = options.pop("listen")
    configure()
    try:
        lists = {name: tuple(value) for name, value in options.items() if isinstance(value, list)}
        settings = Settings(**{**options, **lists}, host=listen[0], port=listen[1])
        if stdio:
            asyncio.run(serve_stdio(settings))
        else:
            asyncio.run(serve(settings, announce=lambda url: print(f"listening on {url}", flush=True)))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (StoreError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    add = parser.add_argument
    add("--stdio", action="store_true", help="serve standard input and output instead of HTTP")
    add("--listen", type=_address, default=(default.host, default.port), metavar="HOST:PORT")
    add("--allowed-host", dest="allowed_hosts", action="append", default=[], metavar="HOST[:PORT]")
    add("--store", choices=("sqlite", "redis", "memory"), default=default.store)
    add("--db", type=Path, default=default.db, metavar="PATH")
    add("--synchronous", choices=("NORMAL", "FULL"), default=default.synchronous)
    add("--redis-url", default=default.redis_url, metavar="URL")
    add("--redis-pool", type=int, default=default.redis_pool, metavar="CONNECTIONS")
    add("--session", dest="sessions", action="append", default=[], metavar="HANDLE")
    add("--fault", dest="faults", action="append", default=[], metavar="NAME[:DURATION][:RATE]")
    add("--fault-seed", type=int, default=default.fault_seed, metavar="N")
    for name in (
        "commit_window",
        "store_wait",
        "handle_lifetime",
        "purge_every",
        "cache_ttl",
        "lock_wait_warning",
    ):
        add(f"--{name.replace('_', '-')}", type=float, default=getattr(default, name), metavar="SECONDS")
    for name in ("drain", "readers", "snapshot_every", "snapshots_kept", "payload_limit"):
        add(f"--{name.replace('_', '-')}", type=int, default=getattr(default, name), metavar="N")
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


if __name__ == "__main__":
    sys.exit(main())
