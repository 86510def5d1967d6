"""What looks like a secret: by the name of its key, or by its shape. Too many are better than too few."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(
    r"(?:token|secret|password|passwd|passphrase|key|auth|authorization|cookie|credentials?|jwt|bearer)s?"
    r"|.*(?:token|secret|password)|(?:api|access|auth|private|service)key|pat|pwd|pin|dsn"
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PLACE: Final = frozenset({"file", "path", "dir", "folder", "url", "uri", "endpoint", "type", "method", "name"})
"""`TOKEN_FILE` says where a token is, not what it is."""

_HARMLESS: Final = re.compile(r"|true|false|null|none|on|off|yes|no|[0-9]{1,6}", re.IGNORECASE)
_PASSWORD: Final = re.compile(r"pass|pwd|pin", re.IGNORECASE)

_SHAPE: Final = re.compile(
    r"""
      (?:^|(?<=[^A-Za-z0-9]))
      (?: gh[pousr]_ | github_pat_ | glpat- | sk-(?!$) | sk_(?:live|test)_ | rk_live_ | xox[abeprs]- | xapp- | hf_
        | npm_ | pypi- | AKIA | ASIA | AIza | ya29\. | eyJ[A-Za-z0-9_-]+\.eyJ | secret_ | ntn_ | lin_api_ | figd_
        | dop_v1_ | SG\. | shpat_ | tvly- | fc- | pplx- | gsk_ | ATATT )
      [A-Za-z0-9_.+/=-]{12,}
    | ://[^/\s:@]*:[^/\s@]+@                             # a password in a URL
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY
    """,
    re.VERBOSE,
)
_RANDOM: Final = re.compile(r"[A-Za-z0-9_+=-]{24,}")
_DIGEST: Final = re.compile(r"(?:sha(?:256|512)[:-]|@)[0-9a-f]{7,128}(?![0-9A-Za-z])")
"""What pins an image or a commit."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def names_secret(name: str) -> bool:
    """Whether the value under a key of this name is a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and words[-1] not in _PLACE and any(_NAME.fullmatch(word) for word in words)


def is_secret(text: str, *, name: str = "") -> bool:
    """Whether a text is a secret, by the name of its key or by its shape."""
    if names_secret(name) and not (_HARMLESS.fullmatch(text) and not (text and _PASSWORD.search(name))):
        return True
    if _SHAPE.search(text):
        return True
    return any(map(looks_random, re.split(r"[\s/:,;?&@\"'.]+", _DIGEST.sub("", text))))


def looks_random(text: str) -> bool:
    """Whether a text looks like a random token: long, of letters and digits that no word would have."""
    if _UUID.fullmatch(text):
        return True
    if not _RANDOM.fullmatch(text):
        return False
    digits = sum(character.isdigit() for character in text)
    changes = len(re.findall(r"(?<=[a-z])[A-Z0-9]|(?<=[0-9])[A-Za-z]", text))
    return digits >= 3 and changes >= 5
