"""Texts of the configuration that may hold a secret and are never printed."""

from __future__ import annotations

from collections.abc import Iterable

from prober.redaction import worth_masking


class Secret:
    """A string that only `reveal()` returns.

    Header values, environment values, proxies and client secrets have this type, with or without a `${…}`: a token
    that an operator writes in plain text is protected as well.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str):
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the wire only."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def masked_secrets(expanded: Iterable[Secret], literal: Iterable[Secret] = ()) -> tuple[Secret, ...]:
    """The texts to mask, from the values of `${…}` and from values of secret fields."""
    texts = worth_masking((each.reveal() for each in expanded), (each.reveal() for each in literal))
    return tuple(map(Secret, texts))
