"""What goes to a worker process and comes back: frames of JSON, so that neither side can make the other run code.

A frame is four bytes of length and that many bytes. A request is a frame that describes the case or the selection, then
one frame for each JSON text that its instances are in, as the server sent it. The reply is one frame: a finding, null
where there is none, or what was selected, in an array.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from prober.assertions.checks import Case, Check, Finding, Instance, Rule
from prober.assertions.expectations import Expectation, compile_expectation, compile_path
from prober.assertions.json_schema.schema import Schema
from prober.assertions.result_shapes import Shape
from prober.assertions.selection import MOST_SELECTED, Selection, written
from prober.assertions.worker.frames import frame
from prober.json_values import Json
from prober.json_values.size import size_of
from prober.outcome import Evidence, Reason

_BATCH: Final = 100
_AT_ONCE: Final = 4_000
_LEVELS: Final = 40


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
            {
                "reason": check.reason,
                "rule": _encode_rule(check.rule),
                "source": numbers[key],
                "within": within,
                "refused": check.refused,
            }
        )
    head = json.dumps({"allowance": allowance, "checks": checks, "sources": len(sources)}).encode()
    return [frame(head), *map(frame, sources)]


def encode_selection(selection: Selection, *, allowance: float) -> list[bytes]:
    """The frames of a request, likewise."""
    instance = selection.instance
    source = json.dumps(instance.value).encode() if instance.source is None else instance.source
    wanted = {
        "path": selection.path.text,
        "most": selection.most,
        "within": instance.within if instance.source is not None else (),
    }
    head = json.dumps({"allowance": allowance, "selection": wanted, "sources": 1}).encode()
    return [frame(head), frame(source)]


def json_pieces(value: Any) -> Iterator[str]:
    """The JSON text of a value, in pieces that take a millisecond or two to make, however large the value is."""
    if is_small(value) or not isinstance(value, dict | list):
        yield json.dumps(value)
        return
    yield "{" if isinstance(value, dict) else "["
    between = ""
    for batch in _batches(value):
        yield between
        between = ","
        if is_small(batch):
            yield json.dumps(batch)[1:-1]
        else:
            yield from _one_by_one(batch)
    yield "}" if isinstance(value, dict) else "]"


def is_small(value: Json) -> bool:
    """Whether it is written out within a few milliseconds."""
    return size_of(value, most=_AT_ONCE, deepest=_LEVELS) is not None


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


def decode_request(head: bytes, next_frame: Callable[[], bytes]) -> tuple[Callable[[], Case | Selection], float]:
    """What is asked for, as a function that parses it, and its allowance. All its frames have been read then."""
    request = json.loads(head)
    texts = [next_frame() for _ in range(request["sources"])]

    def parse() -> Case | Selection:
        values = [json.loads(text) for text in texts]
        if (wanted := request.get("selection")) is not None:
            instance = Instance(value=_inside(values[0], wanted["within"]))
            return Selection(path=compile_path(wanted["path"]), instance=instance, most=wanted["most"])
        return Case(checks=tuple(_decode_check(check, values) for check in request["checks"]))

    return parse, request["allowance"]


def _decode_check(check: Any, values: list[Any]) -> Check:
    instance = Instance(value=_inside(values[check["source"]], check["within"]))
    rule = _decode_rule(**check["rule"])
    return Check(reason=Reason(check["reason"]), rule=rule, instance=instance, refused=check["refused"])


def _inside(value: Any, way: list[str | int]) -> Any:
    for step in way:
        value = value[step]
    return value


def _encode_rule(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, Schema):
        return {"kind": "schema", "text": rule.wire}
    if isinstance(rule, Expectation):
        return {"kind": "expectation", "text": json.dumps(rule.document)}
    return {"kind": "shape", "text": json.dumps(asdict(rule))}


@lru_cache(maxsize=64)
def _decode_rule(kind: str, text: str) -> Rule:
    """Kept for the next case: to check a large schema takes longer than to judge by it."""
    if kind == "schema":
        return Schema.unwired(text)
    document = json.loads(text)
    return compile_expectation(document) if kind == "expectation" else Shape(**document)


def encode_finding(finding: Finding | None) -> bytes:
    """The reply of a worker."""
    return json.dumps(asdict(finding) if finding else None).encode()


def encode_selected(nodes: Sequence[Json]) -> bytes:
    """The reply of a worker that was asked to select."""
    text = written(nodes)
    if text is None:
        too_much = f"what it selects is larger than {MOST_SELECTED} characters"
        return encode_finding(Finding(reason=Reason.UNDECIDED, message=f"could not be read: {too_much}"))
    return text.encode()


def encode_crash(traceback: str) -> bytes:
    """The reply of a worker that made a mistake of its own."""
    return json.dumps({"crash": traceback}).encode()


class WorkerCrashError(Exception):
    """A mistake of our own in a worker process, with its traceback there."""


def decode_reply(reply: bytes) -> Finding | list[Json] | None:
    """What a worker replied. Raises WorkerCrashError."""
    found = json.loads(reply)
    if found is None or isinstance(found, list):
        return found
    if "crash" in found:
        raise WorkerCrashError(found["crash"])
    return Finding(reason=Reason(found["reason"]), message=found["message"], evidence=Evidence(**found["evidence"]))
