"""What each file of `mistakes/` is told: its name without `.yaml`, and every message behind the name of the file.

A message that ends in `…` goes on with the judge's own words, which have tables of their own.
"""

# ruff: noqa: E501 - whole messages

from __future__ import annotations

NO_DOCUMENT: dict[str, list[str]] = {
    "alias-bomb": [
        "14: more than 200,000 values once aliases are unfolded",
    ],
    "alias-of-itself": [
        "4: the alias stands inside its own anchor",
    ],
    "empty": [
        "the file is empty",
    ],
    "nested-too-deep": [
        "8: nested deeper than 64 levels",
    ],
    "tab-indent": [
        "2: not YAML: a tab cannot indent; use spaces",
    ],
    "two-documents": [
        "5: a second document; write one document a file",
    ],
    "unclosed-quote": [
        "4: not YAML: a quoted text that never ends",
    ],
    "undefined-alias": [
        "4: the alias has no anchor before it; a text that begins with * needs quotes",
    ],
    "unquoted-at": [
        "7: not YAML: a text that begins with @ needs quotes",
    ],
    "unquoted-variable-in-braces": [
        "4: not YAML: did not find expected ',' or '}'; a text with ${…} inside { } or [ ] needs quotes",
    ],
    "secret-as-alias": [
        "5: the alias has no anchor before it; a text that begins with * needs quotes",
    ],
    "secret-as-tag-handle": [
        "5: not YAML: the tag is not supported; a text that begins with ! needs quotes",
    ],
}
"""What never becomes a tree of values."""

STRUCTURE: dict[str, list[str]] = {
    "budget-a-number": [
        "2: targets.server.budget: expected a budget such as 120/h, found a number: put it in quotes",
    ],
    "budget-of-a-week": [
        "2: targets.server.budget: expected a budget such as 2/s, 30/m, 120/h or 1000/d, found 100/w",
    ],
    "concurrency-none": [
        "2: targets.server.concurrency: must be from 1 to 1,000",
    ],
    "cron-with-interval": [
        "4: probes.one.interval: not together with cron",
    ],
    "cron-with-seconds": [
        "4: probes.one.cron: expected five fields: minute, hour, day of month, month, weekday",
    ],
    "maintenance-a-window": [
        "2: targets.server.maintenance: expected a list of windows, found a mapping",
    ],
    "maintenance-without-duration": [
        "4: probes.one.maintenance[0]: needs duration",
    ],
    "notify-without-url": [
        "5: notify.urls: must not be empty",
        "5: notify.after: must be from 1 to 1,000",
    ],
    "allow-writes-yes": [
        "2: targets.server.allow_writes: expected true or false, found a text",
    ],
    "auth-both": [
        "6: targets.server.auth.client_credentials: not together with bearer",
    ],
    "auth-empty": [
        "2: targets.server.auth: needs bearer or client_credentials",
    ],
    "call-arguments-a-list": [
        "4: probes.one.arguments: expected a mapping, found a list",
    ],
    "call-without-tool": [
        "4: probes.one: needs tool",
    ],
    "catalog-tools-a-text": [
        "4: probes.one.tools: expected a list of names, found a text",
    ],
    "clients-unknown": [
        "4: probes.one.clients[0]: expected specification, typescript_sdk, claude_code, claude_api, openai, gemini,"
        " vscode, cursor, bedrock, chatgpt, openai_strict, claude_strict, gemini_parameters or chatgpt_deep_research,"
        " found curser",
    ],
    "choice-with-line-end": [
        "2: targets.server.protocol: expected auto, modern or handshake, found modern\\n",
    ],
    "client-credentials-incomplete": [
        "5: targets.server.auth.client_credentials: needs client_secret",
    ],
    "command-a-text": [
        "2: targets.server.command: expected a list, found a text; write [program, argument, …]",
    ],
    "command-empty": [
        "2: targets.server.command: must not be empty",
    ],
    "command-with-number": [
        "2: targets.server.command[1]: expected a text, found a number: put it in quotes",
    ],
    "defaults-bad-duration": [
        "1: defaults.interval: expected a duration such as 500ms, 5s, 1m30s or 1h, found 30 s",
    ],
    "defaults-unknown-key": [
        "1: defaults.intervall: unknown key; did you mean interval?",
    ],
    "duration-a-number": [
        "4: probes.one.interval: a duration needs a unit; write 5s",
    ],
    "duration-negative": [
        "4: probes.one.timeout: expected a duration such as 500ms, 5s, 1m30s or 1h, found -5s",
    ],
    "duration-units-in-wrong-order": [
        "4: probes.one.interval: expected a duration such as 500ms, 5s, 1m30s or 1h, found 30s1m",
    ],
    "duration-unknown-unit": [
        "4: probes.one.interval: expected a duration such as 500ms, 5s, 1m30s or 1h, found 5min",
    ],
    "duration-without-unit": [
        "4: probes.one.interval: a duration needs a unit; write 5s",
    ],
    "env-a-number": [
        "2: targets.server.env.PORT: expected a text, found a number: put it in quotes",
    ],
    "reuse-with-url": [
        "4: targets.server.reuse: not together with url",
    ],
    "reuse-without-unit": [
        "3: targets.server.reuse: a duration needs a unit; write 15s",
    ],
    "env-bad-name": [
        "2: targets.server.env.A…: not a name: expected the name of an environment variable",
    ],
    "env-with-url": [
        "4: targets.server.env: not together with url",
        "5: targets.server.cwd: not together with url",
    ],
    "expect-a-mapping": [
        "4: probes.one.expect: expected a list of expectations, found a mapping",
    ],
    "expect-bad-type": [
        "4: probes.one.expect[0].type: …",
    ],
    "expect-nothing": [
        "4: probes.one.expect[0]: …",
    ],
    "expect-unknown-key": [
        "4: probes.one.expect[0].equal: unknown key; did you mean equals?",
    ],
    "expect-without-path": [
        "4: probes.one.expect[0]: …",
    ],
    "from-structured-of-a-resource": [
        "4: probes.one.from: expected text or result, found structured",
    ],
    "from-unknown": [
        "4: probes.one.from: expected structured, text, result or result-text, found json",
    ],
    "handshake-bad-version": [
        "4: probes.one.expect_version: expected a protocol version such as 2025-11-25",
    ],
    "handshake-second-opinion-a-text": [
        "4: probes.one.second_opinion: expected true or false, found a text",
    ],
    "header-a-number": [
        "2: targets.server.headers.X-Key: expected a text, found a number: put it in quotes",
    ],
    "header-bad-name": [
        "2: targets.server.headers.X…: not a name: expected the name of a header",
    ],
    "headers-with-command": [
        "4: targets.server.headers: not together with command",
        "5: targets.server.auth: not together with command",
    ],
    "latency-a-number": [
        "4: probes.one.latency.fail: a duration needs a unit; write 0.5s",
    ],
    "latency-empty": [
        "4: probes.one.latency: needs warn or fail",
    ],
    "limit-a-number": [
        "2: targets.server.limits.body: a size needs a unit; write 100B, 100KiB or 100MiB",
    ],
    "limit-unknown": [
        "2: targets.server.limits.bodies: unknown key; did you mean body?",
    ],
    "limit-without-unit": [
        "2: targets.server.limits.body: a size needs a unit; write 100B, 100KiB or 100MiB",
    ],
    "merge-key": [
        "4: targets.other: needs url or command",
        "5: targets.other: merge keys (<<) are not supported; use an alias for a whole value",
    ],
    "name-too-long": [
        "2: targets.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: a name has at most 100 characters",
    ],
    "name-with-space": [
        "2: targets.my…: not a name: expected letters, digits and . _ -, beginning with a letter or digit",
    ],
    "not-a-mapping": [
        "1: expected a mapping, found a list",
    ],
    "objective-a-text": [
        "2: targets.server.objective: expected a number of percent such as 99.5, found a text",
    ],
    "objective-of-all": [
        "2: targets.server.objective: must be more than 0 and less than 100, in percent",
    ],
    "probe-a-text": [
        "4: probes.one: expected a mapping, found a text",
    ],
    "probe-key-of-another-kind": [
        "4: probes.one.tool: unknown key; known: target, for, kind, interval, cron, timeout, maintenance, allow_writes, tags, enabled, second_opinion, expect_version, expect_clean_exit",
    ],
    "probe-target-a-list": [
        "4: probes.one.target: expected the name of a target, found a list",
    ],
    "probe-unknown-key": [
        "4: probes.one.intervall: unknown key; did you mean interval?",
    ],
    "probe-unknown-kind-and-more": [
        "4: probes.one.kind: no such kind; known: handshake, auth, session, http, catalog, clients, stream, call, read, prompt, scenario, race, isolation, metrics",
        "4: probes.one.interval: a duration needs a unit; write 5s",
        "4: probes.one.target: no such target; known: server",
    ],
    "probe-unknown-kind-far": [
        "4: probes.one.kind: no such kind; known: handshake, auth, session, http, catalog, clients, stream, call, read, prompt, scenario, race, isolation, metrics",
    ],
    "probe-unknown-kind": [
        "4: probes.one.kind: no such kind; did you mean call?",
    ],
    "probe-without-kind": [
        "4: probes.one: needs kind; known: handshake, auth, session, http, catalog, clients, stream, call, read, prompt, scenario, race, isolation, metrics",
    ],
    "probe-without-target": [
        "4: probes.one: needs target or for",
    ],
    "prompt-argument-a-number": [
        "4: probes.one.arguments.age: expected a text, found a number: put it in quotes",
    ],
    "protocol-unknown": [
        "2: targets.server.protocol: expected auto, modern or handshake, found legacy",
    ],
    "proxy-socks": [
        "2: targets.server.proxy: expected a URL that begins with http:// or https://",
    ],
    "read-without-uri": [
        "4: probes.one: needs uri",
    ],
    "scenario-capture-bad-name": [
        "8: probes.one.steps[0].capture.the-handle: not a name: expected letters, digits and _, not beginning with a digit",
    ],
    "scenario-capture-bad-path": [
        "8: probes.one.steps[0].capture.handle: …",
    ],
    "scenario-step-a-text": [
        "7: probes.one.steps[0]: expected a mapping, found a text",
        "7: probes.one.steps[1]: expected a mapping, found a text",
    ],
    "scenario-step-unknown-key": [
        "8: probes.one.steps[0].argument: unknown key; did you mean arguments?",
    ],
    "scenario-without-steps": [
        "7: probes.one.steps: must not be empty",
    ],
    "schema-a-number": [
        "4: probes.one.schema: expected a JSON Schema or the path of its file, found a number",
    ],
    "section-empty": [
        "1: targets: expected a mapping, found nothing",
    ],
    "several-in-one-probe": [
        "2: targets.server.protcol: unknown key; did you mean protocol?",
        "4: probes.one: needs tool",
        "5: probes.one.target: no such target; did you mean server?",
        "7: probes.one.tol: unknown key; did you mean tool?",
        "9: probes.one.timeout: the interval of 5s is below the timeout of 1m",
        "10: probes.one.schema: files/broken.json:3:3: not JSON: Expecting ',' delimiter",
        "11: probes.one.latency.warn: above the timeout of 1m: it would never be seen",
        "13: probes.one.expect[0].type: …",
        "14: probes.one.expect[1].path: …",
    ],
    "target-a-text": [
        "2: targets.server: expected a mapping, found a text",
    ],
    "target-of-nothing": [
        "2: targets.server: needs url or command",
    ],
    "target-unknown-key": [
        "4: targets.server.header: unknown key; did you mean headers?",
    ],
    "target-with-url-and-command": [
        "4: targets.server.command: not together with url",
    ],
    "tls-key-without-certificate": [
        "4: targets.server.tls.client_key: only together with client_certificate",
    ],
    "token-url-bad": [
        "5: targets.server.auth.client_credentials.token_url: expected a URL that begins with http:// or https://",
    ],
    "transport-unknown": [
        "2: targets.server.transport: expected http or sse, found websocket",
    ],
    "transport-with-command": [
        "2: targets.server.transport: not together with command",
    ],
    "unknown-section-far": [
        "1: machines: unknown key; known: targets, sources, defaults, probes, notify",
    ],
    "unknown-section": [
        "1: target: unknown key; did you mean targets?",
    ],
    "source-twice": [
        "4: sources.one.http: not together with file",
        "5: sources.one.credentials: only together with registry",
    ],
    "url-a-number": [
        "2: targets.server.url: expected a URL that begins with http:// or https://, found a number: put it in quotes",
    ],
    "url-empty": [
        "2: targets.server.url: must not be empty",
    ],
    "url-file": [
        "2: targets.server.url: expected a URL that begins with http:// or https://",
    ],
    "url-without-scheme": [
        "2: targets.server.url: expected a URL that begins with http:// or https://",
    ],
    "schema-path-empty": [
        "4: probes.one.schema: must not be empty",
    ],
    "probe-without-kind-and-target": [
        "4: probes.one: needs kind; known: handshake, auth, session, http, catalog, clients, stream, call, read, prompt, scenario, race, isolation, metrics",
        "4: probes.one: needs target or for",
        "4: probes.one.interval: a duration needs a unit; write 5s",
    ],
    "race-clients-a-text": [
        "11: probes.one.clients: expected a whole number, found a text",
    ],
    "race-one-client": [
        "11: probes.one.clients: must be from 2 to 64",
    ],
    "race-one-field": [
        "10: probes.one.read.fields: needs at least 2",
    ],
    "race-too-many-operations": [
        "11: probes.one.operations: must be from 2 to 2,000",
    ],
    "race-unknown-model": [
        "8: probes.one.model: expected counter, register, log, set, queue, lock or record, found stack",
    ],
    "secret-as-tag": [
        "5: targets.server.auth.bearer: the tag is not supported; a text that begins with ! needs quotes",
        "5: targets.server.auth.bearer: must not be empty",
    ],
    "secret-glued-to-bearer": [
        "4: targets.server.auth.bearer…: a space is missing after the colon; unknown key; did you mean bearer?",
        "4: targets.server.auth: …",
    ],
    "secret-glued-to-header": [
        "4: targets.server.headers.Authorization…: a space is missing after the colon; not a name: expected the name of a header",
        "4: targets.server.headers.Authorization…: a space is missing after the colon; expected a text, found nothing",
    ],
    "secret-glued-to-variable": [
        "4: targets.server.env.TOKEN…: a space is missing after the colon; expected a text, found nothing",
    ],
    "secret-in-a-key": [
        "4: targets.server.env.TOKEN…: not a name: expected the name of an environment variable",
        "5: targets.server.env.OTHER…: written twice; the first is on line 4",
    ],
}
"""What the JSON Schema of the language refuses as well."""

BEYOND_STRUCTURE: dict[str, list[str]] = {
    "source-token-for-strangers": [
        "5: sources.one.target.headers: would be sent to every server that the registry lists; `credentials` gives a server its own",
        "7: probes.template.allow_writes: not with for: writes want a target that is named",
        "7: probes.template.for.source: no such source; known: one",
    ],
    "cron-impossible": [
        "4: probes.one.cron: month: must be from 1 to 12",
        "5: probes.two.cron: day of month: no such day in these months",
        "6: probes.three.cron: weekday: foo is no name here",
        "7: probes.four.cron: hour: 9-5 runs backwards",
        "8: probes.five.cron: minute: a step must be from 1 to 59",
    ],
    "defaults-bad-window": [
        "3: defaults.maintenance[0].cron: hour: must be from 0 to 23",
    ],
    "notify-url-without-scheme": [
        "5: notify.urls[0]: expected a URL such as slack://… or mailto://…",
    ],
    "notify-variable-not-set": [
        "5: notify.urls[0]: the variable NOT_SET_ANYWHERE is not set",
    ],
    "variable-makes-bad-cron": [
        "2: targets.server.maintenance[0].cron: expected five fields: minute, hour, day of month, month, weekday",
    ],
    "authorization-twice": [
        "5: targets.server.auth: a second Authorization header; headers has one already",
    ],
    "bearer-empty": [
        "2: targets.server.auth.bearer: must not be empty",
    ],
    "bearer-with-scheme": [
        "2: targets.server.auth.bearer: write the token alone, without the word Bearer",
    ],
    "bearer-with-space": [
        "2: targets.server.auth.bearer: a token must not hold spaces",
    ],
    "catalog-contract-broken": [
        "4: probes.one.contract: files/broken.json:3:3: not JSON: Expecting ',' delimiter",
    ],
    "catalog-contract-missing": [
        "4: probes.one.contract: no such file; `mcp-prober pin` writes it",
    ],
    "catalog-contract-not-one": [
        "4: probes.one.contract: files/valid-schema.json: …",
    ],
    "catalog-tokens-of-no-tools": [
        "4: probes.one.max_tokens: tools are not among lists, and would not be counted",
    ],
    "command-with-nul": [
        "2: targets.server.command[1]: must not hold a NUL character",
    ],
    "command-without-program": [
        "2: targets.server.command: the program must not be empty",
    ],
    "cwd-a-file": [
        "2: targets.server.cwd: not a folder",
    ],
    "cwd-missing": [
        "2: targets.server.cwd: no such folder",
    ],
    "defaults-at-odds": [
        "5: probes.one: the interval of 5s (from defaults) is below the timeout of 20s (from defaults)",
    ],
    "duplicate-key": [
        "8: probes.one.tool: written twice; the first is on line 7",
    ],
    "duplicate-name": [
        "5: probes.one: written twice; the first is on line 4",
    ],
    "duration-too-long": [
        "4: probes.one.interval: must not be longer than 366d",
    ],
    "duration-zero": [
        "4: probes.one.timeout: must be longer than 0s",
    ],
    "env-with-nul": [
        "2: targets.server.env.A: must not hold a NUL character",
    ],
    "expect-bad-path": [
        "4: probes.one.expect[0].path: …",
    ],
    "expect-bad-pattern": [
        "11: probes.one.expect[1].matches: …",
    ],
    "header-name-with-line-end": [
        "2: targets.server.headers.X-Key\\n: not a name: expected the name of a header",
    ],
    "header-not-ascii": [
        "2: targets.server.headers.X-Key: a header value must be printable ASCII, without line ends",
    ],
    "header-of-the-prober": [
        "2: targets.server.headers.Mcp-Session-Id: this header is set by the prober itself",
    ],
    "header-twice": [
        "6: targets.server.headers.x-key: the same header as X-Key",
    ],
    "header-with-line-end": [
        "2: targets.server.headers.X-Key: a header value must be printable ASCII, without line ends",
    ],
    "header-with-space-at-end": [
        "2: targets.server.headers.X-Key: a header value must not begin or end with a space",
    ],
    "interval-below-default-timeout": [
        "4: probes.one.interval: the interval of 5s is below the timeout of 10s (the default)",
    ],
    "interval-below-timeout": [
        "4: probes.one.timeout: the interval of 5s is below the timeout of 10s",
    ],
    "key-a-list": [
        "8: probes.one.arguments: a key must be a text",
    ],
    "key-not-text": [
        "8: probes.one.arguments: a key must be a text; write '1' with the quotes",
    ],
    "latency-above-timeout": [
        "4: probes.one.latency.fail: above the timeout of 5s: it would never be seen",
    ],
    "latency-warn-above-fail": [
        "4: probes.one.latency.warn: above fail: it would never warn",
    ],
    "limit-zero": [
        "2: targets.server.limits.event: must be larger than 0B",
    ],
    "name-not-text": [
        "2: targets: a key must be a text; write '443' with the quotes",
    ],
    "name-with-line-end": [
        "2: targets.server\\n: not a name: expected letters, digits and . _ -, beginning with a letter or digit",
    ],
    "not-a-number": [
        "8: probes.one.arguments.n: not a finite number; put it in quotes if it is a text",
    ],
    "probe-unknown-target": [
        "4: probes.one.target: no such target; did you mean reference-server?",
    ],
    "proxy-with-path": [
        "2: targets.server.proxy: a proxy has no path",
    ],
    "scenario-capture-scratch": [
        "8: probes.one.steps[0].capture.scratch: this name is taken: it is a fresh name for every run",
    ],
    "scenario-captured-too-late": [
        "8: probes.one.steps[0].arguments.deep[0]: nothing captures handle before this step; known: scratch",
    ],
    "scenario-nothing-captured": [
        "9: probes.one.steps[1].arguments.handle: nothing captures handel before this step; did you mean handle?",
    ],
    "scenario-placeholder-unquoted": [
        '10: probes.one.steps[0].arguments.name: without quotes this is a mapping; write "{scratch}"',
    ],
    "scenario-step-latency-above-timeout": [
        "10: probes.one.cleanup[0].latency.fail: above the timeout of 10s: it would never be seen",
    ],
    "scenario-writes-on-unwilling-target": [
        "7: probes.one.allow_writes: the target server must say allow_writes: true as well",
    ],
    "schema-broken": [
        "4: probes.one.schema: files/broken.json:3:3: not JSON: Expecting ',' delimiter",
    ],
    "schema-from-the-network": [
        "4: probes.one.schema: expected the path of a file: nothing is fetched from the network",
    ],
    "schema-inline-bad": [
        "11: probes.one.schema.properties.count.type: …",
    ],
    "schema-missing": [
        "4: probes.one.schema: no such file or directory",
    ],
    "schema-not-a-schema": [
        "4: probes.one.schema: files/not-a-schema.json#…",
    ],
    "schema-not-utf8": [
        "4: probes.one.schema: files/not-utf8: not UTF-8",
    ],
    "schema-reference-missing": [
        "4: probes.one.schema: files/reference-missing.json#…",
    ],
    "schema-reference-remote": [
        "4: probes.one.schema: files/reference-remote.json#…",
    ],
    "schema-unknown-dialect": [
        "4: probes.one.schema: files/unknown-dialect.json#…",
    ],
    "schema-with-key-twice": [
        "4: probes.one.schema: files/key-twice.json: not JSON: the key 'type' is written twice in one object",
    ],
    "schema-with-nan": [
        "4: probes.one.schema: files/nan.json: not JSON: NaN is not a number in JSON",
    ],
    "secret-file-a-folder": [
        "4: targets.server.auth.bearer: ${file:files}: not a file",
    ],
    "secret-file-missing": [
        "4: targets.server.auth.bearer: ${file:files/no-token}: no such file",
    ],
    "secret-file-not-utf8": [
        "4: targets.server.auth.bearer: ${file:files/not-utf8}: not UTF-8",
    ],
    "tag-does-not-fit": [
        "8: probes.one.arguments.n: the value does not fit its tag !!int",
    ],
    "tag-local-on-mapping": [
        "8: probes.one.arguments: the tag is not supported; a text that begins with ! needs quotes",
    ],
    "tag-python": [
        "8: probes.one.arguments.when: the tag is not supported; a text that begins with ! needs quotes",
    ],
    "tag-timestamp": [
        "8: probes.one.arguments.when: the tag is not supported; a text that begins with ! needs quotes",
    ],
    "timeout-above-defaults-interval": [
        "5: probes.one.timeout: the interval of 20s (from defaults) is below the timeout of 1m30s",
    ],
    "tls-ca-a-folder": [
        "4: targets.server.tls.ca_file: a folder; expected a file",
    ],
    "tls-ca-missing": [
        "4: targets.server.tls.ca_file: no such file or directory",
    ],
    "tls-ca-not-a-certificate": [
        "4: targets.server.tls.ca_file: holds no certificate in PEM form",
    ],
    "tls-certificate-without-key": [
        "4: targets.server.tls.client_certificate: not a certificate with its unencrypted key in PEM form",
    ],
    "tls-key-encrypted": [
        "4: targets.server.tls.client_certificate: not a certificate with its unencrypted key in PEM form",
    ],
    "tls-without-https": [
        "4: targets.server.tls: only together with an https:// URL",
    ],
    "transport-sse-modern": [
        "2: targets.server.protocol: the sse transport ended with the handshake era; it has no modern protocol",
    ],
    "url-bad-host": [
        "2: targets.server.url: the host is malformed",
    ],
    "url-bad-ipv4": [
        "2: targets.server.url: the host is not an IPv4 address",
    ],
    "url-bad-ipv6": [
        "2: targets.server.url: the host is malformed",
    ],
    "url-international-host": [
        "2: targets.server.url: the host must be ASCII; write an international name in its xn-- form",
    ],
    "url-port-not-a-number": [
        "2: targets.server.url: the port must be a number from 1 to 65535",
    ],
    "url-port-out-of-range": [
        "2: targets.server.url: the port must be a number from 1 to 65535",
    ],
    "url-port-zero": [
        "2: targets.server.url: the port must be a number from 1 to 65535",
    ],
    "url-unclosed-bracket": [
        "2: targets.server.url: the host is malformed",
    ],
    "url-with-fragment": [
        "2: targets.server.url: must not hold a fragment (#…)",
    ],
    "url-with-password": [
        "2: targets.server.url: must not hold a user name or password; use headers or auth",
    ],
    "url-with-space": [
        "2: targets.server.url: must not hold spaces, control characters or backslashes",
    ],
    "url-without-host": [
        "2: targets.server.url: needs a host",
    ],
    "variable-in-arguments-not-set": [
        "4: probes.one.arguments.deep[0].key: the variable NOT_SET_ANYWHERE is not set",
    ],
    "variable-makes-bad-limit": [
        "2: targets.server.limits.body: expected a size such as 100B, 500KiB or 2MiB, found ${TOKEN}",
    ],
    "variable-makes-bad-protocol": [
        "2: targets.server.protocol: expected auto, modern or handshake, found ${TOKEN}",
    ],
    "variable-makes-bad-url": [
        "2: targets.server.url: must not hold spaces, control characters or backslashes",
    ],
    "variable-not-set": [
        "4: targets.server.headers.X-Key: the variable NOT_SET_ANYWHERE is not set",
    ],
    "variable-unclosed": [
        "4: targets.server.headers.X-Key: a ${ without its }; write $${ for the text ${",
    ],
    "variable-with-default": [
        "4: targets.server.headers.X-Key: neither ${VARIABLE} nor ${file:PATH}; write $${ for the text ${",
    ],
    "schema-inline-bad-in-list": [
        "11: probes.one.schema.anyOf[1].minLength: …",
    ],
    "schema-inline-reference-bad": [
        "4: probes.one.schema: files/not-a-schema.json#…",
    ],
    "tls-ca-with-nul": [
        "4: targets.server.tls.ca_file: not a path",
    ],
    "tls-key-missing": [
        "4: targets.server.tls.client_key: no such file or directory",
    ],
    "race-guarantees-without-staleness": [
        "11: probes.one.guarantees: only together with staleness: without it, reads are held to more",
    ],
    "race-guarded-write-without-token": [
        '10: probes.one.write: "{version}" must stand in its arguments: the fencing token',
    ],
    "race-longer-than-its-timeout": [
        "12: probes.one.seconds: must be below the timeout of 5s, which ends the run",
    ],
    "race-more-processes-than-clients": [
        "11: probes.one.processes: more processes than the 4 clients that would use them",
    ],
    "race-on-unwilling-target": [
        "7: probes.one.allow_writes: the target server must say allow_writes: true as well",
    ],
    "race-operation-missing": [
        "4: probes.one: the model counter needs increment",
    ],
    "race-operation-of-another-model": [
        "11: probes.one.append: no operation of the model counter; it has increment, read",
    ],
    "race-read-without-value": [
        "10: probes.one.read: needs value: where its answer says it",
    ],
    "race-register-without-version": [
        '9: probes.one.write: needs "{version}" in its arguments (the version it expects) or version (the one it made)',
    ],
    "race-ttl-of-a-counter": [
        "11: probes.one.ttl: only for the model lock",
    ],
    "race-unknown-placeholder": [
        "9: probes.one.increment.arguments.name: nothing is called scratsh here; did you mean scratch?",
    ],
    "race-without-writes": [
        "4: probes.one: a race writes: needs allow_writes: true",
    ],
    "race-write-without-op": [
        '9: probes.one.add: "{op}" must stand in its arguments: it is what reads are searched for',
    ],
}
"""What no schema can know: values against each other, other files, variables, and how YAML was written."""

MISTAKES = NO_DOCUMENT | STRUCTURE | BEYOND_STRUCTURE
