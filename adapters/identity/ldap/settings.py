"""Where the directory is, and how its entries look: all that differs between directories is data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from domain.model import Value

Source = Literal[
    "user_name",
    "worker_number",
    "family",
    "given",
    "full_name",
    "title",
    "department",
    "facility",
    "cost_centre",
    "employment_type",
    "email",
    "manager_dn",
]
"""What an attribute is made of. 'manager_dn' is the entry whose `name_attribute` is the manager; nothing when there is
none."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]


class GroupShape(Value):
    """`members` says what a member is known by: its DN ('dn', as in groupOfNames) or its user name ('name', as in
    posixGroup). `placeholder` is a DN that keeps a group whose class wants a member from being empty."""

    object_class: Name = "groupOfNames"
    name_attribute: Name = "cn"
    members: Literal["dn", "name"] = "dn"
    member_attribute: Name = "member"
    placeholder: str = "cn=nobody"


class DirectoryShape(Value):
    """Names of attributes and classes in the directory.

    `disabling` is how an account is disabled: 'end-time' by the password policy's pwdEndTime, 'lock' by its permanent
    lock (pwdAccountLockedTime 000001010000Z), 'password' by a password that nothing matches, 'account-control' by bit 2
    of userAccountControl. Only the first and the last hold when somebody sets a new password.
    `id_attribute` is the directory's own id of an entry, which outlives renaming; 'objectGUID' is read as such.
    """

    object_classes: tuple[Name, ...] = ("inetOrgPerson",)
    name_attribute: Name = "uid"
    number_attribute: Name = "employeeNumber"
    id_attribute: Name = "entryUUID"
    attributes: dict[Name, Source] = {
        "cn": "full_name",
        "sn": "family",
        "givenName": "given",
        "displayName": "full_name",
        "employeeNumber": "worker_number",
        "employeeType": "employment_type",
        "title": "title",
        "departmentNumber": "department",
        "manager": "manager_dn",
        "mail": "email",
    }
    rdn_attribute: Name = "uid"
    display_attribute: Name = "displayName"
    title_attribute: Name = "title"
    department_attribute: Name = "departmentNumber"
    disabling: Literal["end-time", "lock", "password", "account-control"] = "end-time"
    password_attribute: Literal["userPassword", "unicodePwd"] = "userPassword"  # noqa: S105 - an attribute's name
    groups: GroupShape = GroupShape()

    @model_validator(mode="after")
    def _keeps_the_number(self) -> DirectoryShape:
        if self.attributes.get(self.number_attribute) != "worker_number":
            raise ValueError(f"{self.number_attribute} must be made of worker_number: accounts are told apart by it")
        if {self.name_attribute, self.rdn_attribute} & set(self.attributes):
            raise ValueError("the attributes that hold the user name are set by themselves")
        return self


ACTIVE_DIRECTORY = DirectoryShape(
    object_classes=("top", "person", "organizationalPerson", "user"),
    name_attribute="sAMAccountName",
    id_attribute="objectGUID",
    rdn_attribute="cn",
    attributes={
        "sn": "family",
        "givenName": "given",
        "displayName": "full_name",
        "employeeNumber": "worker_number",
        "employeeType": "employment_type",
        "title": "title",
        "department": "department",
        "manager": "manager_dn",
        "mail": "email",
    },
    department_attribute="department",
    disabling="account-control",
    password_attribute="unicodePwd",  # noqa: S106 - an attribute's name
    groups=GroupShape(object_class="group"),
)


class LdapSettings(Value):
    """`users` and `groups` are the DNs under which accounts are made and groups are found. `url` is 'ldaps://' or
    'ldap://'; the latter is upgraded by StartTLS unless `plain` allows that passwords travel in the clear.

    `ca_file` holds the certificates to trust (PEM); those of the system when it is None. Times are in seconds.
    """

    url: str
    bind_dn: Annotated[str, Field(min_length=1)]
    password: SecretStr
    users: Annotated[str, Field(min_length=1)]
    groups: Annotated[str, Field(min_length=1)]
    system: str = "directory"
    plain: bool = False
    ca_file: Path | None = None
    connections: Annotated[int, Field(ge=1, le=32)] = 4
    connect_seconds: Annotated[int, Field(ge=1, le=60)] = 5
    answer_seconds: Annotated[int, Field(ge=1, le=120)] = 10
    turn_seconds: Annotated[int, Field(ge=1, le=120)] = 20
    shape: DirectoryShape = DirectoryShape()

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("ldap", "ldaps") or not parts.hostname:
            raise ValueError("must be ldap://host[:port] or ldaps://host[:port]")
        return url

    @field_validator("password")
    @classmethod
    def _is_not_empty(cls, password: SecretStr) -> SecretStr:
        if not password.get_secret_value():
            raise ValueError("a bind with an empty password is anonymous, whatever the name")  # RFC 4513, 5.1.2
        return password


def read_shape(named: str) -> DirectoryShape:
    """'openldap', 'active-directory', or a JSON file with the fields of DirectoryShape that differ from OpenLDAP's.

    Raises ValueError, or OSError, when it cannot be read.
    """
    known = {"openldap": DirectoryShape(), "active-directory": ACTIVE_DIRECTORY}
    if named in known:
        return known[named]
    return DirectoryShape.model_validate_json(Path(named).read_text(encoding="utf-8"))
