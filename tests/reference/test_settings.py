"""Settings: every mistake is told, all at once; a password is never shown."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from prober.reference.settings import Settings

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"readers": 0}, "readers must be above 0, not 0"),
    ({"handle_lifetime": -1.0}, "handle_lifetime must be above 0, not -1.0"),
    ({"handle_lifetime": float("nan")}, "handle_lifetime must be above 0, not nan"),
    ({"commit_window": -0.1}, "commit_window must not be below 0, but is -0.1"),
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
    script = "import sys, prober.reference.serve, prober.reference.stores.sqlite; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
