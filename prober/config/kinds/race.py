"""`kind: race`: which tools stand for the operations of a model, how many clients use them at once, how long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.config.checks import ExpectationField, JsonPathField
from prober.config.cursor import Cursor
from prober.config.field_types import Choice, Converted, Duration, Expanding, Integer, JsonObject, ListOf, Text
from prober.config.kinds.call import SOURCES
from prober.config.kinds.kind import Kind
from prober.config.kinds.scenario import STEP, check_arguments, names_at
from prober.config.mapping_schema import Key, Values, mapping_of
from prober.config.model import RaceCall, RaceSettings
from prober.config.placeholders import ALWAYS_THERE, names_in
from prober.config.units import show_duration

MOST_CLIENTS: Final = 64
MOST_OPERATIONS: Final = 2_000
"""What one run may ask of a server; histories of that size are judged without holding up other probes."""

ALL_OPS: Final = "ops"
"""In the arguments of the cleanup: the list of everything that the clients tried to write."""


@dataclass(frozen=True, kw_only=True)
class _Operation:
    """What one operation of a model asks of its tool. The names are keys of the operation or placeholders."""

    answers: tuple[str, ...] = ()
    """Keys that must say where the answer has what the model needs."""
    writes: bool = False
    """Whether `{op}` must go into the arguments."""
    optional: bool = False
    places: frozenset[str] = frozenset()
    """Placeholders beside those that all operations have."""


_WRITE: Final = _Operation(writes=True, places=frozenset({"op"}))
_HOLDER: Final = frozenset({"op", "version", "value"})

MODELS: Final[Mapping[str, Mapping[str, _Operation]]] = {
    "counter": {"increment": _Operation(places=frozenset({"op"})), "read": _Operation(answers=("value",))},
    "register": {
        "write": _Operation(writes=True, places=frozenset({"op", "version"})),
        "read": _Operation(answers=("value", "version")),
    },
    "log": {"append": _WRITE, "read": _Operation(answers=("value",))},
    "set": {"add": _WRITE, "read": _Operation(answers=("value",))},
    "lock": {
        "acquire": _Operation(places=frozenset({"op"})),
        "release": _Operation(places=_HOLDER),
        "write": _Operation(places=_HOLDER, optional=True),
    },
    "record": {"write": _WRITE, "read": _Operation(answers=("fields",))},
}
"""Per model, the operations that are mapped to tools."""

_NAMES: Final = tuple(dict.fromkeys(name for operations in MODELS.values() for name in operations))

_CALL: Final = mapping_of(
    RaceCall,
    Key(name="tool", of=RaceCall, value_type=Text(), doc="The tool to call."),
    Key(
        name="arguments",
        of=RaceCall,
        value_type=Expanding(JsonObject()),
        doc='Arguments of the call. "{scratch}" is the object of this run, "{op}" a unique text to write, "{client}"'
        ' the number of the client, "{version}" the version it saw last or its fencing token, "{value}" what it was'
        " told when it acquired the lock.",
    ),
    Key(
        name="from",
        of=RaceCall,
        field="source",
        value_type=Choice(SOURCES),
        doc="Where the paths lead: `structured` content, the `text` parsed as JSON, or the whole `result`.",
    ),
    Key(
        name="value",
        of=RaceCall,
        value_type=JsonPathField(),
        doc="JSONPath of what the answer shows: a number, a text, an array or all elements of a collection.",
    ),
    Key(
        name="version",
        of=RaceCall,
        value_type=JsonPathField(),
        doc="JSONPath of the version or fencing token in the answer.",
    ),
    Key(
        name="fields",
        of=RaceCall,
        value_type=ListOf(item=JsonPathField(), wanted="a list of JSONPaths", least=2),
        doc="JSONPaths of the fields that are written together.",
    ),
    Key(
        name="conflict_when",
        of=RaceCall,
        value_type=ListOf(item=ExpectationField(), wanted="a list of expectations", least=1),
        doc="How a call that was turned down looks: expectations of the whole result that then all hold.",
    ),
    Key(
        name="weight",
        of=RaceCall,
        value_type=Integer(least=1, most=100),
        doc="How often this operation is chosen, compared with the others.",
    ),
)


def _check_writes(values: Values) -> None:
    unreadable = values.has("allow_writes") and values.get("allow_writes") is None
    if not values.get("allow_writes") and not unreadable:
        values.at("allow_writes").report("a race writes: needs allow_writes: true")


def _check_operations(values: Values) -> None:
    model = values.get("model")
    if model is None:
        return
    wanted = MODELS[model]
    for name in _NAMES:
        if values.has(name) and name not in wanted:
            values.at(name).report(f"no operation of the model {model}; it has {', '.join(wanted)}")
        elif name in wanted and not values.has(name) and not wanted[name].optional:
            values.cursor.report(f"the model {model} needs {name}")
        elif name in wanted and (call := values.get(name)) is not None:
            _check_answer(values.at(name), model, name, call)
    for name, needed in (("ttl", "lock"), ("staleness", "register")):
        if values.has(name) and model != needed:
            values.at(name).report(f"only for the model {needed}")
    if values.has("guarantees") and not values.has("staleness"):
        values.at("guarantees").report("only together with staleness: without it, reads are held to more")


def _check_answer(cursor: Cursor, model: str, name: str, call: RaceCall) -> None:
    operation = MODELS[model][name]
    for key in operation.answers:
        if not getattr(call, key):
            cursor.report(f"needs {key}: where its answer says it")
    written = names_in(call.arguments)
    if operation.writes and "op" not in written:
        cursor.report('"{op}" must stand in its arguments: it is what reads are searched for')
    if (model, name) == ("register", "write") and "version" not in written and call.version is None:
        cursor.report('needs "{version}" in its arguments (the version it expects) or version (the one it made)')
    if (model, name) == ("lock", "write") and "version" not in written:
        cursor.report('"{version}" must stand in its arguments: the fencing token')


def _check_placeholders(values: Values) -> None:
    known = {ALWAYS_THERE}
    setup = values.cursor.find("setup")
    complaint = "nothing is called {} here"
    if setup is not None:
        if (arguments := setup.find("arguments")) is not None:
            check_arguments(arguments, known, complaint=complaint)
        known.update(names_at(setup.find("capture")))
    operations = MODELS.get(values.get("model"), {})
    for name, operation in operations.items():
        if (arguments := values.cursor.find(name, "arguments")) is not None:
            check_arguments(arguments, {*known, "client", *operation.places}, complaint=complaint)
    if (arguments := values.cursor.find("cleanup", "arguments")) is not None:
        check_arguments(arguments, {*known, ALL_OPS}, complaint=complaint)


def _check_sizes(values: Values) -> None:
    clients, processes = values.get("clients", RaceSettings.clients), values.get("processes")
    if processes is not None and processes > clients:
        values.at("processes").report(f"more processes than the {clients} clients that would use them")
    seconds, timeout = values.get("seconds"), values.get("timeout")
    if seconds is not None and timeout is not None and seconds >= timeout:
        values.at("seconds").report(f"must be below the timeout of {show_duration(timeout)}, which ends the run")


def _steps(cursor: Cursor) -> list[Cursor]:
    return [step for name in ("setup", "cleanup") if (step := cursor.find(name)) is not None]


def _build(values: Values) -> RaceSettings:
    calls = {name: call for name in MODELS[values.get("model")] if (call := values.get(name)) is not None}
    return RaceSettings(calls=calls, **values.of(RaceSettings))


def _operation_key(name: str) -> Key:
    models = " and ".join(model for model, operations in MODELS.items() if name in operations)
    return Key(name=name, value_type=_CALL, doc=f"The tool that is the {name} of {models}.")


_frozen: Final[Callable[[Iterable[Any]], frozenset[Any]]] = frozenset

KIND: Final = Kind(
    doc="Several clients on one object at once; the history of their calls is held against a model.",
    keys=(
        Key(
            name="model",
            of=RaceSettings,
            value_type=Choice(tuple(MODELS)),
            doc="What the object is, and so what may never be seen of it.",
        ),
        *(_operation_key(name) for name in _NAMES),
        Key(
            name="clients",
            of=RaceSettings,
            value_type=Integer(least=2, most=MOST_CLIENTS),
            doc="How many clients race, each with a session of its own; on stdio they share the processes.",
        ),
        Key(
            name="processes",
            of=RaceSettings,
            value_type=Integer(least=1, most=16),
            doc="How many processes of a stdio server work on the same state; two if not given.",
        ),
        Key(
            name="operations",
            of=RaceSettings,
            value_type=Integer(least=2, most=MOST_OPERATIONS),
            doc="How many calls the race has at most.",
        ),
        Key(name="seconds", of=RaceSettings, value_type=Duration(), doc="How long the race lasts at most."),
        Key(
            name="setup",
            of=RaceSettings,
            value_type=STEP,
            doc="A call before the race; it may capture names for the others.",
        ),
        Key(
            name="cleanup",
            of=RaceSettings,
            value_type=STEP,
            doc='A call that is made in any case; "{ops}" is all writes.',
        ),
        Key(name="ttl", of=RaceSettings, value_type=Duration(), doc="How long a granted lock lasts."),
        Key(name="staleness", of=RaceSettings, value_type=Duration(), doc="How far a read may be behind: for caches."),
        Key(
            name="guarantees",
            of=RaceSettings,
            value_type=Converted(
                ListOf(item=Choice(("monotonic_reads", "read_your_writes")), wanted="a list of guarantees"), _frozen
            ),
            doc="What each client may still rely on where reads may be behind.",
        ),
        Key(
            name="seed",
            of=RaceSettings,
            value_type=Integer(least=0, most=2**32 - 1),
            doc="Makes the choice of operations and delays the same in every run.",
        ),
    ),
    build=_build,
    checks=(_check_writes, _check_operations, _check_placeholders, _check_sizes),
    answers=_steps,
    writes_need_target=True,
)
