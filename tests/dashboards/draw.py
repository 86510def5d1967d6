"""`python -m tests.dashboards.draw [DIR]`: draws every dashboard with Grafana's own libraries, and judges it.

A story is told three times to a real Prometheus: with all its troubles, healthy, and with probers that die at its
end. Each dashboard is drawn for all three in headless Chromium at 1280 px, as imported by file and as provisioned; the
one with troubles at 1920 px and on a phone too.
Every question has to be answered, every panel to be done with numbers in it (but for those in EMPTY, and where probers
died), every annotation to be found where the story has one, and no script may fail. The pictures go to DIR, if one is
named; those of the troubles are kept in dashboards/images.

Needs Prometheus, promtool, Chromium, Node, and the packages of `render/`: 550 MB, by `npm ci --legacy-peer-deps`.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.programs import program

from .past import Past, remembered
from .reading import FOLDER, NAMES
from .schema import KEPT, made

_RENDER: Final = Path(__file__).parent / "render"
_BUILD: Final = 120.0
_DRAW: Final = 1800.0

CHOSEN: Final[Mapping[str, Mapping[str, str]]] = {
    "fleet": {},
    "target": {"var-target": "payments"},
    "state": {"var-target": "reference"},
    "prober": {},
}

EMPTY: Final[Mapping[str, str]] = {
    # by "dashboard/panel" or "dashboard@target/panel", after its past if only there: why it is rightly empty
    "target/Ends of the kept process": "no process is kept",
    "target/Start and end of the process": "no process of its own",
    "prober/Worker processes": "no prober has worker processes",
    "prober/Shards": "no prober is a shard",
    "healthy: prober/Runs lost, by prober": "none was left out",
    "healthy: fleet/Contract changes": "no server changed",
    "target@notes/Ends of the kept process": "no process is kept",
    "target@notes/Call budget left": "no budget is set",
    "target@notes/Tools": "no probe lists its tools",
    "target@notes/Certificate": "a child process has no TLS",
    "target@notes/Catalogue size": "no probe lists its tools",
    "target@notes/Contract changes": "no contract is pinned",
    "target@notes/Idle stream": "no stream probe",
    "target@notes/Sessions and addresses": "no session probe",
    "target@notes/Clients over time": "no probe of the kind clients",
    "target@notes/Findings by severity": "no probe of the kind clients",
    "target@notes/Weight of the list of tools": "no probe lists its tools",
    "target@notes/Broken rules of the transport": "no probe of the kinds http and session",
    "target@notes/Answers to the wrong client": "no isolation probe",
    "target@notes/Counters that tell the truth": "no metrics probe",
    "target@notes/Ways to register": "no auth probe",
    "target@notes/Runs with violations": "no race probe",
    "target@notes/Violations by anomaly": "no race probe",
    "target@notes/Calls of races": "no race probe",
    "target@notes/Overlap of races": "no race probe",
}
"""Panels that have nothing to show where a target has no such thing; each says so in words of its own."""

MARKS: Final[Mapping[str, set[str]]] = {
    "fleet": {"Contract changes", "New server versions", "Reloads"},
    "target": {"Contract changes", "New server versions", "Reloads"},
    "state": set(),
    "prober": {"Reloads"},
}
"""Annotations that the story has moments for."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A dashboard to be drawn of a past of PASTS; `out` is the place of picture and report, without its ending."""

    dashboard: str
    chosen: Mapping[str, str]
    imported: bool
    past: str
    out: Path
    width: int = 1280

    @property
    def name(self) -> str:
        """As EMPTY calls it."""
        target = self.chosen.get("var-target", "")
        return f"{self.dashboard}@{target}" if target == "notes" else self.dashboard

    def job(self, past: Past) -> dict[str, Any]:
        """As draw.mjs wants it."""
        query = {
            "prometheus": past.url,
            "from": _written(past.begin),
            "to": _written(past.end),
            "scrape": "60s",
            **({"import": "1"} if self.imported else {}),
            **self.chosen,
        }
        return {"dashboard": self.dashboard, "query": query, "out": str(self.out), "width": self.width}

    def faults(self) -> Iterator[str]:
        """What its report says against it."""
        report = json.loads(self.out.with_suffix(".json").read_text(encoding="utf-8"))
        yield from (f"script: {error[:300]}" for error in report["errors"])
        yield from (f"query: {each['error']}: {each['expr']}" for each in report["queries"] if each.get("error"))
        if not report["panels"]:
            yield "no panel was drawn"
        for panel in report["panels"].values():
            place = f"{self.name}/{panel['title']}"
            why = EMPTY.get(f"{self.past}: {place}", EMPTY.get(place))
            if panel["state"] != "Done" or panel.get("error"):
                yield f"{panel['title']}: {panel['state']}: {panel.get('error')}"
            elif self.past == "blind":
                continue  # what is empty then, and says so, is what tests/dashboards/test_answers.py asks
            elif why is None and not (panel["series"] and panel["values"]):
                yield f"{panel['title']}: nothing in it"
            elif why is not None and panel["values"]:
                yield f"{panel['title']}: not empty, although {why}"
        found = {name for name, events in report["annotations"].items() if events}
        if self.past == "troubled" and self.name == self.dashboard and (missing := MARKS[self.dashboard] - found):
            yield f"annotations not found: {sorted(missing)}"


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def built(folder: Path) -> Path:
    """The page that draws, built."""
    node = program("node")
    assert (_RENDER / "node_modules").is_dir(), f"npm ci --legacy-peer-deps in {_RENDER}"
    vite = _RENDER / "node_modules/.bin/vite"
    out = folder / "page"
    subprocess.run(
        [node, str(vite), "build", "--outDir", str(out), "--emptyOutDir"], cwd=_RENDER, check=True, timeout=_BUILD
    )
    return out


def draw(page: Path, drawings: list[Drawing], past: Past, folder: Path) -> None:
    """All of them, one after the other, in one browser."""
    jobs = folder / "jobs.json"
    document = {
        "chromium": program("chromium"),
        "folder": str(page),
        "dashboards": str(FOLDER),
        "jobs": [drawing.job(past) for drawing in drawings],
    }
    jobs.write_text(json.dumps(document), encoding="utf-8")
    subprocess.run([program("node"), "draw.mjs", str(jobs)], cwd=_RENDER, check=True, timeout=_DRAW)


PASTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "troubled": {},
    "healthy": {"healthy": True},
    "blind": {"silent": 20},
}
"""How the story is told, by the name of the past that it becomes."""


def planned(folder: Path, past: str) -> list[Drawing]:
    """Every dashboard of one of the pasts; the healthy ones as provisioned, and a target that has little."""
    ending = "" if past == "troubled" else f"-{past}"
    chosen = [(name, name, CHOSEN[name]) for name in NAMES]
    if past == "healthy":
        chosen.append(("target", "target-little", {"var-target": "notes"}))
    drawings = [
        Drawing(
            dashboard=name, chosen=variables, imported=past != "healthy", past=past, out=folder / f"{picture}{ending}"
        )
        for name, picture, variables in chosen
    ]
    if past == "troubled":
        for kind, width in WIDTHS.items():
            drawings += [replace(each, width=width, out=folder / f"{each.dashboard}-{kind}") for each in drawings[:4]]
    return drawings


WIDTHS: Final = {"wide": 1920, "phone": 390}
"""Other screens, on which the troubled past is drawn too."""


def main(pictures: Path | None) -> int:
    """Draw and judge; the number of faults."""
    faults = int(KEPT.read_text(encoding="utf-8") != made())
    if faults:
        sys.stdout.write(f"{KEPT.name} is stale: run python -m tests.dashboards.schema\n")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        page = built(folder)
        for name, telling in PASTS.items():
            drawings = planned(folder, name)
            past_folder = folder / f"past-{name}"
            past_folder.mkdir()
            with remembered(past_folder, **telling) as past:
                draw(page, drawings, past, folder)
            for drawing in drawings:
                found = [*drawing.faults()]
                faults += len(found)
                sys.stdout.write("\n  ".join((f"{drawing.out.name}: {len(found)} faults", *found)) + "\n")
                if pictures is not None:
                    shutil.copy(drawing.out.with_suffix(".png"), pictures)
    return faults


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if target is not None:
        target.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped on the way out
    sys.exit(main(target) > 0)
