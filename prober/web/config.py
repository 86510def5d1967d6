"""The web configuration file: TLS, users and headers of the daemon's own endpoints.

    tls_server_config:
      cert_file: prober.crt                    # paths are relative to the file
      key_file: prober.key
      client_ca_file: clients.pem              # with client_auth_type: RequireAndVerifyClientCert
      min_version: TLS13
    basic_auth_users:
      prometheus: $2b$10$…                     # bcrypt; htpasswd -nBC 10 prometheus
    http_server_config:
      headers: {Strict-Transport-Security: max-age=31536000}

The keys are those of Prometheus' exporter-toolkit (docs/web-configuration.md), so that one file may serve all exporters
of a machine. What this server cannot do is refused rather than passed over: client certificates that nobody verifies,
TLS below 1.2, cipher lists, HTTP/2. An empty file is refused as well: whoever asks for protection gets some.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prober.config.document import MAX_BYTES, Unreadable, parse
from prober.config.files import ExistingFile, why_unreadable
from prober.config.forms import Choice, Form, MapOf, Text
from prober.config.mistake import ConfigError, Mistake
from prober.config.place import Book, Place, Refused
from prober.config.record import Fields, Key, Record, record_of

_VERSIONS: Final = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_VERIFIED: Final = {"VerifyClientCertIfGiven": ssl.CERT_OPTIONAL, "RequireAndVerifyClientCert": ssl.CERT_REQUIRED}
_NOBODY: Final = "NoClientCert"
_BCRYPT: Final = r"^\$2[abxy]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$"
"""A cost above 16 makes of every wrong password seconds of a processor's time."""
_HEADERS: Final = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)


class WebConfigError(ConfigError):
    """A web configuration file that cannot be used. Its text is one mistake a line."""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """What the server shows and asks of whoever connects."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    client_auth_type: str = _NOBODY
    min_version: str = "TLS12"
    max_version: str = "TLS13"

    def context(self) -> ssl.SSLContext:
        """A context for servers. Raises as `apply` does."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.apply(context)
        return context

    def apply(self, context: ssl.SSLContext) -> None:
        """Make the context as this says; it may be in use: connections that come from now on go by it.

        An authority of client certificates that a context knows already stays known to it.

        Raises:
            OSError: a file is gone or does not hold what it should; ssl.SSLError is one.
        """
        context.load_cert_chain(self.cert_file, self.key_file, password=_no_password)
        if self.client_ca_file is not None:
            context.load_verify_locations(cafile=self.client_ca_file)
        context.minimum_version = _VERSIONS[self.min_version]
        context.maximum_version = _VERSIONS[self.max_version]
        context.verify_mode = _VERIFIED.get(self.client_auth_type, ssl.CERT_NONE)


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    """Who may ask, and over what. The default is anybody, over plain HTTP."""

    tls: Tls | None = None
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name to bcrypt hash."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every answer, in place of the usual value."""


def load(path: Path) -> WebConfig:
    """The web configuration in a file.

    Raises:
        WebConfigError: something is wrong; it holds every mistake.
    """
    book = Book(file=path, environ={})
    config = _read(book)
    if config is None or book.mistakes:
        raise WebConfigError(sorted(book.mistakes, key=lambda mistake: mistake.line))
    return config


def refused(path: Path, why: str) -> WebConfigError:
    """What a file that was sound when it was read turned out to be."""
    return WebConfigError([Mistake(file=path, line=0, path="", message=why)])


def _read(book: Book) -> WebConfig | None:
    try:
        with book.file.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        return _FILE.read(Place.root(book, parse(content, book.note)))
    except OSError as error:
        book.note(0, "", why_unreadable(error))
    except Unreadable as error:
        book.note(error.line, "", str(error))
    except Refused:
        pass
    return None


def _check_certificate(fields: Fields) -> None:
    cert, key = fields.get("cert_file"), fields.get("key_file")
    if cert is None or key is None:
        return
    if "BEGIN CERTIFICATE" not in _text(cert):
        fields.at("cert_file").mistake("holds no certificate in PEM form")
        return
    if "PRIVATE KEY" not in _text(key):
        fields.at("key_file").mistake("holds no private key in PEM form")
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=_no_password)
    except _EncryptedKeyError as error:
        fields.at("key_file").mistake(str(error))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            fields.at("key_file").mistake("is not the key of the certificate in cert_file")
        else:
            fields.at("cert_file").mistake(f"cannot be used with key_file: {error.reason or 'not PEM'}")


def _check_client_authority(fields: Fields) -> None:
    authority, wanted = fields.get("client_ca_file"), fields.get("client_auth_type", _NOBODY)
    if wanted in _VERIFIED and not fields.has("client_ca_file"):
        fields.at("client_auth_type").mistake("needs client_ca_file")
    if fields.has("client_ca_file") and wanted == _NOBODY:
        fields.at("client_ca_file").mistake(f"needs client_auth_type: {' or '.join(_VERIFIED)}")
    if authority is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cafile=authority)
    except ssl.SSLError:
        fields.at("client_ca_file").mistake("holds no certificate in PEM form")


def _check_versions(fields: Fields) -> None:
    if (fields.get("min_version"), fields.get("max_version")) == ("TLS13", "TLS12"):
        fields.at("max_version").mistake("below min_version")


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1")


class _EncryptedKeyError(ValueError):
    pass


def _no_password() -> str:
    # Without this OpenSSL asks for one on the terminal, and a service waits for ever.
    raise _EncryptedKeyError("is encrypted; a service has nobody to ask for the password")


class _Users(MapOf[str]):
    """Users, of whom there is at least one: none would mean everybody."""

    def read(self, place: Place) -> dict[str, str]:
        users = super().read(place)
        if not users:
            raise place.refuse("must not be empty")
        return users


def _bad_value(text: str) -> str | None:
    return None if text.isascii() and text.isprintable() else "expected printable ASCII"


def _headers() -> Form[dict[str, str]]:
    value = Text(wanted="the value of a header", complaint=_bad_value)
    keys = tuple(Key(name=name, form=value, doc="A header of every answer.") for name in _HEADERS)
    return Record(keys=keys, build=lambda fields: _written(fields, _HEADERS))


def _written(fields: Fields, names: Iterable[str]) -> dict[str, str]:
    return {name: fields.get(name) for name in names if fields.has(name)}


_TLS: Final[Record[Tls]] = record_of(
    Tls,
    Key(name="cert_file", of=Tls, form=ExistingFile(), doc="The server's certificate and what leads to its root."),
    Key(name="key_file", of=Tls, form=ExistingFile(), doc="Its private key."),
    Key(name="client_ca_file", of=Tls, form=ExistingFile(), doc="Authorities of client certificates."),
    Key(name="client_auth_type", of=Tls, form=Choice((_NOBODY, *_VERIFIED)), doc="What is asked of clients."),
    Key(name="min_version", of=Tls, form=Choice(tuple(_VERSIONS)), doc="The oldest TLS that is spoken."),
    Key(name="max_version", of=Tls, form=Choice(tuple(_VERSIONS)), doc="The newest."),
    checks=(_check_certificate, _check_client_authority, _check_versions),
)
_HTTP: Final[Record[dict[str, str]]] = Record(
    keys=(Key(name="headers", form=_headers(), doc="Headers of every answer."),),
    build=lambda fields: fields.get("headers", {}),
)
_FILE: Final[Record[WebConfig]] = record_of(
    WebConfig,
    Key(name="tls_server_config", of=WebConfig, field="tls", form=_TLS, doc="TLS."),
    Key(
        name="basic_auth_users",
        of=WebConfig,
        field="users",
        form=_Users(
            value=Text(wanted="a bcrypt hash of a cost from 04 to 16", pattern=_BCRYPT),
            names=r"^[^:\x00-\x1f\x7f]+$",  # RFC 7617 section 2: the first colon ends the name
            names_wanted="a user's name, without a colon",
        ),
        doc="User name to bcrypt hash.",
    ),
    Key(name="http_server_config", of=WebConfig, field="headers", form=_HTTP, doc="How is answered."),
)
