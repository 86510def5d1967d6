"""The configuration as frozen values: what the loader makes of YAML and every other room reads.

Durations are seconds (float), sizes bytes (int). Nothing here is validated: the loader has done it.
Defaults stand here, beside their fields, and nowhere else.

Values in which a `${…}` may have been put are either of type `Secret` or left out of the `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from prober.config.secret import Secret

if TYPE_CHECKING:  # what stands behind them takes longer to import than a small configuration to load
    from prober.judge.contract import Contract
    from prober.judge.expect import Expectation
    from prober.judge.schema import Schema

Transport = Literal["http", "sse", "stdio"]
Protocol = Literal["auto", "modern", "handshake"]
Source = Literal["structured", "text", "result"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one answer may cost us, in bytes. A server that sends more is `too_large`.

    The defaults keep the parsing of one answer below 50 ms on a slow core; agents choke on far less.
    """

    body: int = 2 * 1024 * 1024
    """Bytes of one HTTP body as they come over the wire."""
    decompressed: int = 2 * 1024 * 1024
    """Bytes of one HTTP body after decompression."""
    event: int = 1024 * 1024
    """Bytes of one Server-Sent Event."""
    line: int = 2 * 1024 * 1024
    """Bytes of one line on a stdio server's standard output."""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How a target's certificate is checked and which one is shown to it. Paths are absolute."""

    ca_file: Path | None = field(default=None, repr=False)
    client_certificate: Path | None = field(default=None, repr=False)
    client_key: Path | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """OAuth 2 client credentials grant (RFC 6749 section 4.4)."""

    token_url: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: Secret
    scope: str | None = field(default=None, repr=False)
    audience: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many requests a target may be sent within any stretch of `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Window:
    """A maintenance window: opens at each time of the cron expression (UTC), stays open for `duration` seconds."""

    cron: str
    duration: float


@dataclass(frozen=True, kw_only=True)
class Notify:
    """Who is told of a change, without Prometheus: Apprise URLs, and after how many failures in a row."""

    urls: tuple[Secret, ...]
    after: int = 3


@dataclass(frozen=True, kw_only=True)
class Target:
    """One MCP server. `url` is set for `http` and `sse`, `command` for `stdio`."""

    name: str
    address: str = ""
    """`url` or `command` to show to people: as written, each `${…}` left as it is, without a URL's query."""
    transport: Transport = "http"
    url: str | None = field(default=None, repr=False)
    command: tuple[str, ...] = field(default=(), repr=False)
    cwd: Path | None = field(default=None, repr=False)
    """Where the command runs; None is where the prober runs."""
    env: Mapping[str, Secret] = field(default_factory=dict)
    headers: Mapping[str, Secret] = field(default_factory=dict)
    auth: ClientCredentials | None = None
    tls: Tls = Tls()
    proxy: Secret | None = None
    protocol: Protocol = "auto"
    limits: Limits = Limits()
    allow_writes: bool = False
    concurrency: int = 2
    """How many of its probes the daemon runs at a time."""
    budget: Budget | None = None
    """What the daemon may send it; None is no end."""
    maintenance: tuple[Window, ...] = ()
    secrets: tuple[Secret, ...] = ()
    """What must be masked wherever this target's traffic is shown: every value that a `${…}` stood for, and the values
    of headers, environment, proxy and client secret. None is empty."""


@dataclass(frozen=True, kw_only=True)
class HandshakeSettings:
    """Reach the server, negotiate, close. `second_opinion` asks the official SDK client as well."""

    second_opinion: bool = False
    expect_version: str | None = None
    """The protocol version that must be negotiated, e.g. `2025-11-25`."""


@dataclass(frozen=True, kw_only=True)
class CatalogSettings:
    """Read every page of tools, resources, templates and prompts."""

    tools: tuple[str, ...] = ()
    """Names that must be there; likewise below."""
    resources: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    contract: Contract | None = None
    contract_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Budget of the judged request, from its first byte sent to its answer's last byte read, in seconds."""

    warn: float | None = None
    fail: float | None = None


@dataclass(frozen=True, kw_only=True)
class Checks:
    """How one answer is judged."""

    source: Source = "structured"
    """`from:` in YAML. `structured` judges `structuredContent`, `text` the text content parsed as JSON, `result` the
    whole result object. For `read` and `prompt` the default is `result`."""
    schema: Schema | None = None
    expect: tuple[Expectation, ...] = ()
    latency: Latency = Latency()


@dataclass(frozen=True, kw_only=True)
class CallSettings:
    """Call one tool and judge its answer."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    checks: Checks = Checks()


@dataclass(frozen=True, kw_only=True)
class ReadSettings:
    """Read one resource."""

    uri: str = field(repr=False)
    checks: Checks = Checks(source="result")


@dataclass(frozen=True, kw_only=True)
class PromptSettings:
    """Get one prompt. Prompt arguments are strings by the specification."""

    prompt: str
    arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    checks: Checks = Checks(source="result")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One tool call of a scenario. `{name}` in arguments stands for a captured value: see `placeholders`."""

    name: str
    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    capture: Mapping[str, str] = field(default_factory=dict)
    """Variable name to JSONPath over the judged value; each must select exactly one node."""
    checks: Checks = Checks()


@dataclass(frozen=True, kw_only=True)
class ScenarioSettings:
    """Steps in order, in one session, then cleanup, which runs whatever became of the steps."""

    steps: tuple[Step, ...]
    cleanup: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RaceCall:
    """The tool that stands for one operation of a model, and where its answer says what the model needs.

    Placeholders in arguments: `{scratch}`, `{client}`, what `setup` captured; `{op}`, the unique text that a write
    writes; `{version}`, the version last seen or the lock's fencing token; `{value}`, what the acquire was told.
    """

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    source: Source = "structured"
    value: str | None = None
    """JSONPath of what the answer shows; for a collection of all its elements, or of the array."""
    version: str | None = None
    fields: tuple[str, ...] = ()
    """JSONPaths of the fields of a record."""
    conflict_when: tuple[Expectation, ...] = ()
    """Expectations over the whole result: where all hold, the operation was turned down and had no effect."""
    weight: int = 1


@dataclass(frozen=True, kw_only=True)
class RaceSettings:
    """Several clients on one scratch object at once, their history held against a model."""

    model: str
    calls: Mapping[str, RaceCall]
    """By the model's names for its operations."""
    clients: int = 4
    processes: int | None = None
    """How many server processes the clients of a stdio target share; None is two. One answers one call at a time."""
    operations: int = 200
    seconds: float = 10.0
    """How long the clients race at most; never longer than the deadline leaves room for."""
    setup: Step | None = None
    cleanup: Step | None = None
    ttl: float | None = None
    """Seconds for which a lock is granted; None where it does not expire."""
    staleness: float | None = None
    guarantees: frozenset[str] = frozenset()
    seed: int | None = None
    """What chooses operations and delays; None is another one for every run."""


Settings = (
    HandshakeSettings | CatalogSettings | CallSettings | ReadSettings | PromptSettings | ScenarioSettings | RaceSettings
)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A named check against one target. `timeout` is the one deadline of a run; `interval` is the daemon's."""

    name: str
    target: str
    kind: str
    settings: Settings
    interval: float = 60.0
    timeout: float = 10.0
    allow_writes: bool = False
    cron: str | None = None
    """When the daemon runs it (UTC), in place of `interval`."""
    maintenance: tuple[Window, ...] = ()
    origin: str = ""
    """`file:line` where it was defined, for reports."""
    secrets: tuple[Secret, ...] = ()
    """Every value that a `${…}` stood for in the arguments. None is empty."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything of one configuration: a file, or a folder of files read as one."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    notify: Notify | None = None
    files: tuple[Path, ...] = ()
