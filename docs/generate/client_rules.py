"""The page of clients: what `lint` and the kind `clients` look at, and all rules with their sources."""

from __future__ import annotations

from typing import Final

from docs.generate.markdown import table
from prober.lint.rules import Client, Rule, rules

_HEAD: Final = """\
# Which clients can use a server

A server may be up and of no use: one schema makes a client drop all of its tools, and neither side says a word.
`mcp-prober lint` looks at the list of tools by the rules of clients and models, and a probe of
[kind `clients`](kinds.md#clients) does so on a schedule. Both read the list once and call no tool.

```sh
mcp-prober lint -- mcp-prober reference --stdio
mcp-prober lint --client claude_code --client openai_strict --fail-on never -- mcp-prober reference --stdio
mcp-prober lint --output sarif -- mcp-prober reference --stdio
```

It looks at a URL, a command, a target of the configuration, all servers of a client's file, or tools that stand in
a JSON file: a contract that `pin` wrote, or the result of `tools/list`. The exit code is 1 where a client refuses
something; `--fail-on warning` is stricter, `--fail-on never` only reports. `--output json` has the schema
`prober/report/schema/lint.schema.json`.

## What a finding says

A finding names the client, the rule, the tool, the place as a JSON Pointer into a contract, and the source of the
rule. An `error` makes a request or a tool fail; a `warning` means that something is cut, or works less well. A
client can use a server if it has tools and none of them is an error for it. Many clients change names and schemas
before they pass them on: what is meant by a client stands in its table below.

## What the list weighs

All tools of a server take a part of the model's context, in each conversation. `lint` and the probes of the kinds
`catalog` and `clients` count the bytes of the list as JSON without blanks. Tokens are bytes / 4: an estimate, the
same for all servers and at all times. `max_tokens` of such a probe is a budget of the list; `max_tokens` of a `call`
is one of its answer. `mcp_target_tools_bytes` is the trend:

```text
mcp_target_tools_bytes / 4 > 25000
delta(mcp_target_tools_bytes[1d]) > 4000
```

## The rules are data

`prober/lint/rules.json` has all rules, and `rules.schema.json` beside it is its schema. Clients change: each rule has
the day on which its source said so, and all rules together have a version, which stands in each report, in the
evidence of a failure, and in `mcp_prober_client_rules_info`. Where findings change along with it, the rules know
more than before and the server is as it was:

```text
changes(mcp_target_client_findings[1h]) > 0
unless on () count(count by (version) (last_over_time(mcp_prober_client_rules_info[1h]))) > 1
```
"""


def page() -> str:
    """The whole page."""
    lines = [_HEAD, f"These are the rules of {rules().version}.", ""]
    for client in rules().clients.values():
        opt_in = " Only where it is named." if client.opt_in else ""
        lines += [f"### {client.title}", "", f"`{client.id}`: {client.means}{opt_in}", "", *_rules_of(client)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _rules_of(client: Client) -> list[str]:
    head = ("rule", "severity", "what", "source")
    own = [rule for rule in rules().rules if rule.client.id == client.id]
    return table(head, ((f"`{rule.id}`", rule.severity, rule.what, _source(rule)) for rule in own))


def _source(rule: Rule) -> str:
    return f"[{rule.as_of}]({rule.source})"
