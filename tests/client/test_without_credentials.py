"""What goes along where the prober asks as somebody without credentials for the target."""

from __future__ import annotations

from pathlib import Path

import pytest

from prober.client.http.stranger import without_credentials
from prober.config.fields.secret import Secret
from prober.config.model import Target, Tls

TARGET = Target(
    name="one",
    url="https://mcp.example/mcp?key=1",
    headers={"Authorization": Secret("Bearer t")},
    tls=Tls(ca_file=Path("ca.pem"), client_certificate=Path("a.pem"), client_key=Path("a.key")),
)


@pytest.mark.parametrize(
    ("url", "certificate"),
    [
        ("https://mcp.example/mcp", True),
        ("https://MCP.example:443/.well-known/x", True),
        ("https://mcp.example:9090/metrics", False),
        ("http://mcp.example/metrics", False),
        ("https://other.example/mcp", False),
    ],
)
def test_no_header_goes_anywhere_and_a_certificate_to_no_other_origin(url: str, certificate: bool) -> None:
    stranger = without_credentials(TARGET, url)
    assert (stranger.url, stranger.headers, stranger.auth) == (url, {}, None)
    assert stranger.tls.ca_file == TARGET.tls.ca_file
    assert (stranger.tls.client_certificate is not None, stranger.tls.client_key is not None) == (certificate,) * 2
