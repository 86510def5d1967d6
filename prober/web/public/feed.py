"""Incidents as an Atom feed (RFC 4287): ids that never change, absolute times, a new `updated` when something changed.

What is updated: an incident began, ended, or got a note. That it still goes on changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from prober.report.formatting import duration, exactly, rfc3339
from prober.report.untrusted import block, line
from prober.web.public.conditions import words_of
from prober.web.public.overview import Incident, Overview

CONTENT_TYPE: Final = "application/atom+xml; charset=utf-8"
_ATOM: Final = "http://www.w3.org/2005/Atom"


def feed_of(overview: Overview, *, url: str, started_at: datetime) -> str:
    """The document. `url` is that of the page, with a slash at its end; `started_at` is when the prober began."""
    incidents = overview.incidents or ()
    watched_since = datetime.combine(overview.watched_since or started_at.date(), time(), UTC)
    root = ET.Element("feed", xmlns=_ATOM)
    _text(root, "id", uuid5(NAMESPACE_URL, url).urn)
    _text(root, "title", "Incidents of MCP servers")
    _text(root, "updated", rfc3339(max(map(_updated, incidents), default=watched_since)))
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=f"{url}feed.atom")
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=url)
    _text(ET.SubElement(root, "author"), "name", "mcp-prober")
    for incident in sorted(incidents, key=_updated, reverse=True):
        _entry(root, incident, url)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _entry(root: ET.Element, incident: Incident, url: str) -> None:
    recorded = incident.recorded
    entry = ET.SubElement(root, "entry")
    _text(entry, "id", f"urn:uuid:{recorded.name}")
    _text(
        entry,
        "title",
        f"{line(incident.target)}: {words_of(recorded.symptoms)}{'' if recorded.until is None else ' (over)'}",
    )
    _text(entry, "published", rfc3339(recorded.since))
    _text(entry, "updated", rfc3339(_updated(incident)))
    ET.SubElement(entry, "link", rel="alternate", type="text/html", href=f"{url}#incident-{recorded.name}")
    _text(entry, "content", "\n\n".join([_told(incident), *_notes(incident)])).set("type", "text")


def _told(incident: Incident) -> str:
    since, until = incident.recorded.since, incident.recorded.until
    if until is None:
        return f"Since {exactly(since)}. It goes on."
    return f"From {exactly(since)} to {exactly(until)}, {duration((until - since).total_seconds())}."


def _notes(incident: Incident) -> list[str]:
    return [f"{exactly(note.at)}: {block(note.text)}" for note in reversed(incident.recorded.notes)]


def _updated(incident: Incident) -> datetime:
    recorded = incident.recorded
    return max(recorded.until or recorded.since, recorded.since, *(note.at for note in recorded.notes))


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element
