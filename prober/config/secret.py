"""Values that never print: configuration text in which a secret may stand."""

from __future__ import annotations

from collections.abc import Iterable

from prober.redaction import worth_masking


class Secret:
    """A string that shows itself only to whoever calls `reveal()`.

    Header values, environment values, proxies and client secrets are all of this type, whether or not a `${…}` stood
    in them: an operator who writes a token in plain text is protected as well.
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


def masked_secrets(put_in: Iterable[Secret], written_out: Iterable[Secret] = ()) -> tuple[Secret, ...]:
    """What of values that were put in, and of values that are written out, is to be masked."""
    texts = worth_masking((each.reveal() for each in put_in), (each.reveal() for each in written_out))
    return tuple(map(Secret, texts))
