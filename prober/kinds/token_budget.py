"""Budgets of tokens: what a list of tools, or one answer, may take of a model's context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from prober.json_values import cap
from prober.outcome import Evidence, Failure, Reason, Situation

if TYPE_CHECKING:
    from prober.lint.weight import Weight

LIST_TOKENS: Final = "How many tokens the list of tools may take of a model's context, counted as bytes of JSON / 4."


def require_light_list(weight: Weight, max_tokens: int | None) -> None:
    """Raise Failure where the tools take more tokens than they may."""
    if max_tokens is None or weight.tokens <= max_tokens:
        return
    heaviest = ", ".join(f"{cap(name, 60)} {size:,}" for name, size in weight.heaviest)
    failure = _over("the list of tools", weight.bytes, max_tokens, detail=f"bytes of the heaviest tools: {heaviest}")
    failure.step = "tools/list"
    raise failure


def require_light_answer(result: Mapping[str, Any], max_tokens: int | None) -> None:
    """Raise Failure where an answer takes more tokens than it may; its `_meta` is not for the model."""
    if max_tokens is None:
        return
    from prober.lint.weight import json_bytes, tokens_of

    size = json_bytes({name: value for name, value in result.items() if name != "_meta"})
    if tokens_of(size) > max_tokens:
        raise _over("the answer", size, max_tokens)


def _over(what: str, size: int, max_tokens: int, *, detail: str | None = None) -> Failure:
    from prober.lint.weight import BYTES_PER_TOKEN, tokens_of

    return Failure(
        Reason.EXPECTATION_FAILED,
        f"{what} takes about {tokens_of(size):,} tokens, the budget is {max_tokens:,}",
        evidence=Evidence(
            keyword="max_tokens",
            expected=f"at most {max_tokens:,} tokens",
            seen=f"{size:,} bytes / {BYTES_PER_TOKEN}",
            detail=detail,
            situation=Situation.TOKENS_OVER_BUDGET,
        ),
    )
