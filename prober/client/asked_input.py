"""What a server of the modern era asks of its client before it answers, in words.

It asks in its result (`inputRequests`, by keys of its own), and wants the request once more, with the replies and with
its `requestState`. That state is opaque and is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from prober.json_values import cap, render
from prober.outcome import Evidence, Failure, Reason

_MOST: Final = 5
_LONGEST: Final = 120
_WHAT: Final[Mapping[str, str]] = {
    "elicitation/create": "a person's input",
    "sampling/createMessage": "a model's words",
    "roots/list": "the folders of the client",
}


def input_required(result: Mapping[str, Any]) -> Failure:
    """The failure of a result that asks instead of answering."""
    requests = result.get("inputRequests")
    asked = list(_asked(requests)) if isinstance(requests, dict) else []
    if not asked:
        return Failure(
            Reason.INPUT_REQUIRED,
            "the server wants the request once more before it answers, and does not say what is missing",
            evidence=Evidence(pointer="/result/inputRequests"),
        )
    more = f" and {len(asked) - _MOST} more" if len(asked) > _MOST else ""
    return Failure(
        Reason.INPUT_REQUIRED,
        f"the server wants something of its client before it answers: {'; '.join(asked[:_MOST])}{more}",
        evidence=Evidence(pointer="/result/inputRequests", seen=render(requests, 2 * _LONGEST)),
    )


def _asked(requests: Mapping[str, Any]) -> Iterator[str]:
    for key, request in requests.items():
        request = request if isinstance(request, dict) else {}
        params = request.get("params")
        yield f"{cap(key, _LONGEST)}: {_one(request.get('method'), params if isinstance(params, dict) else {})}"


def _one(method: Any, params: Mapping[str, Any]) -> str:
    """`a person's input, "Which city?" (city, country)`."""
    what = _WHAT.get(method, cap(method, _LONGEST)) if isinstance(method, str) else "something without a method"
    message, schema = params.get("message"), params.get("requestedSchema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    said = f", {render(message, _LONGEST)}" if isinstance(message, str) else ""
    fields = (
        f" ({cap(', '.join(map(str, properties)), _LONGEST)})" if isinstance(properties, dict) and properties else ""
    )
    return f"{what}{said}{fields}"
