"""What the options of the history on the command line become."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

from prober.cli.arguments.operating import daemon
from prober.cli.commands.daemon import DaemonOptions, _settings
from prober.history import Retention


def _asked(**given: str) -> DaemonOptions:
    options = inspect.signature(daemon).parameters
    names = ("history_keep_results", "history_keep_failures", "history_keep_rollups", "history_max_size")
    usual = {name: options[name].default for name in names}
    return DaemonOptions(
        paths=(),
        listen="127.0.0.1:0",
        external_url=None,
        web_config=None,
        history=Path("history.db"),
        keep_history=True,
        concurrency=1,
        shard=None,
        location=None,
        drain="10s",
        log_format="json",
        **usual | given,
    )


def test_the_defaults_of_the_options_are_those_of_the_retention() -> None:
    assert _settings(_asked()).retention == Retention()


def test_each_option_sets_its_own() -> None:
    retention = _settings(
        _asked(
            history_keep_results="12h",
            history_keep_failures="1d12h",
            history_keep_rollups="800d",
            history_max_size="10GB",
        )
    ).retention
    assert retention == Retention(
        results=timedelta(hours=12), failures=timedelta(hours=36), rollups=timedelta(days=800), max_bytes=10**10
    )
