"""How an answer is judged: the keys that `call`, `read`, `prompt` and the steps of a `scenario` have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from prober.config.files import JsonFile
from prober.config.forms import Choice, Duration, Form, Json, JsonObject, JsonSchema, ListOf, Sheet
from prober.config.mistake import with_help
from prober.config.model import Checks, Latency
from prober.config.place import Place, Refused
from prober.config.record import AtLeastOne, Fields, Key, record_of
from prober.config.units import parse_duration, show_duration

if TYPE_CHECKING:
    from prober.assertions.expectations import Expectation
    from prober.assertions.schema import Schema


class _SchemaForm(Form["Schema"]):
    """A JSON Schema: the path of its file, or the schema itself."""

    stated: ClassVar[JsonSchema] = {"type": ["string", "object", "boolean"], "minLength": 1}

    def read(self, place: Place) -> Schema:
        if place.raw_text() is not None:
            return self._from_file(place)
        if place.type_word not in ("a mapping", "true", "false"):
            raise place.refuse_for("a JSON Schema or the path of its file")
        from prober.assertions.schema import SchemaError, load_schema

        try:
            return load_schema(Json().read(place), folder=place.book.folder)
        except SchemaError as problem:
            if problem.file is not None:
                raise place.refuse(str(problem)) from None
            where = place.nearest(*_tokens(problem.pointer))
            raise where.refuse(str(problem).removeprefix(f"#{problem.pointer}: ")) from None

    def _from_file(self, place: Place) -> Schema:
        from prober.assertions.schema import Schema, SchemaError, load_schema

        file = JsonFile()
        path = file.path(place)
        known = place.book.schemas.get(path)
        if isinstance(known, Schema):
            return known
        try:
            schema = load_schema(file.content(place, path), folder=path.parent)
        except SchemaError as problem:
            text = str(problem)
            raise place.refuse(f"{place.shown}{'' if text.startswith('#') else ': '}{text}") from None
        place.book.schemas[path] = schema
        return schema


class ExpectationForm(Form["Expectation"]):
    """One expectation: a path and what has to hold there."""

    def read(self, place: Place) -> Expectation:
        from prober.assertions.expectations import EXPECTATION_KEYS, ExpectationError, compile_expectation

        mapping = JsonObject().read(place)
        unknown = [key for key in mapping if key not in EXPECTATION_KEYS]
        for key in unknown:
            place.nearest(key).mistake(with_help("unknown key", key, EXPECTATION_KEYS))
        if unknown:
            raise Refused
        try:
            return compile_expectation(mapping)
        except ExpectationError as problem:
            where = place if problem.key is None else place.nearest(problem.key)
            raise where.refuse(str(problem)) from None

    def schema(self, sheet: Sheet) -> JsonSchema:
        from prober.assertions.expectations import EXPECTATION_SCHEMA

        sheet.definitions["expectation"] = EXPECTATION_SCHEMA
        return {"$ref": "#/$defs/expectation"}


class PathForm(Form[str]):
    """A JSONPath (RFC 9535), as text that has been found to be one."""

    stated: ClassVar[JsonSchema] = {"type": "string", "pattern": r"^\$"}

    def read(self, place: Place) -> str:
        from prober.assertions.expectations import ExpectationError, compile_path

        text = place.text("a JSONPath such as $.name")
        try:
            compile_path(text)
        except ExpectationError as problem:
            raise place.refuse(str(problem)) from None
        return text


def _check_latency(fields: Fields) -> None:
    warn, fail = fields.get("warn"), fields.get("fail")
    if warn is not None and fail is not None and warn > fail:
        fields.at("warn").mistake("above fail: it would never be told")


LATENCY: Final = record_of(
    Latency,
    Key(name="warn", of=Latency, form=Duration(), doc="From here on the run passes with a warning."),
    Key(name="fail", of=Latency, form=Duration(), doc="From here on the run fails."),
    rules=(AtLeastOne(("warn", "fail")),),
    checks=(_check_latency,),
)


def check_keys(sources: tuple[str, ...], default: Checks) -> tuple[Key, ...]:
    """The keys of `Checks`, for a kind whose answers can be judged in the forms `sources`."""
    return (
        Key(
            name="schema",
            of=Checks,
            form=_SchemaForm(),
            doc="JSON Schema of the answer: the path of a file beside this one, or the schema itself.",
        ),
        Key(
            name="from",
            of=Checks,
            field="source",
            form=Choice(sources),
            default=default.source,
            doc="What is judged: `structured` content, the `text` parsed as JSON, or the whole `result`.",
        ),
        Key(
            name="expect",
            of=Checks,
            form=ListOf(item=ExpectationForm(), wanted="a list of expectations"),
            doc="Expectations of the answer, in order.",
        ),
        Key(name="latency", of=Checks, form=LATENCY, doc="How long the answer may take."),
    )


def check_deadline(place: Place, timeout: float) -> None:
    """A latency beyond the deadline of the run would never be seen. `place` may have a `latency`."""
    for limit in ("warn", "fail"):
        if (spot := place.find("latency", limit)) is not None:
            seconds = parse_duration(spot.raw_text() or "")
            if seconds is not None and seconds > timeout:
                spot.mistake(f"above the timeout of {show_duration(timeout)}: it would never be seen")


def checks_of(fields: Fields, default: Checks) -> Checks:
    """The checks that are written, over a kind's own defaults."""
    return replace(default, **fields.of(Checks))


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
