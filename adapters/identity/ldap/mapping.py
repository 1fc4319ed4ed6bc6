"""Drafts become attributes, entries become accounts, and text becomes part of names and filters."""

from __future__ import annotations

import uuid

from adapters.identity.ldap.client import Entry
from adapters.identity.ldap.settings import DirectoryShape, Source
from domain.accounts import Account, AccountDraft

_IN_FILTER = {each: f"\\{ord(each):02x}" for each in "\\*()\x00"}
_IN_DN = frozenset(',+"\\<>;=')


def filter_text(text: str) -> str:
    """As a value in a filter (RFC 4515)."""
    return "".join(_IN_FILTER.get(each, each) for each in text)


def dn_text(text: str) -> str:
    """As a value in a distinguished name (RFC 4514)."""
    escaped = "".join(f"\\{each}" if each in _IN_DN else "\\00" if each == "\x00" else each for each in text)
    if escaped.startswith((" ", "#")):
        escaped = f"\\{escaped}"
    if len(text) > 1 and text.endswith(" "):
        escaped = f"{escaped[:-1]}\\ "
    return escaped


def id_filter(shape: DirectoryShape, account_id: str) -> str | None:
    """Finds the entry of that id; None when it cannot be an id of this directory."""
    try:
        known = uuid.UUID(account_id)
    except ValueError:
        return None
    if shape.id_attribute == "objectGUID":
        return "(objectGUID=" + "".join(f"\\{byte:02x}" for byte in known.bytes_le) + ")"
    return f"({shape.id_attribute}={known})"


def attributes_of(shape: DirectoryShape, draft: AccountDraft, manager_dn: str) -> dict[str, tuple[str, ...]]:
    """What the draft says, by attribute. An attribute that it says nothing about has no values."""
    values: dict[Source, str] = {
        "user_name": draft.user_name,
        "worker_number": draft.worker_number,
        "family": draft.name.family,
        "given": draft.name.preferred or draft.name.given,
        "full_name": draft.name.full,
        "title": draft.title,
        "department": draft.department,
        "facility": draft.facility,
        "cost_centre": draft.cost_centre,
        "employment_type": draft.employment_type,
        "email": draft.email,
        "manager_dn": manager_dn,
    }
    return {name: (values[source],) if values[source] else () for name, source in shape.attributes.items()}


def account_of(shape: DirectoryShape, entry: Entry, active: bool, groups: tuple[str, ...]) -> Account:
    return Account(
        account_id=_id_of(shape, entry),
        user_name=entry.text(shape.name_attribute),
        worker_number=entry.text(shape.number_attribute),
        active=active,
        groups=groups,
        display_name=entry.text(shape.display_attribute),
        department=entry.text(shape.department_attribute),
        title=entry.text(shape.title_attribute),
    )


def _id_of(shape: DirectoryShape, entry: Entry) -> str:
    if shape.id_attribute == "objectGUID":
        return str(uuid.UUID(bytes_le=bytes(entry.values["objectguid"][0])))
    return entry.text(shape.id_attribute)
