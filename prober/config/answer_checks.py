"""The checks of an answer: keys that `call`, `read`, `prompt` and the steps of a `scenario` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, get_args

from prober.config.document.cursor import Cursor, InvalidValueError
from prober.config.document.diagnostics import did_you_mean
from prober.config.fields.field_types import Choice, FieldType, Json, JsonObject, JsonSchema, ListOf, SchemaBuilder
from prober.config.fields.file_fields import JsonFile
from prober.config.fields.mapping_schema import AtLeastOne, Values, key, mapping_of, settings
from prober.config.fields.unit_fields import TOKENS, Duration
from prober.config.fields.units import parse_duration, show_duration

if TYPE_CHECKING:
    from prober.assertions.expectations import Expectation
    from prober.assertions.json_schema.schema import Schema

Source = Literal["structured", "text", "result", "result-text"]


class SchemaField(FieldType["Schema"]):
    """A JSON Schema: the path of its file, or the schema itself."""

    json_schema: ClassVar[JsonSchema] = {"type": ["string", "object", "boolean"], "minLength": 1}

    def words(self) -> str:
        return "a JSON Schema or the path of its file"

    def read(self, cursor: Cursor) -> Schema:
        if cursor.raw_text() is not None:
            return self._from_file(cursor)
        if cursor.type_word not in ("a mapping", "true", "false"):
            raise cursor.wrong_type(self.words())
        from prober.assertions.json_schema.schema import SchemaError, load_schema

        try:
            return load_schema(Json().read(cursor), folder=cursor.scope.folder)
        except SchemaError as problem:
            if problem.file is not None:
                raise cursor.error(str(problem)) from None
            where = cursor.nearest(*_tokens(problem.pointer))
            raise where.error(str(problem).removeprefix(f"#{problem.pointer}: ")) from None

    def _from_file(self, cursor: Cursor) -> Schema:
        from prober.assertions.json_schema.schema import Schema, SchemaError, load_schema

        file = JsonFile()
        path = file.path(cursor)
        known = cursor.scope.schemas.get(path)
        if isinstance(known, Schema):
            return known
        try:
            schema = load_schema(file.content(cursor, path), folder=path.parent)
        except SchemaError as problem:
            text = str(problem)
            raise cursor.error(f"{cursor.shown}{'' if text.startswith('#') else ': '}{text}") from None
        cursor.scope.schemas[path] = schema
        if schema.files:  # it leads to other files, which lie in its folder and nowhere else
            cursor.scope.files.update(path.parent.rglob("*.json"))
        return schema


class ExpectationField(FieldType["Expectation"]):
    """One expectation: a path and a condition."""

    def words(self) -> str:
        return "an expectation"

    def read(self, cursor: Cursor) -> Expectation:
        from prober.assertions.expectations import EXPECTATION_KEYS, ExpectationError, compile_expectation

        mapping = JsonObject().read(cursor)
        unknown = [name for name in mapping if name not in EXPECTATION_KEYS]
        for name in unknown:
            cursor.nearest(name).report(did_you_mean("unknown key", name, EXPECTATION_KEYS))
        if unknown:
            raise InvalidValueError
        try:
            return compile_expectation(mapping)
        except ExpectationError as problem:
            where = cursor if problem.key is None else cursor.nearest(problem.key)
            raise where.error(str(problem)) from None

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        from prober.assertions.expectations import EXPECTATION_SCHEMA

        builder.definitions["expectation"] = EXPECTATION_SCHEMA
        return {"$ref": "#/$defs/expectation"}


class JsonPathField(FieldType[str]):
    """A JSONPath (RFC 9535) as text, checked."""

    json_schema: ClassVar[JsonSchema] = {"type": "string", "pattern": r"^\$"}

    def words(self) -> str:
        return "a JSONPath such as $.name"

    def read(self, cursor: Cursor) -> str:
        from prober.assertions.expectations import ExpectationError, compile_path

        text = cursor.text(self.words())
        try:
            compile_path(text)
        except ExpectationError as problem:
            raise cursor.error(str(problem)) from None
        return text


@settings
class Latency:
    """Budget of the judged request, from its first byte sent to its answer's last byte read, in seconds."""

    warn: float | None = key(Duration(), "From here on the run passes with a warning.", default=None)
    fail: float | None = key(Duration(), "From here on the run fails.", default=None)


def _check_latency(values: Values) -> None:
    warn, fail = values.get("warn"), values.get("fail")
    if warn is not None and fail is not None and warn > fail:
        values.at("warn").report("above fail: it would never warn")


@settings
class Checks:
    """How one answer is judged. For `read` and `prompt` the default source is `result`."""

    schema: Schema | None = key(
        SchemaField(),
        "JSON Schema of the answer: the path of a file beside this one, or the schema itself.",
        default=None,
    )
    source: Source = key(
        Choice(get_args(Source)),
        "What is judged: `structured` content, the `text` parsed as JSON, the whole `result`, or `result-text`: JSON"
        " that stands as a text in the member `result` of structured content, as FastMCP wraps it.",
        name="from",
        default="structured",
    )
    expect: tuple[Expectation, ...] = key(
        ListOf(item=ExpectationField(), wanted="a list of expectations"),
        "Expectations of the answer, in order.",
        default=(),
    )
    max_tokens: int | None = key(
        TOKENS,
        "How many tokens the answer may take of a model's context, counted as bytes of JSON / 4.",
        default=None,
    )
    latency: Latency = key(
        mapping_of(Latency, rules=(AtLeastOne(("warn", "fail")),), checks=(_check_latency,)),
        "How long the answer may take.",
        default=Latency(),
    )


WITHOUT_STRUCTURED: Final[Mapping[str, FieldType[Any]]] = {"source": Choice(("text", "result"))}
"""Narrower types for resources and prompts: their answers have no structured content."""


def check_deadline(cursor: Cursor, timeout: float) -> None:
    """Report a latency budget above the timeout: no run would reach it. `cursor` may have a `latency`."""
    for limit in ("warn", "fail"):
        if (spot := cursor.find("latency", limit)) is not None:
            seconds = parse_duration(spot.raw_text() or "")
            if seconds is not None and seconds > timeout:
                spot.report(f"above the timeout of {show_duration(timeout)}: it would never be seen")


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
