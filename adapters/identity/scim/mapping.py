"""Theirs to ours and back: accounts from users, and what a draft asks of a user by the mapping of the provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.identity.scim.settings import PATH, USER, AttributeRule, ScimMapping
from adapters.identity.scim.wire import Json, WireUser
from domain.accounts import Account

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def account(user: WireUser, groups: Sequence[str]) -> Account:
    return Account(
        account_id=user.id,
        user_name=user.user_name,
        worker_number=user.worker_number,
        active=user.enabled,
        groups=tuple(sorted(set(groups))),
        display_name=user.display_name,
        department=user.enterprise.department if user.enterprise else "",
        title=user.title,
    )


def flag(mapping: ScimMapping, value: bool) -> bool | str:
    return str(value) if mapping.text_booleans else value


def creation(mapping: ScimMapping, fields: Mapping[str, str]) -> Json:
    """A new user, disabled."""
    body: dict[str, Any] = {
        "schemas": [USER],
        "userName": fields["user_name"],
        "active": flag(mapping, False),
    }
    for rule in mapping.attributes:
        value = rule.value.format_map(fields).strip()
        if value:
            _put(body, rule.path, value)
    return body


def changes(mapping: ScimMapping, fields: Mapping[str, str], present: Mapping[str, Any]) -> list[Json]:
    """The operations that make the user what the draft says; none where nothing differs."""
    operations = []
    for rule in mapping.attributes:
        wanted, there = rule.value.format_map(fields).strip(), _get(present, rule.path)
        if rule.only_at_creation or _same(wanted, there):
            continue
        operations.append(_operation(rule, wanted, present))
    return operations


def differing(mapping: ScimMapping, fields: Mapping[str, str], present: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths of what the provider shows otherwise than the draft says, of what it shows at all."""
    rules = (rule for rule in mapping.attributes if rule.shown and not rule.only_at_creation)
    return tuple(
        rule.path for rule in rules if not _same(rule.value.format_map(fields).strip(), _get(present, rule.path))
    )


def patch(*operations: Json) -> Json:
    return {"schemas": [PATCH], "Operations": list(operations)}


def member_removal(mapping: ScimMapping, value: str) -> Json:
    """Takes every entry with this value out of a group."""
    if mapping.member_removal == "value":
        return {"op": "remove", "path": "members", "value": [{"value": value}]}
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return {"op": "remove", "path": f'members[value eq "{escaped}"]'}


def _operation(rule: AttributeRule, wanted: str, present: Mapping[str, Any]) -> Json:
    if not wanted:
        return {"op": "remove", "path": rule.path}
    extension, attribute, kind, sub = _parts(rule.path)
    if kind and _get(present, rule.path) == "":
        whole = f"{extension}:{attribute}" if extension else attribute
        return {"op": "add", "path": whole, "value": [{"type": kind, (sub or "value"): wanted}]}
    return {"op": "replace", "path": rule.path, "value": wanted}


def _parts(path: str) -> tuple[str, str, str, str]:
    match = PATH.fullmatch(path)
    if match is None:
        raise ValueError(f"{path} is no path")
    extension, attribute, kind, sub = match.groups()
    return extension or "", attribute, kind or "", sub or ""


def _put(body: dict[str, Any], path: str, value: str) -> None:
    extension, attribute, kind, sub = _parts(path)
    if extension:
        if extension not in body["schemas"]:
            body["schemas"].append(extension)
        body = body.setdefault(extension, {})
    if kind:
        entries: list[dict[str, str]] = body.setdefault(attribute, [])
        entry = next((each for each in entries if each["type"] == kind), None)
        if entry is None:
            entries.append(entry := {"type": kind})
        entry[sub or "value"] = value
    elif sub:
        body.setdefault(attribute, {})[sub] = value
    else:
        body[attribute] = value


def _get(present: Mapping[str, Any], path: str) -> str:
    """What is at the path, as text; empty where nothing is."""
    extension, attribute, kind, sub = _parts(path)
    found: Any = (present.get(extension) or {}) if extension else present
    found = found.get(attribute) if isinstance(found, Mapping) else None
    if kind:
        entries = found if isinstance(found, list) else []
        found = next((each for each in entries if isinstance(each, Mapping) and each.get("type") == kind), None)
        sub = sub or "value"
    if sub:
        found = found.get(sub) if isinstance(found, Mapping) else None
    return "" if found is None else str(found)


def _same(wanted: str, there: str) -> bool:
    return wanted.casefold() == there.strip().casefold()
