"""`kind: auth`: whether the server refuses strangers, and how a client finds out where to get a token."""

from __future__ import annotations

from typing import Final

from prober.config.auth import bearer_complaint
from prober.config.fields.field_types import ListOf, Text
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.config.fields.secret import Secret
from prober.config.fields.urls import URL
from prober.config.fields.wrapping import Converted, Expanding
from prober.config.kind import FactMetric, ProbeKind
from prober.outcome import Reason


@settings
class AuthSettings:
    """Ask without credentials, and with tokens that nobody gave out, and read the metadata. It calls no tool."""

    issuers: tuple[str, ...] = key(
        ListOf(item=URL, wanted="a list of URLs"),
        "The authorization servers whose metadata is read, each by its issuer URL. One that the server names and this"
        " list does not is shown in a warning, and not asked. With a list, the server must name one of them.",
        default=(),
    )
    resource: str | None = key(
        URL,
        "What the server must call itself in its metadata, where clients reach it by another URL than the prober."
        " Default: the target's `url` without its query.",
        default=None,
    )
    foreign_token: Secret | None = key(
        Expanding(Converted(Text(complaint=bearer_complaint), Secret)),
        "A valid token for another server, as `${VARIABLE}` or `${file:PATH}`: it must be refused.",
        default=None,
    )


REASONS: Final = frozenset(
    {Reason.AUTH_NOT_ENFORCED, Reason.AUTH_CHALLENGE_WRONG, Reason.AUTH_METADATA_BROKEN, Reason.UNDECIDED}
)

KIND: Final = ProbeKind(
    rank=12,
    help="Check that the server refuses strangers, and that clients can find out where to get a token.",
    settings=mapping_of(AuthSettings),
    reasons=lambda _: REASONS,
    next_steps={
        Reason.UNDECIDED: "If the message names an origin that is yours, add it to `issuers` of the probe {probe}:"
        " nothing else that a server names is fetched. A process has no OAuth: remove the probe of one.",
    },
    metrics=(
        FactMetric(
            name="mcp_auth_registration",
            type="gauge",
            help="Whether a client that nobody has registered gets an id of all the authorization servers that the last"
            " run read, by way: 1 if so, else 0.",
            label="way",
            facts={"dcr": "auth_registration_dcr", "cimd": "auth_registration_cimd"},
        ),
    ),
)
