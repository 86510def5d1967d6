"""Server certificates, good and bad, and the authority that a client is told to trust. Made once per process."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE: Final = ("127.0.0.1", "localhost")
DAY: Final = timedelta(days=1)


@cache
def authority() -> trustme.CA:
    """The authority whose certificates are good."""
    return trustme.CA()


def write_authority(folder: Path) -> Path:
    """The authority's certificate as a PEM file in `folder`."""
    path = folder / "authority.pem"
    authority().cert_pem.write_to_path(path)
    return path


def write_client_certificate(folder: Path) -> tuple[Path, Path]:
    """A client's certificate and key, issued by the authority, as PEM files in `folder`."""
    issued = authority().issue_cert("client.example")
    certificate, key = folder / "client.pem", folder / "client.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    return certificate, key


@cache
def server_context(name: str) -> ssl.SSLContext:
    """What a server with the certificate `name` of `CERTIFICATES` serves TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATES[name](context)
    return context


def _issued(by: Callable[[], trustme.CA], *identities: str, start: timedelta, end: timedelta) -> Setup:
    def setup(context: ssl.SSLContext) -> None:
        now = datetime.now(UTC)
        by().issue_cert(*identities, not_before=now + start, not_after=now + end).configure_cert(context)

    return setup


def _wants_client_certificate(context: ssl.SSLContext) -> None:
    CERTIFICATES["good"](context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(context)


def _self_signed(context: ssl.SSLContext) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with trustme.Blob(secret + certificate.public_bytes(pem)).tempfile() as path:
        context.load_cert_chain(path)


Setup = Callable[[ssl.SSLContext], None]

CERTIFICATES: Final[Mapping[str, Setup]] = {
    "good": _issued(authority, *HERE, start=-DAY, end=DAY),
    "expired": _issued(authority, *HERE, start=-2 * DAY, end=-DAY),
    "not_yet_valid": _issued(authority, *HERE, start=DAY, end=2 * DAY),
    "wrong_host": _issued(authority, "elsewhere.example", start=-DAY, end=DAY),
    "unknown_authority": _issued(trustme.CA, *HERE, start=-DAY, end=DAY),
    "self_signed": _self_signed,
    "wants_client_certificate": _wants_client_certificate,
}
