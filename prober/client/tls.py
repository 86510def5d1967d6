"""Whom a target trusts in TLS and how it shows itself: one SSL context per profile, shared."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from prober.config.model import Tls


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The context of a TLS profile. Building one costs 20 ms and a megabyte: it stays until its files change.

    Raises OSError, of which ssl.SSLError is one, for files that cannot be used.
    """
    files = (tls.ca_file, tls.client_certificate, tls.client_key)
    return _context(tls, *(_stamp(file) for file in files if file))


def _stamp(file: Path) -> tuple[int, int, int]:
    """Changes when the file does. Certificates are renewed while a prober runs."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(maxsize=256)
def _context(tls: Tls, *_stamps: tuple[int, int, int]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    if tls.client_certificate:
        # No password: without this word OpenSSL would ask for one at the terminal, and wait.
        context.load_cert_chain(tls.client_certificate, tls.client_key, password="")
    return context
