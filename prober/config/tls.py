"""`tls` of a target: trusted certificates and the client certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from prober.config.fields.file_fields import ExistingFile
from prober.config.fields.mapping_schema import OnlyWith, Values, key, mapping_of, settings


@settings
class Tls:
    """Trusted certificates and the client certificate. Paths are absolute."""

    ca_file: Path | None = key(
        ExistingFile(), "Certificates (PEM) to trust instead of the system's.", default=None, repr=False
    )
    client_certificate: Path | None = key(
        ExistingFile(),
        "The certificate (PEM) to show to the server; it may hold the key as well.",
        default=None,
        repr=False,
    )
    client_key: Path | None = key(
        ExistingFile(), "The key (PEM, not encrypted) of client_certificate.", default=None, repr=False
    )


def _check_certificates(values: Values) -> None:
    """Load the certificates, so that unusable ones are reported now and not by the first run."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if (ca_file := values.get("ca_file")) is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (ssl.SSLError, OSError):
            values.at("ca_file").report("holds no certificate in PEM form")
    if (certificate := values.get("client_certificate")) is None:
        return
    if values.has("client_key") and values.get("client_key") is None:
        return
    try:
        # Without this password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, values.get("client_key"), password=lambda: "")
    except (ssl.SSLError, OSError, ValueError):
        values.at("client_certificate").report("not a certificate with its unencrypted key in PEM form")


TLS: Final = mapping_of(Tls, rules=(OnlyWith("client_certificate", "client_key"),), checks=(_check_certificates,))
