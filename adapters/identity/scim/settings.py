"""How one provider is reached, and what it wants to know of a person: data, since providers differ."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import Field, SecretStr, field_validator

from domain.accounts import AccountDraft
from domain.model import Request, Value

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

PATH = re.compile(r'(?:(urn:.+):)?([A-Za-z][\w-]*)(?:\[type eq "([\w-]+)"\])?(?:\.([A-Za-z][\w-]*))?')
FIELDS = frozenset(
    {
        *("worker_number", "user_name", "given", "family", "middle", "full_name", "title", "department", "facility"),
        *("cost_centre", "employment_type", "manager", "manager_id", "email", "start_on", "end_on"),
        "one_time_password",
    }
)
"""What a template may name. `manager_id` is the manager's own id at the provider, empty when they are not found there;
`one_time_password` is random and known to nobody."""


class AttributeRule(Request):
    """One attribute of an account. `path` is as SCIM writes it: `title`, `name.givenName`,
    `emails[type eq "work"].value`, or after the URN of an extension. `value` is a template such as
    '{given} {family}'; an attribute whose template comes out empty is left out, and removed by a change.

    `shown` False: the provider may not give it back, so that nobody insists on reading it. `only_at_creation`: what is
    there later is not ours to change.
    """

    path: str
    value: str
    shown: bool = True
    only_at_creation: bool = False

    @field_validator("path")
    @classmethod
    def _a_path(cls, path: str) -> str:
        if not PATH.fullmatch(path):
            raise ValueError("is no path of an attribute")
        if path.casefold() in {"id", "active", "username", "groups"}:
            raise ValueError(f"{path} is not for mappings")
        return path

    @field_validator("value")
    @classmethod
    def _known_fields(cls, value: str) -> str:
        unknown = {name for _, name, _, _ in Formatter().parse(value) if name is not None} - FIELDS
        if unknown:
            raise ValueError(f"names what is not known: {', '.join(sorted(unknown))}")
        return value

    def names(self, field: str) -> bool:
        return any(name == field for _, name, _, _ in Formatter().parse(self.value))


_STANDARD = (
    AttributeRule(path="externalId", value="{worker_number}", shown=False),
    AttributeRule(path="name.givenName", value="{given}"),
    AttributeRule(path="name.familyName", value="{family}"),
    AttributeRule(path="name.formatted", value="{full_name}", shown=False),
    AttributeRule(path="displayName", value="{full_name}"),
    AttributeRule(path="title", value="{title}"),
    AttributeRule(path='emails[type eq "work"].value', value="{email}", shown=False),
    AttributeRule(path=f"{ENTERPRISE}:employeeNumber", value="{worker_number}"),
    AttributeRule(path=f"{ENTERPRISE}:department", value="{department}"),
    AttributeRule(path=f"{ENTERPRISE}:costCenter", value="{cost_centre}", shown=False),
    AttributeRule(path=f"{ENTERPRISE}:manager.value", value="{manager_id}", shown=False),
)


class ScimMapping(Request):
    """What differs between providers.

    `keeps_worker_number` False: neither externalId nor employeeNumber is given back, and an account counts as the
    worker's by its user name alone. `text_booleans`: `active` is sent as "True" and "False". `manager_key` is the
    attribute by which a manager is found. `member_removal` 'value' is for providers that take no filter in paths; one
    that keeps to RFC 7644 would empty the group.
    """

    attributes: tuple[AttributeRule, ...] = _STANDARD
    keeps_worker_number: bool = True
    number_keys: tuple[str, ...] = ("externalId", f"{ENTERPRISE}:employeeNumber")
    text_booleans: bool = False
    manager_key: str = "userName"
    member_removal: Literal["filter", "value"] = "filter"

    @classmethod
    def read(cls, path: Path) -> Self:
        """The mapping of a YAML file; what it leaves out is as usual. Raises ValueError or OSError."""
        return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})

    def needs_manager(self) -> bool:
        return any(rule.names("manager_id") for rule in self.attributes)


class ScimSettings(Value):
    """`url` is where `/Users` and `/Groups` are. `token_url` is the token endpoint of the login probe; without one
    nobody tries to log in. Times in seconds: `settle` is the pause between reads of a provider that shows its changes
    later, `patience` the longest wait that it may ask for with Retry-After within one call."""

    url: str
    token: SecretStr | None = None
    system: str = "identity"
    mapping: ScimMapping = ScimMapping()
    token_url: str = ""
    client_id: str = ""
    client_secret: SecretStr | None = None
    timeout: Annotated[float, Field(gt=0, le=120)] = 15
    page: Annotated[int, Field(ge=1, le=1000)] = 100
    scan_limit: Annotated[int, Field(ge=100)] = 100_000
    reads: Annotated[int, Field(ge=1, le=20)] = 4
    settle: Annotated[float, Field(ge=0, le=10)] = 0.5
    patience: Annotated[float, Field(ge=0, le=60)] = 10

    @field_validator("url", "token_url")
    @classmethod
    def _only_where_nobody_listens(cls, url: str) -> str:
        """https, so that nobody reads tokens and passwords in between; plain http only to this machine."""
        parts = urlsplit(url)
        if parts.username or parts.password:
            raise ValueError("must hold no user name or password")
        if url and parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ValueError("must begin with https:// (http:// only to this machine)")
        return url


def scim_settings(
    url: str,
    token: SecretStr | None,
    token_url: str = "",
    client_id: str = "",
    client_secret: SecretStr | None = None,
    mapping: Path | None = None,
) -> ScimSettings | None:
    """The settings as an environment gives them; None where no provider is configured. Raises ValueError or OSError."""
    if not url:
        return None
    return ScimSettings(
        url=url,
        token=token,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        mapping=ScimMapping() if mapping is None else ScimMapping.read(mapping),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def fields_of(draft: AccountDraft, manager_id: str, one_time_password: str) -> dict[str, str]:
    """The values of FIELDS for one draft; empty where nothing is known."""
    name = draft.name
    return {
        "worker_number": draft.worker_number,
        "user_name": draft.user_name,
        "given": name.preferred or name.given,
        "family": name.family,
        "middle": name.middle,
        "full_name": name.full,
        "title": draft.title,
        "department": draft.department,
        "facility": draft.facility,
        "cost_centre": draft.cost_centre,
        "employment_type": draft.employment_type,
        "manager": draft.manager,
        "manager_id": manager_id,
        "email": draft.email,
        "start_on": draft.start_on.isoformat() if draft.start_on else "",
        "end_on": draft.end_on.isoformat() if draft.end_on else "",
        "one_time_password": one_time_password,
    }
