"""The identity provider as a part of the stack: SCIM 2.0 with a login, its users and groups on disk."""

import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

import httpx

from cli.stack.addresses import StackAddresses
from cli.stack.data_folder import write_private
from cli.stack.errors import StackError
from cli.stack.processes import Child, ChildSpec
from cli.stack.settings import StackSettings

NAME = "identity"
BEARER_VARIABLE = "IDENTITY_BEARER"
TOKEN_PATH = "/token"  # noqa: S105 - a path
PROJECT_ROOT = Path(__file__).resolve().parents[2]
_BEARER_NAME = "bearer"
_GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
_PAGE = 200


class IdentityProvider:
    """The provider of one data folder: what it holds stays in `<data>/identity` over restarts."""

    def __init__(self, settings: StackSettings, addresses: StackAddresses) -> None:
        self._settings, self._addresses = settings, addresses
        self._folder = addresses.data_folder / NAME

    async def start(self, register: list[Child]) -> Child:
        """Start the provider and wait until it answers."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        child = await Child.start(self._spec())
        register.append(child)
        await child.wait_ready(self._answers, self._settings.start_deadline_seconds)
        return child

    def _spec(self) -> ChildSpec:
        host, port = self._addresses.identity_url.removeprefix("http://").split(":")
        return ChildSpec(
            name=NAME,
            command=[
                *(sys.executable, "-m", "cli.stack.identity_service"),
                *(host, port, str(self._folder / "identity.db")),
            ],
            log_path=self._settings.logs / "identity.log",
            environment={BEARER_VARIABLE: _keep_bearer(self._folder)},
            working_directory=PROJECT_ROOT,
        )

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
                answer = await client.get(f"{scim_url(self._addresses)}/ServiceProviderConfig")
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK


def scim_url(addresses: StackAddresses) -> str:
    """Where the users and groups are."""
    return f"{addresses.identity_url}/v2"


def login_url(addresses: StackAddresses) -> str:
    """The token endpoint at which a login with user name and password is tried."""
    return f"{addresses.identity_url}{TOKEN_PATH}"


def scim_token(addresses: StackAddresses) -> str:
    """The bearer token of the provider; empty for a stack whose provider was never started."""
    try:
        return (addresses.data_folder / NAME / _BEARER_NAME).read_text()
    except OSError:
        return ""


async def ensure_groups(addresses: StackAddresses, names: Iterable[str]) -> tuple[str, ...]:
    """Make the groups that are missing and return their names; what there is keeps its members. Raises StackError."""
    headers = {"Authorization": f"Bearer {scim_token(addresses)}"}
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10, headers=headers) as client:
            present = await _group_names(client, scim_url(addresses))
            missing = tuple(name for name in dict.fromkeys(names) if name not in present)
            for name in missing:
                body = {"schemas": [_GROUP_SCHEMA], "displayName": name}
                (await client.post(f"{scim_url(addresses)}/Groups", json=body)).raise_for_status()
    except httpx.HTTPError as error:
        raise StackError(f"The identity provider does not make groups: {error}") from error
    return missing


async def _group_names(client: httpx.AsyncClient, url: str) -> set[str]:
    found: set[str] = set()
    start, total = 1, 1
    while start <= total:
        query: dict[str, str | int] = {"startIndex": start, "count": _PAGE, "attributes": "displayName"}
        answer = (await client.get(f"{url}/Groups", params=query)).raise_for_status().json()
        page = answer.get("Resources", [])
        found |= {str(each["displayName"]) for each in page}
        start, total = start + max(len(page), 1), int(answer["totalResults"])
    return found


def _keep_bearer(folder: Path) -> str:
    path = folder / _BEARER_NAME
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text()
