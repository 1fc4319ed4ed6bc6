"""SCIM's own shapes, read as providers in the field write them: flags as text, numbers as ids, null for nothing."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from adapters.identity.scim.settings import ENTERPRISE

Json = dict[str, JsonValue]


def _flag(value: object) -> object:
    return {"true": True, "false": False}.get(value.strip().casefold(), value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return "" if value is None else value


def _listed(value: object) -> object:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _listed_if_given(value: object) -> object:
    return None if value is None else _listed(value)


Text = Annotated[str, BeforeValidator(_text)]


class Wire(BaseModel):
    """What they add is none of our business; what is missing and needed is."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


def user_path(user_id: str) -> str:
    return f"/Users/{quote(user_id, safe='')}"


def group_path(group_id: str) -> str:
    return f"/Groups/{quote(group_id, safe='')}"


class WireMeta(Wire):
    version: Text = ""


class WireReference(Wire):
    """A member of a group, or a group of a user."""

    value: Text = ""
    ref: Text = Field(default="", alias="$ref")
    display: Text = ""


class WireEnterprise(Wire):
    employee_number: Text = Field(default="", alias="employeeNumber")
    department: Text = ""


class WireUser(Wire):
    """`raw` is the resource as it came. `active` is None where the provider does not say."""

    id: Annotated[str, Field(min_length=1)]
    user_name: str = Field(alias="userName")
    external_id: Text = Field(default="", alias="externalId")
    active: Annotated[bool | None, BeforeValidator(_flag)] = None
    display_name: Text = Field(default="", alias="displayName")
    title: Text = ""
    groups: Annotated[tuple[WireReference, ...], BeforeValidator(_listed)] = ()
    enterprise: WireEnterprise | None = Field(default=None, alias=ENTERPRISE)
    meta: WireMeta | None = None
    raw: dict[str, Any]

    @property
    def worker_number(self) -> str:
        return (self.enterprise.employee_number if self.enterprise else "") or self.external_id

    def bears(self, worker_number: str) -> bool:
        """By either attribute: one of them may be another system's."""
        numbers = (self.enterprise.employee_number if self.enterprise else "", self.external_id)
        return worker_number.casefold() in {each.casefold() for each in numbers if each}

    @property
    def enabled(self) -> bool:
        """Who is not said to be disabled may be able to log in."""
        return self.active is not False

    @property
    def version(self) -> str:
        return self.meta.version if self.meta else ""


class WireGroup(Wire):
    """`members` is None where the answer leaves them out."""

    id: Annotated[str, Field(min_length=1)]
    display_name: Text = Field(default="", alias="displayName")
    members: Annotated[tuple[WireReference, ...] | None, BeforeValidator(_listed_if_given)] = None

    def entries_of(self, user_id: str, user_name: str) -> tuple[WireReference, ...]:
        """Every entry that means the user: by id, by user name or by address, since providers write what they like."""
        return tuple(each for each in self.members or () if _means(each, user_id, user_name))


def _means(member: WireReference, user_id: str, user_name: str) -> bool:
    if member.value:
        return member.value == user_id or (bool(user_name) and member.value.casefold() == user_name.casefold())
    return member.ref.rstrip("/").endswith(f"Users/{user_id}")


class WireList(Wire):
    total: int = Field(default=0, alias="totalResults")
    resources: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_listed)] = Field(default=(), alias="Resources")


class WireSupported(Wire):
    supported: Annotated[bool, BeforeValidator(_flag)] = False


class WireConfig(Wire):
    """What the provider says that it can do."""

    etag: WireSupported = WireSupported()


class WireError(Wire):
    scim_type: Text = Field(default="", alias="scimType")
    detail: Text = ""
