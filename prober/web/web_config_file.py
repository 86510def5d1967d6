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
of a machine. A setting that this server does not support is an error: client certificates without verification, TLS
below 1.2, cipher lists, HTTP/2. An empty file is an error as well, because it would protect nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prober.config.document.cursor import Cursor, FileScope, InvalidValueError
from prober.config.document.diagnostics import ConfigError, Mistake
from prober.config.document.yaml_document import MAX_BYTES, UnreadableError, parse
from prober.config.fields.field_types import Choice, FieldType, MapOf, Text
from prober.config.fields.file_fields import ExistingFile, why_unreadable
from prober.config.fields.mapping_schema import Key, MappingSchema, Values, key, mapping_of, settings
from prober.files import read_bounded

_VERSIONS: Final = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_VERIFY_MODES: Final = {"VerifyClientCertIfGiven": ssl.CERT_OPTIONAL, "RequireAndVerifyClientCert": ssl.CERT_REQUIRED}
_UNVERIFIED: Final = "NoClientCert"
_BCRYPT: Final = r"^\$2[abxy]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}$"
"""With a cost above 16, every wrong password takes seconds of CPU. A salt of 16 bytes ends with one of four characters;
of another one, bcrypt cannot check any password.
"""
_HEADERS: Final = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)


class WebConfigError(ConfigError):
    """A web configuration file that cannot be used. Its text is one mistake a line."""


@settings
class Tls:
    """The certificate of the server, and the certificates that it asks of clients."""

    cert_file: Path = key(ExistingFile(), "The server's certificate and what leads to its root.")
    key_file: Path = key(ExistingFile(), "Its private key.")
    client_ca_file: Path | None = key(ExistingFile(), "Authorities of client certificates.", default=None)
    client_auth_type: str = key(Choice((_UNVERIFIED, *_VERIFY_MODES)), "What is asked of clients.", default=_UNVERIFIED)
    min_version: str = key(Choice(tuple(_VERSIONS)), "The oldest TLS that is spoken.", default="TLS12")
    max_version: str = key(Choice(tuple(_VERSIONS)), "The newest.", default="TLS13")

    def context(self) -> ssl.SSLContext:
        """A context for servers. Raises as `apply` does."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.apply(context)
        return context

    def apply(self, context: ssl.SSLContext) -> None:
        """Set the context up. It may be in use: the settings hold for new connections.

        Client authorities that the context trusts already stay trusted.

        Raises:
            OSError: a file is missing or invalid; ssl.SSLError is an OSError.
        """
        context.load_cert_chain(self.cert_file, self.key_file, password=_no_password)
        if self.client_ca_file is not None:
            context.load_verify_locations(cafile=self.client_ca_file)
        context.minimum_version = _VERSIONS[self.min_version]
        context.maximum_version = _VERSIONS[self.max_version]
        context.verify_mode = _VERIFY_MODES.get(self.client_auth_type, ssl.CERT_NONE)


def _check_certificate(values: Values) -> None:
    cert, key = values.get("cert_file"), values.get("key_file")
    if cert is None or key is None:
        return
    if "BEGIN CERTIFICATE" not in _read_text(cert):
        values.at("cert_file").report("holds no certificate in PEM form")
        return
    if "PRIVATE KEY" not in _read_text(key):
        values.at("key_file").report("holds no private key in PEM form")
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=_no_password)
    except _EncryptedKeyError as error:
        values.at("key_file").report(str(error))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            values.at("key_file").report("is not the key of the certificate in cert_file")
        else:
            values.at("cert_file").report(f"cannot be used with key_file: {error.reason or 'not PEM'}")


def _check_client_authority(values: Values) -> None:
    authority, wanted = values.get("client_ca_file"), values.get("client_auth_type", _UNVERIFIED)
    if wanted in _VERIFY_MODES and not values.has("client_ca_file"):
        values.at("client_auth_type").report("needs client_ca_file")
    if values.has("client_ca_file") and wanted == _UNVERIFIED:
        values.at("client_ca_file").report(f"needs client_auth_type: {' or '.join(_VERIFY_MODES)}")
    if authority is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cafile=authority)
    except ssl.SSLError:
        values.at("client_ca_file").report("holds no certificate in PEM form")


def _check_versions(values: Values) -> None:
    if (values.get("min_version"), values.get("max_version")) == ("TLS13", "TLS12"):
        values.at("max_version").report("below min_version")


def _read_text(path: Path) -> str:
    return read_bounded(path, most=MAX_BYTES).decode("latin-1")


class _EncryptedKeyError(ValueError):
    pass


def _no_password() -> str:
    # Without this callback OpenSSL asks for a password on the terminal, and a service waits for ever.
    raise _EncryptedKeyError("is encrypted; a service has nobody to ask for the password")


class _Users(MapOf[str]):
    """At least one user: an empty mapping would switch authentication off."""

    def read(self, cursor: Cursor) -> dict[str, str]:
        users = super().read(cursor)
        if not users:
            raise cursor.error("must not be empty")
        return users


def _invalid_header(text: str) -> str | None:
    return None if text.isascii() and text.isprintable() else "expected printable ASCII"


def _headers() -> FieldType[dict[str, str]]:
    value = Text(wanted="the value of a header", complaint=_invalid_header)
    keys = tuple(Key(name=name, value_type=value, help="A header of every answer.") for name in _HEADERS)
    return MappingSchema(keys=keys, build=_given_headers)


def _given_headers(values: Values) -> dict[str, str]:
    return {name: values.get(name) for name in _HEADERS if values.has(name)}


_TLS: Final = mapping_of(Tls, checks=(_check_certificate, _check_client_authority, _check_versions))
_HTTP: Final[MappingSchema[dict[str, str]]] = MappingSchema(
    keys=(Key(name="headers", value_type=_headers(), help="Headers of every answer."),),
    build=lambda values: values.get("headers", {}),
)


@settings
class WebConfig:
    """TLS, users and headers. The default is plain HTTP without users."""

    tls: Tls | None = key(_TLS, "TLS.", name="tls_server_config", default=None)
    users: Mapping[str, str] = key(
        _Users(
            value=Text(wanted="a bcrypt hash of a cost from 04 to 16", pattern=_BCRYPT),
            names=r"^[^:\x00-\x1f\x7f]+$",  # RFC 7617 section 2: the first colon ends the name
            names_wanted="a user's name, without a colon",
        ),
        "User name to bcrypt hash.",
        name="basic_auth_users",
        default_factory=dict,
        repr=False,
    )
    headers: Mapping[str, str] = key(_HTTP, "How is answered.", name="http_server_config", default_factory=dict)
    """Sent with every response, in place of the default value."""


_FILE: Final = mapping_of(WebConfig)


def load(path: Path) -> WebConfig:
    """The web configuration in a file.

    Raises:
        WebConfigError: the file has mistakes; the error holds all of them.
    """
    scope = FileScope(file=path, environ={})
    config = _read(scope)
    if config is None or scope.mistakes:
        raise WebConfigError(sorted(scope.mistakes, key=lambda mistake: mistake.line))
    if config == WebConfig():
        raise unusable(path, "protects nothing: it has neither basic_auth_users nor tls_server_config")
    return config


def unusable(path: Path, why: str) -> WebConfigError:
    """The error for a file that was valid when it was read, but cannot be used."""
    return WebConfigError([Mistake(file=path, line=0, path="", message=why)])


def _read(scope: FileScope) -> WebConfig | None:
    try:
        content = read_bounded(scope.file, most=MAX_BYTES)
        return _FILE.read(Cursor.root(scope, parse(content, scope.note)))
    except OSError as error:
        scope.note(0, "", why_unreadable(error))
    except UnreadableError as error:
        scope.note(error.line, "", str(error))
    except InvalidValueError:
        pass
    return None
