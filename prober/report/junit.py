"""The report for CI systems: JUnit XML, a test suite per target and a test case per probe.

A failed probe is a `failure`; an unknown verdict is an `error`, like a test whose own machinery broke. Tags are
properties of the test case. No standard defines the format. The order of elements, the three decimals of `time`, and
timestamps in UTC without a zone are what the schemas of Ant and Jenkins agree on; properties of a case are what pytest
writes, and readers take.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import Final, TextIO
from xml.etree import ElementTree as ET

from prober.outcome import Outcome, Verdict
from prober.report.details import as_lines, cause, evidence_notes, exchange_notes, headline, next_notes, warning_notes
from prober.report.summary import Summary, by_name
from prober.report.untrusted import block, line

_ELEMENT: Final = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error"}


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    summary = Summary.of(outcomes, started_at=started_at)
    totals = {"name": "mcp-prober", **_counts(outcomes), "time": _seconds(summary.duration_seconds)}
    root = ET.Element("testsuites", totals)
    for target, runs in groupby(by_name(outcomes), key=lambda outcome: outcome.target):
        root.append(_suite(target, list(runs), verbose=verbose))
    ET.indent(root)
    # ASCII with character references is right in every encoding that the stream may have.
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    stream.write(ET.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii") + "\n")


def _suite(target: str, outcomes: Sequence[Outcome], *, verbose: bool) -> ET.Element:
    begin = min(outcome.started_at for outcome in outcomes).astimezone(UTC)
    attributes = {
        "name": line(target),
        **_counts(outcomes),
        "skipped": "0",
        "time": _seconds(sum(outcome.duration_seconds for outcome in outcomes)),
        "timestamp": begin.strftime("%Y-%m-%dT%H:%M:%S"),
    }
    suite = ET.Element("testsuite", attributes)
    if facts := _server_facts(outcomes):
        properties = ET.SubElement(suite, "properties")
        for name, value in facts.items():
            ET.SubElement(properties, "property", name=name, value=line(value))
    for outcome in outcomes:
        suite.append(_case(outcome, verbose=verbose))
    return suite


def _case(outcome: Outcome, *, verbose: bool) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=line(outcome.target),
        name=line(outcome.probe),
        time=_seconds(outcome.duration_seconds),
    )
    if outcome.tags:
        properties = ET.SubElement(case, "properties")
        for tag in outcome.tags:
            ET.SubElement(properties, "property", name="tag", value=line(tag))
    if element := _ELEMENT.get(outcome.verdict):
        failure = ET.SubElement(case, element, message=headline(outcome), type=outcome.reason or outcome.verdict)
        lines = filter(None, (cause(outcome), block(outcome.message)))
        failure.text = "\n".join((*lines, *as_lines(chain(evidence_notes(outcome), next_notes(outcome)))))
    notes = chain(warning_notes(outcome), exchange_notes(outcome) if verbose else ())
    if output := "\n".join(as_lines(notes)):
        ET.SubElement(case, "system-out").text = output
    return case


def _server_facts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """The server of the target, as the first probe that reached it saw it."""
    server = next((outcome.server for outcome in outcomes if outcome.server.era), None)
    if server is None:
        return {}
    facts = {
        "mcp.era": server.era,
        "mcp.protocol_version": server.protocol_version,
        "mcp.server_name": server.name,
        "mcp.server_version": server.version,
    }
    return {name: value for name, value in facts.items() if value}


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {
        "tests": str(len(outcomes)),
        "failures": str(sum(outcome.verdict is Verdict.FAIL for outcome in outcomes)),
        "errors": str(sum(outcome.verdict is Verdict.UNKNOWN for outcome in outcomes)),
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
