"""The OpenID Connect provider of the embedded stack, with the personas of the reference health system in it.

Its tokens are RS256 JWTs. Roles travel in the claim `roles`, facilities in the claim `groups`: the provider
lets a caller of its token endpoint add claims it does not know (`extra`), so a claim called `facilities`
could be made up by the persona; `roles` and `groups` cannot. Whoever reads these tokens reads facilities
from FACILITIES_CLAIM.

Keys, passwords and secrets are random for each data folder and kept there, readable by their owner alone.
"""

import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import httpx
import yaml

from cli.stack.addresses import StackAddresses
from cli.stack.data_folder import write_private
from cli.stack.errors import StackError
from cli.stack.processes import Child, ChildSpec
from cli.stack.settings import StackSettings

NAME = "oidc"
AUDIENCE = "corridor"
CLIENT_ID = "corridor-cli"
NAME_CLAIM = "attributes.name"  # the provider nests what it does not know
ROLES_CLAIM = "roles"
FACILITIES_CLAIM = "groups"
TOKEN_LIFETIME_MINUTES = 60
SECRETS_NAME = "secrets.json"


@dataclass(frozen=True)
class Persona:
    """A person who can log in to the embedded stack, with the roles and facilities that the token will
    carry.
    """

    user_id: str
    display_name: str
    email: str
    roles: tuple[str, ...]
    facilities: tuple[str, ...]


class _Secrets(TypedDict):
    client_secret: str
    session_key: str
    management_secret: str
    passwords: dict[str, str]  # by user id


class EmbeddedOidc:
    """The provider of one data folder."""

    def __init__(self, settings: StackSettings, addresses: StackAddresses, personas: Sequence[Persona]) -> None:
        self._settings = settings
        self._addresses = addresses
        self._personas = personas
        self._folder = settings.folder / "oidc"

    async def start(self, register: list[Child]) -> Child:
        """Write the configuration from the personas, start the provider and wait for its keys."""
        self._write_configuration()
        child = await Child.start(self._spec())
        register.append(child)
        await child.wait_ready(self._publishes_keys, self._settings.start_deadline_seconds)
        return child

    def _spec(self) -> ChildSpec:
        return ChildSpec(
            name=NAME,
            command=[sys.executable, "-m", "nanoidp", "--config", str(self._folder), "--strict-config"],
            log_path=self._settings.logs / "oidc.log",
            working_directory=self._folder,
        )

    async def _publishes_keys(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
                answer = await client.get(self._addresses.jwks_url)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK and bool(answer.json()["keys"])

    def _write_configuration(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        hidden = _keep_secrets(self._folder, [persona.user_id for persona in self._personas])
        write_private(self._folder / "settings.yaml", yaml.safe_dump(self._provider_settings(hidden)))
        write_private(self._folder / "users.yaml", yaml.safe_dump(self._users(hidden["passwords"])))

    def _provider_settings(self, hidden: "_Secrets") -> dict[str, object]:
        issuer = httpx.URL(self._addresses.oidc_issuer)
        client = {
            "client_id": CLIENT_ID,
            "client_secret": hidden["client_secret"],
            "description": "The corridor command and the API documentation",
            "redirect_uris": [
                f"{self._addresses.gateway_url}{path}" for path in ("/docs/oauth2-redirect", "/codec/callback")
            ],
        }
        return {
            "config_version": 1,
            "server": {"host": issuer.host, "port": issuer.port},
            "oauth": {
                "issuer": str(self._addresses.oidc_issuer),
                "audience": self._addresses.oidc_audience,
                "token_expiry_minutes": TOKEN_LIFETIME_MINUTES,
                "require_pkce": True,
                "clients": [client],
            },
            "jwt": {"algorithm": "RS256", "keys_dir": str(self._folder / "keys")},
            # The provider has screens and calls that make tokens and users: without this secret they refuse.
            "session": {
                "secret_key": hidden["session_key"],
                "management_secret": hidden["management_secret"],
                "require_ui_login": True,
                "enforce_password_check": True,
            },
            "logging": {"level": "WARNING", "log_token_requests": False, "verbose_logging": False},
            "cors_allowed_origins": [self._addresses.gateway_url],
        }

    def _users(self, passwords: Mapping[str, str]) -> dict[str, object]:
        users = {
            persona.user_id: {
                "password": passwords[persona.user_id],
                "email": persona.email,
                "description": persona.display_name,
                "roles": list(persona.roles),
                FACILITIES_CLAIM: list(persona.facilities),
                "attributes": {"name": persona.display_name},
            }
            for persona in self._personas
        }
        return {"config_version": 1, "users": users}


async def fetch_token(addresses: StackAddresses, persona: str) -> str:
    """An access token for a persona of a running stack; raises StackError when the provider gives none."""
    hidden = _read_secrets(addresses.data_folder / "oidc")
    form = {"grant_type": "password", "username": persona, "password": _password(hidden, persona)}
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = await client.post(addresses.token_url, data=form, auth=(CLIENT_ID, hidden["client_secret"]))
    except httpx.TransportError as error:
        raise StackError(f"The OIDC provider at {addresses.oidc_issuer} does not answer: {error}") from error
    if answer.status_code != httpx.codes.OK:
        raise StackError(f"The OIDC provider gave no token for {persona}: {answer.text.strip()}")
    return str(answer.json()["access_token"])


def client_secret(addresses: StackAddresses) -> str:
    """The secret of the client CLIENT_ID; empty for a stack whose provider was never started."""
    try:
        return _read_secrets(addresses.data_folder / "oidc")["client_secret"]
    except StackError:
        return ""


def password_of(addresses: StackAddresses, persona: str) -> str:
    """With which a persona signs in at the provider's own page. Raises StackError."""
    return _password(_read_secrets(addresses.data_folder / "oidc"), persona)


def _password(hidden: "_Secrets", persona: str) -> str:
    if persona not in hidden["passwords"]:
        known = ", ".join(sorted(hidden["passwords"])) or "none"
        raise StackError(f"There is no persona {persona}. Those there are: {known}.")
    return hidden["passwords"][persona]


def known_personas(addresses: StackAddresses) -> list[str]:
    """The user ids that `fetch_token` takes, in order."""
    return sorted(_read_secrets(addresses.data_folder / "oidc")["passwords"])


def _keep_secrets(folder: Path, user_ids: Sequence[str]) -> _Secrets:
    """The secrets of this folder: those of the last start, and new ones for what is new. Written back."""
    try:
        kept = _read_secrets(folder)
    except StackError:
        kept = _Secrets(client_secret=_new(), session_key=_new(), management_secret=_new(), passwords={})
    passwords = {user_id: kept["passwords"].get(user_id) or _new() for user_id in user_ids}
    hidden = _Secrets(
        client_secret=kept["client_secret"],
        session_key=kept["session_key"],
        management_secret=kept["management_secret"],
        passwords=passwords,
    )
    write_private(folder / SECRETS_NAME, json.dumps(hidden, indent=2))
    return hidden


def _read_secrets(folder: Path) -> _Secrets:
    try:
        content = json.loads((folder / SECRETS_NAME).read_text())
        return _Secrets(
            client_secret=str(content["client_secret"]),
            session_key=str(content["session_key"]),
            management_secret=str(content["management_secret"]),
            passwords=dict(content["passwords"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StackError(f"The secrets of the OIDC provider in {folder} cannot be read: {error}") from error


def _new() -> str:
    return secrets.token_urlsafe(24)
