"""What goes to a worker process and comes back: frames of JSON, so that neither side can make the other run code.

A frame is four bytes of length and that many bytes. A request is a frame that describes the case, then one frame for
each JSON text that its instances are in, as the server sent it. The reply is one frame.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from prober.judge.effort import size_of
from prober.judge.expect import Expectation, compile_expectation
from prober.judge.judgement import Case, Check, Finding, Instance, Rule
from prober.judge.schema import Schema
from prober.judge.shapes import Shape
from prober.outcome import Evidence, Reason

LENGTH: Final = struct.Struct(">I")
_BATCH: Final = 100


def frame(content: bytes) -> bytes:
    """The content with its length before it."""
    return LENGTH.pack(len(content)) + content


def encode_case(case: Case, *, allowance: float) -> list[bytes]:
    """The frames of a request. `allowance` is how many seconds the worker may take before it ends itself."""
    sources: list[bytes] = []
    numbers: dict[int, int] = {}
    checks = []
    for check in case.checks:
        instance = check.instance
        within = instance.within if instance.source is not None else ()
        key = id(instance.value if instance.source is None else instance.source)
        if key not in numbers:
            numbers[key] = len(numbers)
            sources.append(json.dumps(instance.value).encode() if instance.source is None else instance.source)
        checks.append(
            {"reason": check.reason, "rule": _encode_rule(check.rule), "source": numbers[key], "within": within}
        )
    head = json.dumps({"allowance": allowance, "checks": checks, "sources": len(sources)}).encode()
    return [frame(head), *map(frame, sources)]


def json_pieces(value: Any) -> Iterator[str]:
    """The JSON text of a value, in pieces that take a millisecond or two to make, however large the value is."""
    if size_of(value) is not None or not isinstance(value, dict | list):
        yield json.dumps(value)
        return
    yield "{" if isinstance(value, dict) else "["
    between = ""
    for batch in _batches(value):
        yield between
        between = ","
        if size_of(batch) is not None:
            yield json.dumps(batch)[1:-1]
        else:
            yield from _one_by_one(batch)
    yield "}" if isinstance(value, dict) else "]"


def _batches(value: dict[str, Any] | list[Any]) -> Iterator[dict[str, Any] | list[Any]]:
    """The members or elements, a hundred at a time."""
    if isinstance(value, list):
        yield from (value[start : start + _BATCH] for start in range(0, len(value), _BATCH))
    else:
        members = iter(value.items())
        while batch := dict(islice(members, _BATCH)):
            yield batch


def _one_by_one(batch: dict[str, Any] | list[Any]) -> Iterator[str]:
    between = ""
    for name, inner in batch.items() if isinstance(batch, dict) else ((None, inner) for inner in batch):
        yield between if name is None else f"{between}{json.dumps(name)}:"
        between = ","
        yield from json_pieces(inner)


def decode_case(head: bytes, next_frame: Callable[[], bytes]) -> tuple[Callable[[], Case], float]:
    """The case of a request, as a function that parses it, and its allowance. All its frames have been read then."""
    request = json.loads(head)
    texts = [next_frame() for _ in range(request["sources"])]

    def parse() -> Case:
        values = [json.loads(text) for text in texts]
        return Case(checks=tuple(_decode_check(check, values) for check in request["checks"]))

    return parse, request["allowance"]


def _decode_check(check: Any, values: list[Any]) -> Check:
    value = values[check["source"]]
    for step in check["within"]:
        value = value[step]
    return Check(reason=Reason(check["reason"]), rule=_decode_rule(**check["rule"]), instance=Instance(value=value))


def _encode_rule(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, Schema):
        return {"kind": "schema", "text": rule.wire}
    if isinstance(rule, Expectation):
        return {"kind": "expectation", "text": json.dumps(rule.document)}
    return {"kind": "shape", "text": json.dumps(asdict(rule))}


@lru_cache(maxsize=64)
def _decode_rule(kind: str, text: str) -> Rule:
    """Kept for the next case: to check a large schema takes longer than to judge by it."""
    document = json.loads(text)
    if kind == "schema":
        return Schema(**document)
    return compile_expectation(document) if kind == "expectation" else Shape(**document)


def encode_finding(finding: Finding | None) -> bytes:
    """The reply of a worker."""
    return json.dumps(asdict(finding) if finding else None).encode()


def decode_finding(reply: bytes) -> Finding | None:
    """What a worker replied."""
    found = json.loads(reply)
    if found is None:
        return None
    return Finding(reason=Reason(found["reason"]), message=found["message"], evidence=Evidence(**found["evidence"]))
