"""The SSL context of a TLS profile, shared by all targets with that profile."""

from __future__ import annotations

import ssl
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from prober.config.model import Tls


class _Handshake(ssl.SSLObject):
    """A handshake whose verification error has the certificate that was refused: it says until when it was valid."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            with suppress(Exception):  # an inner function of the standard library, for want of one before 3.13
                error.certificate = self._sslobj.get_unverified_chain()[0].get_info()  # type: ignore[attr-defined]
            raise


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The context of a TLS profile. It costs 20 ms and a megabyte, so it is cached until its files change.

    Raises OSError for files that cannot be used; ssl.SSLError is an OSError.
    """
    files = (tls.ca_file, tls.client_certificate, tls.client_key)
    return _context(tls, *(_stamp(file) for file in files if file))


def _stamp(file: Path) -> tuple[int, int, int]:
    """A value that changes with the file. Certificates are renewed while a prober runs."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(maxsize=256)
def _context(tls: Tls, *_stamps: tuple[int, int, int]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    context.sslobject_class = _Handshake
    if tls.client_certificate:
        # Without the empty password OpenSSL would ask for one at the terminal, and wait.
        context.load_cert_chain(tls.client_certificate, tls.client_key, password="")
    return context
