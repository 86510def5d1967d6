"""Cross-checks of the settings of a race."""

from __future__ import annotations

from prober.config.document.cursor import Cursor
from prober.config.fields.mapping_schema import Values
from prober.config.fields.units import show_duration
from prober.kinds.placeholders import SCRATCH, names_in
from prober.kinds.race.models import MODELS, OPERATIONS
from prober.kinds.race.settings import ALL_OPS, RaceCall, RaceSettings
from prober.kinds.step import check_arguments, names_at


def check_writes(values: Values) -> None:
    unreadable = values.has("allow_writes") and values.get("allow_writes") is None
    if not values.get("allow_writes") and not unreadable:
        values.at("allow_writes").report("a race writes: needs allow_writes: true")


def check_operations(values: Values) -> None:
    model = values.get("model")
    if model is None:
        return
    wanted = MODELS[model].operations
    for name in OPERATIONS:
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
    operation = MODELS[model].operations[name]
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


def check_placeholders(values: Values) -> None:
    known = {SCRATCH}
    setup = values.cursor.find("setup")
    complaint = "nothing is called {} here"
    if setup is not None:
        if (arguments := setup.find("arguments")) is not None:
            check_arguments(arguments, known, complaint=complaint)
        known.update(names_at(setup.find("capture")))
    model = MODELS.get(values.get("model"))
    for name, operation in (model.operations if model is not None else {}).items():
        if (arguments := values.cursor.find(name, "arguments")) is not None:
            check_arguments(arguments, {*known, "client", *operation.placeholders}, complaint=complaint)
    if (arguments := values.cursor.find("cleanup", "arguments")) is not None:
        check_arguments(arguments, {*known, ALL_OPS}, complaint=complaint)


def check_sizes(values: Values) -> None:
    clients, processes = values.get("clients", RaceSettings.clients), values.get("processes")
    if processes is not None and processes > clients:
        values.at("processes").report(f"more processes than the {clients} clients that would use them")
    seconds, timeout = values.get("seconds"), values.get("timeout")
    if seconds is not None and timeout is not None and seconds >= timeout:
        values.at("seconds").report(f"must be below the timeout of {show_duration(timeout)}, which ends the run")
