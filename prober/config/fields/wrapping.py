"""Field types around another: they read its value in another way, or make another value of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from prober.config.document.cursor import Cursor
from prober.config.fields.field_types import FieldType, JsonSchema, SchemaBuilder

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Wrapping(FieldType[U], Generic[T, U]):
    """A type around another type."""

    inner: FieldType[T]

    def words(self) -> str:
        return self.inner.words()

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return self.inner.schema(builder)

    def below(self) -> tuple[str, FieldType[Any]]:
        return "", self.inner


@dataclass(frozen=True)
class Converted(Wrapping[T, U]):
    """A value of one type, converted into another."""

    into: Callable[[T], U]

    def read(self, cursor: Cursor) -> U:
        return self.into(self.inner.read(cursor))


@dataclass(frozen=True)
class Expanding(Wrapping[T, T]):
    """A value with expansion of `${…}` in its texts."""

    def read(self, cursor: Cursor) -> T:
        return self.inner.read(cursor.expanding())

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return self.inner.schema(replace(builder, expands=True))


@dataclass(frozen=True)
class OwnSecrets(Wrapping[T, T]):
    """A value with its own list of secrets: a target, a probe."""

    def read(self, cursor: Cursor) -> T:
        return self.inner.read(cursor.with_own_secrets())
