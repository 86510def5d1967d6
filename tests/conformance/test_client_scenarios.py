"""The scenarios of the official suite that apply to a prober pass; of each of the others it is said why it does not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.real.install import npm_script

pytestmark = pytest.mark.external

SUITE: Final = "@modelcontextprotocol/conformance"
ROOT: Final = Path(__file__).parents[2]

PASSED: Final[dict[str, tuple[str, ...]]] = {
    "initialize": ("2025-06-18", "2025-11-25"),
    "tools_call": ("2025-06-18", "2025-11-25", "2026-07-28"),
    "request-metadata": ("2026-07-28",),
    "http-standard-headers": ("2026-07-28",),
    "http-custom-headers": ("2026-07-28",),
    "http-invalid-tool-headers": ("2026-07-28",),
    "json-schema-ref-no-deref": ("2026-07-28",),
    "json-schema-2020-12-preservation": ("2025-11-25", "2026-07-28"),
}
"""Every one with all revisions that it is for."""

_DISCOVERY = (
    "discovers an authorization server: a prober is told where its tokens come from, and a 401 is what it reports"
)
_FLOW = "authorizes on behalf of a person in a browser; a prober has client credentials and nobody to ask"
_EXTENSION = "of an extension that a prober does not speak"

NOT_FOR_A_PROBER: Final[dict[str, str]] = {
    "sse-retry": "resumes a stream that ended without its answer: a prober reports it as stream_ended",
    "elicitation-sep1034-client-defaults": "answers a form: a prober has no elicitation, and says so",
    "sep-2322-client-request-state": "answers a request for input: a prober reports it as input_required",
    "auth/metadata-default": _DISCOVERY,
    "auth/metadata-var1": _DISCOVERY,
    "auth/metadata-var2": _DISCOVERY,
    "auth/metadata-var3": _DISCOVERY,
    "auth/metadata-issuer-mismatch": _DISCOVERY,
    "auth/2025-03-26-oauth-metadata-backcompat": _DISCOVERY,
    "auth/2025-03-26-oauth-endpoint-fallback": _DISCOVERY,
    "auth/resource-mismatch": _DISCOVERY,
    "auth/authorization-server-migration": _DISCOVERY,
    "auth/basic-cimd": _FLOW,
    "auth/scope-from-www-authenticate": _FLOW,
    "auth/scope-from-scopes-supported": _FLOW,
    "auth/scope-omitted-when-undefined": _FLOW,
    "auth/scope-step-up": _FLOW,
    "auth/scope-retry-limit": _FLOW,
    "auth/token-endpoint-auth-basic": _FLOW,
    "auth/token-endpoint-auth-post": _FLOW,
    "auth/token-endpoint-auth-none": _FLOW,
    "auth/pre-registration": _FLOW,
    "auth/offline-access-scope": _FLOW,
    "auth/offline-access-not-supported": _FLOW,
    "auth/iss-supported": _FLOW,
    "auth/iss-not-advertised": _FLOW,
    "auth/iss-supported-missing": _FLOW,
    "auth/iss-wrong-issuer": _FLOW,
    "auth/iss-unexpected": _FLOW,
    "auth/iss-normalized": _FLOW,
    "auth/client-credentials-jwt": _EXTENSION,
    "auth/client-credentials-basic": _DISCOVERY,
    "auth/enterprise-managed-authorization": _EXTENSION,
    "auth/dpop": _EXTENSION,
    "auth/dpop-nonce": _EXTENSION,
    "auth/wif-jwt-bearer": _EXTENSION,
    "sep-2640-client-no-prefetch": _EXTENSION,
    "sep-2640-client-verify-digest": _EXTENSION,
    "sep-2640-client-verify-size": _EXTENSION,
    "sep-2640-client-verify-frontmatter": _EXTENSION,
}

_LISTED: Final = re.compile(r"^  - (\S+) \[(.*)\]$", re.MULTILINE)


def suite(*arguments: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*npm_script(SUITE), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_scenario_of_the_suite_passes_or_is_known_not_to_apply(tmp_path: Path) -> None:
    listed = dict(_LISTED.findall(suite("list", "--client", folder=tmp_path).stdout))
    assert set(listed) == {*PASSED, *NOT_FOR_A_PROBER}
    assert {name: ",".join(versions) for name, versions in PASSED.items()} == {name: listed[name] for name in PASSED}


RUNS: Final = [
    *((scenario, version, "pinned") for scenario, versions in PASSED.items() for version in versions),
    ("initialize", "2025-11-25", "auto"),
    ("tools_call", "2025-11-25", "auto"),
    ("tools_call", "2026-07-28", "auto"),
    ("request-metadata", "2026-07-28", "auto"),
]
"""`auto` where the era has to be learnt in one way or another: from an odd answer, an error, a result, a refusal."""


@pytest.mark.parametrize(("scenario", "version", "protocol"), RUNS)
def test_the_suite_has_nothing_to_say_against_the_prober(
    scenario: str, version: str, protocol: str, tmp_path: Path
) -> None:
    run = suite(
        "client",
        *("--command", f"{sys.executable} -m tests.conformance.client"),
        *("--scenario", scenario, "--spec-version", version, "--output-dir", str(tmp_path)),
        folder=tmp_path,
        **({"CONFORMANCE_PROTOCOL": "auto"} if protocol == "auto" else {}),
    )
    [results] = tmp_path.glob(f"{scenario}-*")
    checks = json.loads((results / "checks.json").read_text())
    told = (results / "stdout.txt").read_text() + (results / "stderr.txt").read_text()
    verdicts = Counter(check["status"] for check in checks)
    assert run.returncode == 0, run.stdout + told
    assert verdicts["SUCCESS"], told
    assert not [check for check in checks if check["status"] in ("FAILURE", "WARNING")], told
