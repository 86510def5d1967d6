"""A target that a source gives: its name, its address, and whether it may be probed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from prober.config.fields.field_types import matches
from prober.config.fields.labels import LONGEST_VALUE, NAME, label_complaint
from prober.config.fields.secret import Secret, masked_secrets
from prober.config.fields.secrets_of_urls import query_values
from prober.config.fields.urls import PATTERN, complaint, without_query
from prober.config.sources import TargetSource
from prober.config.targets import Target, TransportName
from prober.report.untrusted import line

_LONGEST_NAME: Final = 100
_MOST_PROBLEMS: Final = 20


class SourceError(Exception):
    """A source gives nothing. Says why, without secrets."""


@dataclass(kw_only=True)
class Found:
    """What one look at a source gave."""

    source: TargetSource
    targets: dict[str, Target] = field(default_factory=dict)
    """By name."""
    left_out: int = 0
    """Entries that are no targets: malformed, opted out, or not to be probed from here."""
    problems: list[str] = field(default_factory=list)
    """Why, of the first of them."""
    _numbers: dict[str, int] = field(default_factory=dict, init=False)
    """By name that was wanted again, the last number behind it: to count from one each time would be quadratic."""

    def leave_out(self, what: str, why: str) -> None:
        """Count an entry that is no target. `what` may come from a stranger."""
        self.left_out += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(f"{line(what)[:200]}: {why}")

    def leave_label_out(self, what: str, name: str) -> None:
        """Say that a label of an entry was not taken. `name` may come from a stranger."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(f"{what}: the label {line(name)[:100]} was left out")

    def add(
        self,
        url: str,
        *,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        transport: TransportName | None = None,
        headers: Mapping[str, Secret] | None = None,
    ) -> None:
        """Take a server in, or count why not. `name` is made of the URL if there is none."""
        source, shown = self.source, without_query(url)
        if not matches(PATTERN, url):
            self.leave_out(shown, "no URL that begins with http:// or https://")
        elif (wrong := complaint(url)) is not None:
            self.leave_out(shown, wrong)
        elif (why := self._unwanted(url, name or "")) is not None:
            self.leave_out(shown, why)
        else:
            own = {**source.target.headers, **(headers or {})}
            target = replace(
                source.target,
                name=name or _of_url(url),
                url=url,
                address=without_query(url),
                transport=transport or source.target.transport,
                headers=own,
                labels={**source.target.labels, **self._labels(shown, labels or {})},
                public_only=source.registry is not None and not source.allow_private,
                secrets=masked_secrets(
                    source.target.secrets, [*(headers or {}).values(), *map(Secret, query_values(url))]
                ),
            )
            self.put(target)

    def put(self, target: Target) -> None:
        """Take a target in under a free name, or count that there are too many."""
        source = self.source
        if len(self.targets) >= source.most:
            self.leave_out(target.address, f"beyond the {source.most:,} targets that the source may give")
            return
        name = self._free(_as_name(target.name))
        self.targets[name] = replace(
            target,
            name=name,
            source=source.name,
            labels={**source.labels, **target.labels},
            of_registry=source.registry is not None,
            host_budget=source.requests_per_host,
            contact=source.contact,
        )

    def _unwanted(self, url: str, name: str) -> str | None:
        host = urlsplit(url).hostname or ""
        if any(fnmatchcase(each, pattern) for pattern in self.source.opt_out for each in (host, name) if each):
            return "opted out"
        if self.source.registry is None or self.source.allow_private:
            return None
        if not url.lower().startswith("https:"):
            return "not https, from a list that strangers write (allow_private: true takes it)"
        return None if _may_be_public(host) else "no public address (allow_private: true takes it)"

    def _labels(self, shown: str, given: Mapping[str, str]) -> dict[str, str]:
        taken: dict[str, str] = {}
        for name, value in given.items():
            if name.startswith("__"):
                continue
            if matches(NAME, name) and label_complaint(name) is None:
                taken[name] = line(value)[:LONGEST_VALUE]
            else:
                self.leave_label_out(shown, name)
        return taken

    def _free(self, name: str) -> str:
        free = name
        while free in self.targets:
            number = self._numbers[name] = self._numbers.get(name, 1) + 1
            free = f"{name}-{number}"
        return free


def _may_be_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:  # a name, whose addresses are looked at when it is resolved
        return "." in host.rstrip(".") and not host.rstrip(".").endswith((".localhost", ".local", ".internal"))


def _as_name(text: str) -> str:
    """A name of our own: what is not a letter, digit or one of `. _ -` is a `-`."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")
    return name[:_LONGEST_NAME] or "server"


def _of_url(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return f"{parts.hostname}{'-' + str(parts.port) if parts.port else ''}{'' if path == '/mcp' else path}"
