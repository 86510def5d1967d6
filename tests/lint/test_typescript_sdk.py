"""What the rules say of the official TypeScript SDK is what the SDK does with the very lists of the table."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from prober.lint.rules import rules
from tests.lint.table_of_rules import CASES
from tests.real.install import node

SDK: Final = Path(__file__).parents[1] / "npm/node_modules/@modelcontextprotocol/sdk/dist/esm/types.js"
OF_SDK: Final = [rule.id for rule in rules().rules if rule.client.id == "typescript_sdk"]

READ: Final = """
const { ListToolsResultSchema } = await import(process.argv[1]);
const lists = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(lists.map((tools) => ListToolsResultSchema.safeParse({ tools }).success)));
"""


def accepted(lists: list[list[dict[str, Any]]]) -> list[bool]:
    """For each list whether the SDK takes it."""
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", READ, SDK.as_uri()],
        input=json.dumps(lists),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    taken: list[bool] = json.loads(done.stdout)
    return taken


@pytest.mark.external
def test_the_sdk_refuses_the_lists_that_break_its_rules_and_takes_those_near_them() -> None:
    assert len(OF_SDK) >= 4
    assert accepted([CASES[name].breaks for name in OF_SDK]) == [False] * len(OF_SDK)
    assert accepted([CASES[name].keeps for name in OF_SDK]) == [True] * len(OF_SDK)


@pytest.mark.external
def test_the_sdk_loses_all_tools_for_the_sake_of_one() -> None:
    fine = CASES["spec_name"].keeps
    assert accepted([fine, fine + CASES["sdk_output_type"].breaks]) == [True, False]
