"""A SCIM 2.0 provider with a login: users and groups under /v2, and an OAuth token endpoint at /token.

Run as `python -m cli.stack.identity_service HOST PORT FILE`; the bearer token of SCIM comes in the environment, since
command lines can be read by everybody on the machine. The token that a login gives opens nothing: what counts is
whether there is one.
"""

import hmac
import os
import secrets
import sys
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn
from scim2_models import ScimProvider, UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication, Message, Receive, Scope, Send
from scim2_server.requests import ScimRequest
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME
from scim2_server.utils import load_default_resource_types, load_default_schemas, load_default_service_provider_config

from cli.stack.identity_provider import BEARER_VARIABLE, TOKEN_PATH
from cli.stack.identity_store import DurableStorage

_FORM_LIMIT_BYTES = 10_000


class IdentityService(ASGIApplication):
    """Asks for the bearer token everywhere but at the service provider configuration and at the login."""

    def __init__(self, storage: DurableStorage, provider: ScimProvider, bearer: str) -> None:
        super().__init__(storage, provider)
        self._users, self._bearer = storage, bearer

    def check_auth(self, request: ScimRequest) -> None:
        scheme, _, token = (request.header("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), self._bearer.encode()):
            raise UnauthorizedException

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == TOKEN_PATH:
            status, body = self._login(await _form(receive)) if scope["method"] == "POST" else (405, b"")
            await _answer(send, status, body)
            return
        await super().__call__(scope, receive, send)

    def _login(self, form: dict[str, str]) -> tuple[int, bytes]:
        """The answers of RFC 6749, sections 4.3 and 5.2."""
        if form.get("grant_type") != "password":
            return 400, b'{"error": "unsupported_grant_type"}'
        if not self._users.login_possible(form.get("username", ""), form.get("password", "")):
            return 400, b'{"error": "invalid_grant"}'
        token = secrets.token_urlsafe(24)
        return 200, f'{{"access_token": "{token}", "token_type": "Bearer", "expires_in": 60}}'.encode()


async def _form(receive: Receive) -> dict[str, str]:
    body, more = b"", True
    while more and len(body) <= _FORM_LIMIT_BYTES:
        message: Message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def describe() -> ScimProvider:
    """What the provider offers: the schemas and resource types of RFC 7643."""
    config = load_default_service_provider_config()
    config.authentication_schemes = [*(config.authentication_schemes or []), BEARER_TOKEN_SCHEME]
    return ScimProvider.from_discovery(
        load_default_schemas().values(), load_default_resource_types().values(), config=config
    )


def build(path: Path, bearer: str) -> IdentityService:
    """The provider over the file at `path`, which is made when there is none."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    provider = describe()
    return IdentityService(DurableStorage(path, provider), provider, bearer)


def main() -> None:
    host, port, path = sys.argv[1:]
    # Access logs would hold user names: they are in the filters of searches.
    uvicorn.run(
        build(Path(path), os.environ[BEARER_VARIABLE]),
        host=host,
        port=int(port),
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
