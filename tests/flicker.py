"""Counts the tests that needed a second run. Only a test marked `clock` may have one; pytest-rerunfailures gives it.

A second run follows the first at once, in the same process and under the same load. A test that fails twice is broken.
A test that fails once is named at the end of the report, and too many of them fail the run: a deadline that a busy
machine can spoil says nothing about the code that it is to watch.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import pytest

MOST: Final = 3
"""Tests that may need a second run in one run of the suite."""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # a worker of xdist sends its reports to the process that counts
        config.pluginmanager.register(Flicker(), "flicker")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("clock"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if getattr(item, "execution_count", 1) > 1:  # pytest-rerunfailures counts there
        item.user_properties.append(("flickered", "the first run failed"))


class Flicker:
    """Keeps the names of the tests that were run again, for the last lines of the report."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if str(report.outcome) == "rerun":
            self._names.append(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        yield  # all other summaries come first
        if terminalreporter.config.option.collectonly:
            return
        told = "".join(f"\n  {name}" for name in sorted(self._names))
        verdict = "; this run fails" if len(self._names) > MOST else ""
        terminalreporter.write_line(f"flickered: {len(self._names)} of at most {MOST}{verdict}{told}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        if len(self._names) > MOST and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        yield
