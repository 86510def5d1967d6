"""A pytest plugin: `pytest --mcp-probes probes/` runs every probe as a test, named by its file and its own name.

    probes/notes.yaml::notes-search FAILED

A probe that ends as `fail` or `unknown` fails, with the text that `mcp-prober run` prints. pytest imports this module
in every run, so that it imports nothing of the prober before the option is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from prober.config.model import Config, Probe
    from prober.outcome import Outcome

MARKER: Final = "mcp_probe"
_UNKNOWN: Final = "The prober could not tell: this is not a finding about the server."
_FILES: Final = pytest.StashKey["_ProbeFiles"]()


class McpProbeWarning(pytest.PytestWarning):
    """What a run warned of, such as a latency beyond its `warn`."""


class ProbeFailed(Exception):  # noqa: N818 - as the verdict is called
    """A probe did not pass."""

    def __init__(self, outcome: Outcome):
        super().__init__(outcome.message)
        self.outcome = outcome


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("mcp-prober", "probes of MCP servers").addoption(
        "--mcp-probes",
        metavar="PATH",
        action="append",
        default=[],
        help="Run the probes of this file or folder as tests, beside what else is collected; may be repeated."
        f" -m {MARKER} leaves the rest away.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}: a probe of an MCP server, collected by --mcp-probes")
    if paths := config.getoption("--mcp-probes"):
        files = config.stash[_FILES] = _ProbeFiles.load(paths)
        named = [argument.partition("::")[0] for argument in config.args if "::" in argument]
        if not any(Path(path).resolve() in files.probes for path in named):
            config.args += [path for path in paths if path not in config.args]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    files = parent.config.stash.get(_FILES, None)
    if files is None or file_path.resolve() not in files.probes:
        return None
    return ProbeFile.from_parent(parent, path=file_path)


@dataclass(frozen=True, kw_only=True)
class _ProbeFiles:
    """The files that the option names, read as one configuration, and the probes that stand in each."""

    config: Config
    probes: dict[Path, list[Probe]]

    @classmethod
    def load(cls, paths: Sequence[str]) -> _ProbeFiles:
        from prober import ConfigError, load

        try:
            config = load(*paths)
        except ConfigError as error:
            raise pytest.UsageError(f"--mcp-probes: nothing was run.\n{error}") from None
        probes: dict[Path, list[Probe]] = {file.resolve(): [] for file in config.files}
        for probe in config.probes.values():
            probes[Path(probe.origin.rpartition(":")[0]).resolve()].append(probe)
        return cls(config=config, probes=probes)


class ProbeFile(pytest.File):
    """A configuration file with its probes."""

    def collect(self) -> Iterator[ProbeItem]:
        for probe in self.config.stash[_FILES].probes[self.path.resolve()]:
            yield ProbeItem.from_parent(self, name=probe.name, probe=probe)


class ProbeItem(pytest.Item):
    """One probe. `-k` finds it by its own name, its target, its kind and its tags. A disabled one is skipped."""

    def __init__(self, *, probe: Probe, **rest: Any):
        super().__init__(**rest)
        self.probe = probe
        self.add_marker(MARKER)
        self.extra_keyword_matches |= {probe.target, probe.kind, *probe.tags}
        if not probe.enabled:
            self.add_marker(pytest.mark.skip(reason="disabled: the configuration says `enabled: false`"))

    def runtest(self) -> None:
        import asyncio

        from prober import Verdict, run_probe
        from prober.report.untrusted import line

        # A loop of its own, and the one that the process may have is left as it is.
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            outcome = runner.run(run_probe(self.config.stash[_FILES].config, self.probe.name))
        reason = outcome.reason.value if outcome.reason else ""
        self.user_properties += [("verdict", outcome.verdict.value), ("reason", reason)]  # plain texts, for xdist
        if outcome.verdict is not Verdict.PASS:
            raise ProbeFailed(outcome)
        for warning in outcome.warnings:
            self.warn(McpProbeWarning(line(warning)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        if not isinstance(excinfo.value, ProbeFailed):
            return super().repr_failure(excinfo)
        return ProbeReport(excinfo.value.outcome, verbose=self.config.get_verbosity() > 1)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, int(self.probe.origin.rpartition(":")[2]) - 1, self.name


class ProbeReport:
    """A failure as pytest shows it: the lines of the table, and for the summary at the end the first of them."""

    def __init__(self, outcome: Outcome, *, verbose: bool):
        from prober import Verdict
        from prober.report.details import headline
        from prober.report.plain_text import lines

        self._lines = [*lines([outcome], verbose=verbose)]
        if outcome.verdict is Verdict.UNKNOWN:
            self._lines.append(_UNKNOWN)
        self.reprcrash = _Crash(message=f"{outcome.verdict.value}: {headline(outcome)}")

    def toterminal(self, writer: Any) -> None:
        """Called by pytest for a report that is no text."""
        for text in self._lines:
            writer.line(text)

    def __str__(self) -> str:
        return "\n".join(self._lines)


@dataclass(frozen=True, kw_only=True)
class _Crash:
    """Where pytest looks for one line about a failure."""

    message: str

    def __str__(self) -> str:
        return self.message
