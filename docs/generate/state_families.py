"""The page of the metrics that servers export of themselves, made of `families.json` of the package `mcp_state`.

`python -m docs.generate.state_families` writes into that file what the dashboard and the alerts use of each family.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from docs.generate.markdown import code, table
from prober.state_metrics.families import path_of_file

ROOT: Final = Path(__file__).parents[2]
_NAME: Final = re.compile(r"\b(?:[a-z0-9_]+:)?mcp_[a-z_]+(?::[a-z0-9_]+)?")

_HEAD: Final = """\
# Metrics of shared state

What an MCP server with shared state exports of itself, in any language. A server that keeps to this page fills the
dashboard *Shared state* and is watched by the alerts `McpState…` without a change to either. In Python the package
`mcp-shared-state` does all of it; `mcp-prober reference` is built on it.
The file that this page is made of, `families.json` in that package, is for programs; `families.schema.json` beside it
is its schema.

<!-- lasting: a second terminal -->
```sh
mcp-prober reference
```

```sh
mcp-prober check-metrics http://127.0.0.1:8080/metrics
mcp-prober check-metrics http://127.0.0.1:8080/metrics --mcp http://127.0.0.1:8080/mcp --allow-writes
```

The first command holds a page against the families. The second also causes conflicts and waits for locks, by the
tools of the reference server, and sees whether the counters moved by them. A probe of
[kind `metrics`](kinds.md#metrics) does the same on a schedule. `--act` names tools of another server; the acts are
`write`, `conflict` (64 calls, 16 at once; an error counts as lost) and `lock_wait`:

```text
--act 'conflict=add_item {"list_name": "{scratch}", "item": "x"}' --act 'lock_wait=buy {"list_name": "a"}'
```

## What holds for all

- A label has the values below and no others. No text of a caller becomes a label value: that is why a call of a tool
  that does not exist counts as `unknown`. Labels of your own are summed over; each value of
  one is one more series.
- A series of a label with a closed list of values begins at zero with its tool: `rate` does not see the first
  increase of a series that begins with it.
- Histograms have at least the buckets below, for quantiles over several servers are sums of buckets.
- A counter moves before the caller has its answer. A page may be read in the text format or in OpenMetrics.
- A family that is not required belongs to a pattern that your server may lack. Its panels stay empty then.
"""


def document() -> dict[str, Any]:
    """The file as it is."""
    found: dict[str, Any] = json.loads(path_of_file().read_bytes())
    return found


def page() -> str:
    """The whole page."""
    told = document()
    lines = [_HEAD, f"This is version {told['version']} of the families.", "", "## Labels", ""]
    lines += table(
        ("label", "meaning", "values"),
        ((f"`{name}`", each["means"], code(each.get("values", ()), " ")) for name, each in told["labels"].items()),
    )
    lines += ["## Families", ""]
    for family in told["families"]:
        lines += _family(family)
    log = told["log"]
    lines += ["## The log line", "", f"{log['means']} It is of level `{log['level']}`, with `event`"]
    lines += [f"`{log['event']}` and the members {code(log['members'])}. The mtail program and the rules of Loki that"]
    lines += ["come with the alerts count these lines where no page of metrics is read.", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _family(family: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"### `{family['name']}`", "")
    required = "required" if family["required"] else "where the pattern is used"
    yield from (f"A {family['type']}, {required}. {family['help']}", "")
    yield from (f"When: {family['counted']}", "")
    rows = [("labels", code(family["labels"], " ") or "none")]
    if "buckets" in family:
        rows.append(("buckets", " ".join(f"{bound:g}" for bound in family["buckets"])))
    rows += [(name, "; ".join(family["used_by"][name]) or "none") for name in ("panels", "alerts")]
    yield from table(("", ""), iter(rows))


def uses() -> dict[str, dict[str, list[str]]]:
    """By family, the panels and the alerts that use it, through recording rules too."""
    board = json.loads((ROOT / "dashboards" / "state.json").read_bytes())
    records, alerts = _rules()
    panels = {
        panel["title"]: _names(" ".join(target.get("expr", "") for target in panel.get("targets", ())), records)
        for panel in board["panels"]
        if panel["type"] != "row"
    }
    alerting = {name: _names(expression, records) for name, expression in alerts.items()}
    return {
        family["name"]: {
            "panels": [title for title, names in panels.items() if _is_in(family, names)],
            "alerts": [name for name, names in alerting.items() if _is_in(family, names)],
        }
        for family in document()["families"]
    }


def _rules() -> tuple[dict[str, str], dict[str, str]]:
    records: dict[str, str] = {}
    alerts: dict[str, str] = {}
    for path in sorted((ROOT / "alerts" / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                (records if "record" in rule else alerts)[rule.get("record") or rule["alert"]] = rule["expr"]
    return records, alerts


def _names(expression: str, records: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    for name in _NAME.findall(expression):
        found |= _names(records[name], records) if name in records else {name}
    return found


def _is_in(family: Mapping[str, Any], names: set[str]) -> bool:
    suffixes = ("_bucket", "_count", "_sum") if family["type"] == "histogram" else ("",)
    return any(family["name"] + suffix in names for suffix in suffixes)


if __name__ == "__main__":
    whole, used = document(), uses()
    for each in whole["families"]:
        each["used_by"] = used[each["name"]]
    path_of_file().write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
