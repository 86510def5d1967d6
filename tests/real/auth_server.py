"""A server on the official SDK that wants tokens, with the SDK's own OAuth metadata of both parts.

python -m tests.real.auth_server FD URL [--mistake MISTAKE]   serves the listening socket FD, known to clients as URL

Tokens are JSON Web Tokens, signed with KEY and checked by joserfc.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import time
from typing import Final

import uvicorn
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import extract_compact
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.routes import build_metadata
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.server.mcpserver import MCPServer
from pydantic import AnyHttpUrl, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

KEY: Final = "a key of thirty-two bytes or more"
MISTAKES: Final = ("signature", "audience", "issuer", "pkce")


def token_for(audience: str, *, lives: float = 3600) -> str:
    """A token that the authorization server would give out."""
    claims = {"iss": "staff", "aud": audience, "sub": "ada", "exp": int(time.time() + lives)}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(KEY))


class Verifier:
    def __init__(self, audience: str, mistake: str | None):
        self._audience, self._mistake = audience, mistake

    async def verify_token(self, token: str) -> AccessToken | None:
        try:
            if self._mistake == "signature":
                claims = json.loads(extract_compact(token.encode()).payload)
            else:
                claims = jwt.decode(token, OctKey.import_key(KEY), algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            return None
        if self._mistake != "audience" and claims.get("aud") != self._audience:
            return None
        return AccessToken(token=token, client_id="ada", scopes=[], expires_at=claims["exp"])


def app_for(url: str, mistake: str | None) -> MCPServer:
    origin = url.removesuffix("/mcp")
    to_url = TypeAdapter(AnyHttpUrl).validate_python
    settings = AuthSettings(
        issuer_url=to_url(origin + "/staff"),
        resource_server_url=to_url(url),
        validate_token_resource=False,
    )
    server = MCPServer("auth-server", log_level="ERROR", auth=settings, token_verifier=Verifier(url, mistake))

    async def metadata(request: Request) -> Response:
        issuer = to_url(origin + ("/others" if mistake == "issuer" else "/staff"))
        told = build_metadata(issuer, None, ClientRegistrationOptions(enabled=True), RevocationOptions())
        document = told.model_dump(mode="json", exclude_none=True)
        if mistake == "pkce":
            del document["code_challenge_methods_supported"]
        return JSONResponse(document)

    server.custom_route("/.well-known/oauth-authorization-server/staff", methods=["GET"])(metadata)
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fd", type=int)
    parser.add_argument("url", help="what the server takes for its own URL")
    parser.add_argument("--mistake", choices=MISTAKES)
    arguments = parser.parse_args()
    app = app_for(arguments.url, arguments.mistake).streamable_http_app(json_response=True)
    config = uvicorn.Config(app, log_level="error", access_log=False)
    asyncio.run(uvicorn.Server(config).serve(sockets=[socket.socket(fileno=arguments.fd)]))


if __name__ == "__main__":
    main()
