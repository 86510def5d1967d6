"""Settings: every mistake is told, all at once; a password is never shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prober.reference.__main__ import _redis_url
from prober.reference.settings import Settings

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"readers": 0}, "readers must be above 0, not 0"),
    ({"readers": 10**11}, "readers must not be above 256, but is 100000000000"),
    ({"redis_pool": 10**11}, "redis_pool must not be above 10000, but is 100000000000"),
    ({"breaker_window": 10**23}, f"breaker_window must not be above 10000, but is {10**23}"),
    ({"handle_lifetime": -1.0}, "handle_lifetime must be above 0, not -1.0"),
    ({"handle_lifetime": float("nan")}, "handle_lifetime must be above 0, not nan"),
    ({"commit_window": -0.1}, "commit_window must not be below 0, but is -0.1"),
    (
        {"breaker_window": 3},
        "breaker_window must not be below breaker_bad_calls, 5, but is 3",
    ),
    ({"snapshots_kept": 1}, "snapshots_kept must be 2 or more, not 1"),
    ({"port": 65_536}, "port must be between 0 and 65535, not 65536"),
    ({"sessions": ("a b",)}, "session handle 'a b' is not 1 to 64 characters of A-Z a-z 0-9 _ -"),
    ({"sessions": ("a\n",)}, "session handle 'a\\n' is not 1 to 64 characters of A-Z a-z 0-9 _ -"),
    (
        {"port": -1, "snapshot_every": 0},
        "snapshot_every must be above 0, not 0\nport must be between 0 and 65535, not -1",
    ),
]


@pytest.mark.parametrize(("settings", "says"), MISTAKES)
def test_mistakes_are_told(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        Settings(**settings)
    assert str(caught.value) == says


def test_the_url_of_redis_comes_from_its_option_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("redis://:hunter2@file/0\n")
    environ = {"MCP_PROBER_REDIS_URL": "redis://:hunter2@environment/0"}
    assert _redis_url(None, None, {}) is None
    assert _redis_url(None, None, environ) == "redis://:hunter2@environment/0"
    assert _redis_url("redis://option/0", None, environ) == "redis://option/0"
    assert _redis_url(None, file, environ) == "redis://:hunter2@file/0"


NO_URL = [
    (["--redis-url-file", "none"], "--redis-url-file none: [Errno 2] No such file or directory: 'none'\n"),
    (["--redis-url-file", "/dev/zero"], "--redis-url-file /dev/zero: longer than 8,192 characters, so no URL\n"),
    (["--redis-url-file", "empty"], "--redis-url-file empty: the file is empty\n"),
    (["--redis-url-file", "full", "--redis-url", "redis://x"], "give either --redis-url or --redis-url-file\n"),
]


@pytest.mark.parametrize(("options", "says"), NO_URL)
def test_a_file_that_gives_no_url_is_a_mistake(options: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "full").write_text("redis://127.0.0.1\n")
    done = _run("--store", "redis", *options, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", says)


def test_a_password_out_of_the_environment_is_shown_nowhere(tmp_path: Path) -> None:
    url = "redis://:hunter2@127.0.0.1:1/0"
    shown = _run("--help", folder=tmp_path, MCP_PROBER_REDIS_URL=url)
    assert "$MCP_PROBER_REDIS_URL, else redis://127.0.0.1:6379/0" in " ".join(shown.stdout.split())
    failed = _run("--store", "redis", folder=tmp_path, MCP_PROBER_REDIS_URL=url)
    assert (failed.returncode, failed.stdout) == (3, "")
    assert "Redis cannot be reached: Error 111 connecting to 127.0.0.1:1." in failed.stderr
    assert "hunter2" not in shown.stdout + shown.stderr + failed.stderr


def _run(*options: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "prober.reference", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
    )


def test_the_defaults_are_loopback_and_safe() -> None:
    settings = Settings()
    assert (settings.host, settings.store, settings.faults) == ("127.0.0.1", "sqlite", ())


def test_the_password_of_redis_is_not_shown() -> None:
    assert "hunter2" not in repr(Settings(redis_url="redis://:hunter2@127.0.0.1:6379/0"))


def test_a_redis_store_without_its_library_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['redis'] = None; from prober.reference.__main__ import main; "
        "sys.exit(main(['--store', 'redis']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "--store redis needs redis-py: pip install 'mcp-prober[redis]'\n"


def test_the_other_stores_do_not_import_redis() -> None:
    script = "import sys, prober.reference.serve, mcp_state.sqlite; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
