"""What the tests of the configuration share: the variables that are set, and folders with certificates in cursor."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from prober.config import Config, ConfigError
from prober.loader import load

HERE = Path(__file__).parent

TOKEN = "correct-horse-battery-staple"
ENVIRON = {"TOKEN": TOKEN, "EMPTY": "", "HOST": "mcp.test", "ERA": "modern", "SIZE": "64KiB"}


def write_certificates(folder: Path) -> None:
    """A CA, a client certificate with its key, and an encrypted key: no key lies in the repository."""
    ca = trustme.CA(organization_name="mcp-prober tests")
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    client = ca.issue_cert("client.test")
    client.cert_chain_pems[0].write_to_path(str(folder / "client.pem"))
    client.private_key_pem.write_to_path(str(folder / "client-key.pem"))
    key = ec.generate_private_key(ec.SECP256R1())
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    (folder / "encrypted-key.pem").write_bytes(encrypted)


@pytest.fixture(scope="session")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `mistakes/` with certificates."""
    folder = tmp_path_factory.mktemp("config") / "mistakes"
    shutil.copytree(HERE / "mistakes", folder)
    write_certificates(folder / "files")
    return folder


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `good/` with certificates."""
    folder = tmp_path_factory.mktemp("config") / "good"
    shutil.copytree(HERE / "good", folder)
    write_certificates(folder / "files")
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of the test's own folder."""

    def write_file(text: str | bytes, name: str = "probes.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write_file


def told(*paths: Path, environ: dict[str, str] | None = None) -> list[str]:
    """The mistakes of a configuration, each as `line: path: message`; empty when there is none."""
    try:
        load(paths, environ=ENVIRON if environ is None else environ)
    except ConfigError as error:
        return [str(mistake).removeprefix(str(mistake.file)).removeprefix(":").lstrip() for mistake in error.mistakes]
    return []


def loaded(path: Path) -> Config:
    """A configuration that must be good."""
    return load([path], environ=ENVIRON)
