"""The web configuration file: what is accepted, and every mistake in words."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from prober.web import WebConfig, WebConfigError
from prober.web.web_config_file import load
from tests.peers.tls import authority, write_authority

HASH = "$2b$10$" + "u" * 53


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds a certificate, its key, another key, an encrypted key, and the authority's certificate."""
    issued = authority().issue_cert("localhost", "127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "good.crt")
    issued.private_key_pem.write_to_path(tmp_path / "good.key")
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(tmp_path / "other.key")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    (tmp_path / "encrypted.key").write_bytes(encrypted)
    (tmp_path / "broken.crt").write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    write_authority(tmp_path)
    return tmp_path


def web(folder: Path, text: str) -> WebConfig:
    (folder / "web.yaml").write_text(text)
    return load(folder / "web.yaml")


def test_a_file_with_everything_is_read(folder: Path) -> None:
    config = web(
        folder,
        f"""
tls_server_config:
  cert_file: good.crt
  key_file: good.key
  client_ca_file: authority.pem
  client_auth_type: RequireAndVerifyClientCert
  min_version: TLS13
basic_auth_users:
  ada: {HASH}
  "zoë": {HASH}
http_server_config:
  headers:
    Strict-Transport-Security: max-age=31536000
""",
    )
    assert config.tls is not None
    assert config.tls.cert_file == folder / "good.crt"
    context = config.tls.context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert set(config.users) == {"ada", "zoë"}
    assert config.headers == {"Strict-Transport-Security": "max-age=31536000"}
    assert HASH not in repr(config)


def test_without_more_tls_begins_at_1_2_and_asks_nobody_for_a_certificate(folder: Path) -> None:
    config = web(folder, "tls_server_config: {cert_file: good.crt, key_file: good.key}")
    assert config.tls is not None
    context = config.tls.context()
    assert (context.minimum_version, context.verify_mode) == (ssl.TLSVersion.TLSv1_2, ssl.CERT_NONE)


TLS = "tls_server_config: "
CLIENTS = "tls_server_config.client_auth_type: "
MISTAKES = [
    ("", ["the file is empty"]),
    ("[]", ["1: expected a mapping, found a list"]),
    ("{}", ["protects nothing: it has neither basic_auth_users nor tls_server_config"]),
    ("basic_auth: {}", ["1: basic_auth: unknown key; did you mean basic_auth_users?"]),
    ("basic_auth_users: {}", ["1: basic_auth_users: must not be empty"]),
    ("basic_auth_users: {a: secret}", ["1: basic_auth_users.a: expected a bcrypt hash of a cost from 04 to 16"]),
    (
        f"basic_auth_users: {{a: {HASH.replace('u' * 22, 'u' * 21 + 'v')}}}",
        ["1: basic_auth_users.a: expected a bcrypt hash of a cost from 04 to 16"],
    ),
    (f"basic_auth_users: {{a: '{HASH} '}}", ["1: basic_auth_users.a: expected a bcrypt hash of a cost from 04 to 16"]),
    (
        f"basic_auth_users: {{a: {HASH.replace('$10$', '$31$')}}}",
        ["1: basic_auth_users.a: expected a bcrypt hash of a cost from 04 to 16"],
    ),
    (
        f"basic_auth_users: {{'a:b': {HASH}}}",
        ["1: basic_auth_users.a…: not a name: expected a user's name, without a colon"],
    ),
    (
        "basic_auth_users: {a:hunter2}",
        [
            "1: basic_auth_users.a…: a space is missing after the colon; not a name: expected a user's name,"
            " without a colon",
            "1: basic_auth_users.a…: a space is missing after the colon; expected a bcrypt hash of a cost from 04 to"
            " 16, found nothing",
        ],
    ),
    (
        "basic_auth_users: {a: *hunter2}",
        ["1: the alias has no anchor before it; a text that begins with * needs quotes"],
    ),
    ("tls_server_config: {}", ["1: tls_server_config: needs cert_file", "1: tls_server_config: needs key_file"]),
    (
        TLS + "{cert_file: no.crt, key_file: no.key}",
        [
            "1: tls_server_config.cert_file: no such file or directory",
            "1: tls_server_config.key_file: no such file or directory",
        ],
    ),
    (
        TLS + "{cert_file: good.key, key_file: good.key}",
        ["1: tls_server_config.cert_file: holds no certificate in PEM form"],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: good.crt}",
        ["1: tls_server_config.key_file: holds no private key in PEM form"],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: other.key}",
        ["1: tls_server_config.key_file: is not the key of the certificate in cert_file"],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: encrypted.key}",
        ["1: tls_server_config.key_file: is encrypted; a service has nobody to ask for the password"],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: good.key, client_ca_file: authority.pem}",
        [
            "1: tls_server_config.client_ca_file: needs client_auth_type: "
            "VerifyClientCertIfGiven or RequireAndVerifyClientCert"
        ],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: good.key, client_auth_type: RequireAndVerifyClientCert}",
        [f"1: {CLIENTS}needs client_ca_file"],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: good.key, client_auth_type: RequireAnyClientCert}",
        [
            f"1: {CLIENTS}expected NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert,"
            " found RequireAnyClientCert"
        ],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: good.key, min_version: TLS10}",
        ["1: tls_server_config.min_version: expected TLS12 or TLS13, found TLS10"],
    ),
    (
        TLS + "{cert_file: good.crt, key_file: good.key, min_version: TLS13, max_version: TLS12}",
        ["1: tls_server_config.max_version: below min_version"],
    ),
    (
        "http_server_config: {headers: {Set-Cookie: a}}",
        [
            "1: http_server_config.headers.Set-Cookie: unknown key; known: Content-Security-Policy, "
            "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection"
        ],
    ),
    (
        'http_server_config: {headers: {X-Frame-Options: "DENY\\r\\nX: y"}}',
        ["1: http_server_config.headers.X-Frame-Options: expected printable ASCII"],
    ),
    (
        "tls_server_config: {cert_file: good.crt}\nbasic_auth_users: {a: b}\nhttp2: true\n",
        [
            "1: tls_server_config: needs key_file",
            "2: basic_auth_users.a: expected a bcrypt hash of a cost from 04 to 16",
            "3: http2: unknown key; known: tls_server_config, basic_auth_users, http_server_config",
        ],
    ),
]


@pytest.mark.parametrize(("text", "messages"), MISTAKES, ids=[text[:60] for text, _ in MISTAKES])
def test_every_mistake_is_told_with_its_place(folder: Path, text: str, messages: list[str]) -> None:
    with pytest.raises(WebConfigError) as caught:
        web(folder, text)
    file = folder / "web.yaml"
    assert [line.removeprefix(f"{file}:").strip() for line in str(caught.value).splitlines()] == messages


def test_a_certificate_that_is_none_is_told(folder: Path) -> None:
    with pytest.raises(
        WebConfigError, match=r"web.yaml:1: tls_server_config.cert_file: cannot be used with key_file: "
    ):
        web(folder, TLS + "{cert_file: broken.crt, key_file: good.key}")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WebConfigError, match=r"web.yaml: no such file or directory$"):
        load(tmp_path / "web.yaml")


def test_a_password_is_in_no_message(folder: Path) -> None:
    with pytest.raises(WebConfigError) as caught:
        web(folder, "basic_auth_users: {a: hunter2-in-the-clear}")
    assert "hunter2" not in str(caught.value)


def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "web.yaml")
    with pytest.raises(WebConfigError, match=r"web\.yaml: not a file"):
        load(tmp_path / "web.yaml")
