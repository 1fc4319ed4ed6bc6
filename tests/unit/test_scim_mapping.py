"""What a provider is asked for by its mapping, and what of a mapping is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from adapters.identity.scim import mapping
from adapters.identity.scim.settings import (
    ENTERPRISE,
    AttributeRule,
    ScimMapping,
    ScimSettings,
    fields_of,
    scim_settings,
)
from adapters.identity.scim.wire import WireGroup, WireUser
from tests.fixtures.identity import a_draft

STANDARD = ScimMapping()
FIELDS = fields_of(a_draft(7, manager="b.boss", start_on=date(2026, 12, 1)), "m-1", "secret")


def test_a_new_user_is_disabled_and_says_what_the_mapping_wants() -> None:
    assert mapping.creation(STANDARD, FIELDS) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": "jdoe7",
        "active": False,
        "externalId": "E000007",
        "name": {"givenName": "Jane", "familyName": "Doe", "formatted": "Jane Doe"},
        "displayName": "Jane Doe",
        "title": "Registered nurse",
        "emails": [{"type": "work", "value": "jdoe7@north.example"}],
        ENTERPRISE: {
            "employeeNumber": "E000007",
            "department": "icu",
            "costCenter": "4100",
            "manager": {"value": "m-1"},
        },
    }
    assert mapping.creation(ScimMapping(text_booleans=True), FIELDS)["active"] == "False"


def test_only_what_differs_is_changed() -> None:
    present = mapping.creation(STANDARD, FIELDS)
    assert mapping.changes(STANDARD, FIELDS, present) == []
    wanted = {**FIELDS, "title": "", "department": "ward-3", "email": "new@north.example"}
    assert mapping.changes(STANDARD, wanted, present) == [
        {"op": "remove", "path": "title"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@north.example"},
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "ward-3"},
    ]
    assert mapping.differing(STANDARD, wanted, present) == ("title", f"{ENTERPRISE}:department")
    # A filter in a path needs something to match: the first address is added.
    without = {name: value for name, value in present.items() if name != "emails"}
    assert mapping.changes(STANDARD, FIELDS, without) == [
        {"op": "add", "path": "emails", "value": [{"type": "work", "value": "jdoe7@north.example"}]}
    ]


def test_what_is_set_at_creation_alone_is_never_changed() -> None:
    rule = AttributeRule(path="password", value="{one_time_password}", only_at_creation=True)
    given = ScimMapping(attributes=(rule,))
    assert mapping.creation(given, FIELDS)["password"] == "secret"
    assert mapping.changes(given, FIELDS, {}) == [] and mapping.differing(given, FIELDS, {}) == ()


def test_a_mapping_is_a_file_and_what_it_leaves_out_is_as_usual(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("keeps_worker_number: false\nattributes:\n  - {path: nickName, value: '{given} of {facility}'}\n")
    read = ScimMapping.read(path)
    assert not read.keeps_worker_number and not read.needs_manager() and read.manager_key == "userName"
    assert mapping.creation(read, FIELDS)["nickName"] == "Jane of north"
    path.write_text("")
    assert ScimMapping.read(path) == STANDARD and STANDARD.needs_manager()


@pytest.mark.parametrize(
    "rule",
    [
        {"path": "active", "value": "true"},
        {"path": "userName", "value": "{user_name}"},
        {"path": "groups", "value": "x"},
        {"path": "a b", "value": "x"},
        {"path": "emails[type ne 1]", "value": "x"},
        {"path": "title", "value": "{salary}"},
        {"path": "title", "value": "{}"},
        {"path": "title", "value": "{title", "shown": True},
        {"path": "title", "value": "x", "unknown": 1},
    ],
)
def test_a_rule_that_nobody_can_follow_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AttributeRule.model_validate(rule)


@pytest.mark.parametrize(
    "url", ["http://scim.example/v2", "ftp://localhost/", "scim.example", "https://me:word@scim.example/", "file:///x"]
)
def test_tokens_travel_only_where_nobody_listens(url: str) -> None:
    for given in ({"url": url}, {"url": "https://scim.example", "token_url": url}):
        with pytest.raises(ValidationError):
            ScimSettings.model_validate({**given, "token": "sesame"})
    assert ScimSettings(url="http://[::1]:8/v2", token=SecretStr("sesame")).url == "http://[::1]:8/v2"
    assert "sesame" not in repr(ScimSettings(url="https://scim.example/v2", token=SecretStr("sesame")))


def test_without_an_address_there_is_no_provider() -> None:
    assert scim_settings("", SecretStr("t")) is None
    given = scim_settings("https://scim.example/v2", None)
    assert given is not None and given.system == "identity" and given.mapping == STANDARD


def test_users_are_read_as_providers_write_them() -> None:
    sloppy = {
        "id": 42,
        "userName": "jdoe",
        "active": " FALSE",
        "title": None,
        "groups": None,
        "externalId": None,
        "meta": None,
        ENTERPRISE: {"employeeNumber": 7},
        "x": [1],
    }
    user = WireUser.model_validate({**sloppy, "raw": sloppy})
    assert (user.id, user.active, user.title, user.worker_number, user.version) == ("42", False, "", "7", "")
    assert user.bears("7") and not user.bears("") and not user.bears("8")
    unsaid = WireUser.model_validate({"id": "1", "userName": "x", "raw": {}})
    assert unsaid.enabled and unsaid.active is None  # who is not said to be disabled may log in


def test_a_member_is_known_by_id_by_name_and_by_address() -> None:
    members = [{"value": "42"}, {"value": "JDoe"}, {"$ref": "https://x/v2/Users/42/"}, {"value": "421"}, {"$ref": None}]
    group = WireGroup.model_validate({"id": "g", "displayName": "nurses", "members": members})
    assert len(group.entries_of("42", "jdoe")) == 3
    assert len(group.entries_of("42", "")) == 2
    assert WireGroup.model_validate({"id": "g", "members": {"value": "42"}}).entries_of("42", "")
    assert WireGroup.model_validate({"id": "g"}).members is None
