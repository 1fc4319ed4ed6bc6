"""How drafts, names and answers of a directory are read and written, without a directory."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from ldap3.core.exceptions import LDAPOperationResult, LDAPSocketReceiveError
from pydantic import ValidationError

from adapters.identity.ldap.client import Entry
from adapters.identity.ldap.environment import settings_from_environment
from adapters.identity.ldap.errors import classify, result_of
from adapters.identity.ldap.mapping import account_of, attributes_of, dn_text, filter_text, id_filter
from adapters.identity.ldap.settings import ACTIVE_DIRECTORY, DirectoryShape, LdapSettings, read_shape
from adapters.identity.ldap.switching import one_time_password, set_password, switch_of
from domain.accounts import AccountDraft
from domain.hire import PersonName
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

GUID = uuid.UUID("8d5e1e4e-6f0f-4f6e-9d83-0d9c53a6b5d1")


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        (1, TemporarilyUnavailableError, "operations-error"),
        (3, TemporarilyUnavailableError, "timeout"),
        (10, TemporarilyUnavailableError, "referral"),
        (51, TemporarilyUnavailableError, "busy"),
        (52, TemporarilyUnavailableError, "unavailable"),
        (80, TemporarilyUnavailableError, "unknown"),
        (49, TemporarilyUnavailableError, "login-refused"),
        (19, RefusedError, "data-invalid"),
        (50, RefusedError, "not-permitted"),
        (53, RefusedError, "unwilling"),
        (68, RefusedError, "username-taken"),
        (17, ContractDriftError, "directory-differs"),
        (32, ContractDriftError, "directory-differs"),
        (65, ContractDriftError, "directory-differs"),
    ],
)
def test_each_answer_has_one_meaning(code: int, kind: type[OutsideError], word: str) -> None:
    answer = LDAPOperationResult(result=code, description="words", dn="uid=jane", message="Jane Doe, born 1990")
    error = classify("directory", answer)
    assert (type(error), error.code) == (kind, word)
    assert "Jane" not in str(error)
    assert result_of(answer) == code


def test_no_answer_is_worth_another_try() -> None:
    for error in (LDAPSocketReceiveError("gone"), OSError("gone")):
        assert isinstance(classify("directory", error), TemporarilyUnavailableError)
        assert result_of(error) is None


@pytest.mark.parametrize(
    ("text", "in_dn", "in_filter"),
    [
        ("jdoe", "jdoe", "jdoe"),
        ("O'Brien", "O'Brien", "O'Brien"),
        ('a,b+c"d', 'a\\,b\\+c\\"d', 'a,b+c"d'),
        ("#a;<>=", "\\#a\\;\\<\\>\\=", "#a;<>="),
        (" a ", "\\ a\\ ", " a "),
        (" ", "\\ ", " "),
        ("*)(\\\x00", "*)(\\\\\\00", "\\2a\\29\\28\\5c\\00"),
        ("Zoë 王", "Zoë 王", "Zoë 王"),
    ],
)
def test_text_stays_text(text: str, in_dn: str, in_filter: str) -> None:
    assert (dn_text(text), filter_text(text)) == (in_dn, in_filter)


def test_an_active_directory_is_only_other_names() -> None:
    shape = ACTIVE_DIRECTORY
    bits = [b"66082"]  # disabled, and a password that never ends
    values = {"objectguid": [GUID.bytes_le], "samaccountname": [b"jdoe"], "useraccountcontrol": bits}
    entry = Entry("cn=jdoe,dc=x", values)
    switch = switch_of(shape)
    account = account_of(shape, entry, switch.is_active(entry), ())
    assert (account.account_id, account.user_name, account.active) == (str(GUID), "jdoe", False)
    assert id_filter(shape, str(GUID)) == "(objectGUID=" + "".join(f"\\{byte:02x}" for byte in GUID.bytes_le) + ")"
    (on,) = switch.on(entry)
    assert (on.attribute, on.values) == ("userAccountControl", ("66080",))
    (off,) = switch.off(Entry("cn=jdoe,dc=x", {"useraccountcontrol": [b"66080"]}))
    assert off.values == ("66082",)
    assert switch.at_creation() == {"userAccountControl": ("514",)}
    change = set_password(shape, "secret")
    assert (change.attribute, change.values) == ("unicodePwd", ('"secret"'.encode("utf-16-le"),))


def test_what_a_draft_says_nothing_about_has_no_value() -> None:
    draft = AccountDraft(
        worker_id="W-1", worker_number="E1", user_name="prince", name=PersonName(family="Prince"), title="Artist"
    )
    values = attributes_of(DirectoryShape(), draft, "")
    assert (values["sn"], values["cn"], values["title"]) == (("Prince",), ("Prince",), ("Artist",))
    assert (values["givenName"], values["manager"], values["mail"]) == ((), (), ())


def test_one_time_passwords_are_long_and_differ() -> None:
    made = {one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) > 30


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://x"},
        {"url": "ldap://"},
        {"password": ""},
        {"bind_dn": ""},
        {"shape": {"attributes": {"cn": "full_name"}}},
        {"shape": {"attributes": {"employeeNumber": "worker_number", "uid": "family"}}},
        {"shape": {"attributes": {"employeeNumber": "worker_number", "cn)(x": "family"}}},
    ],
)
def test_settings_that_cannot_be_meant(changes: dict[str, object]) -> None:
    given = {"url": "ldap://x", "bind_dn": "cn=x", "password": "x", "users": "ou=u", "groups": "ou=g"}
    LdapSettings.model_validate(given)
    with pytest.raises(ValidationError):
        LdapSettings.model_validate(given | changes)


def test_a_worker_has_a_directory_when_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert settings_from_environment() is None
    monkeypatch.setenv("CORRIDOR_LDAP_URL", "ldaps://directory.example")
    with pytest.raises(ValidationError):
        settings_from_environment()
    shape = tmp_path / "shape.json"
    shape.write_text('{"disabling": "lock", "groups": {"placeholder": "cn=none"}}')
    for name in ("BIND_DN", "PASSWORD", "USERS", "GROUPS"):
        monkeypatch.setenv(f"CORRIDOR_LDAP_{name}", f"cn={name}")
    monkeypatch.setenv("CORRIDOR_LDAP_SHAPE", str(shape))
    found = settings_from_environment()
    assert found is not None
    assert (found.users, found.plain, found.password.get_secret_value()) == ("cn=USERS", False, "cn=PASSWORD")
    assert (found.shape.disabling, found.shape.groups.placeholder, found.shape.name_attribute) == (
        "lock",
        "cn=none",
        "uid",
    )
    assert "cn=PASSWORD" not in repr(found)


def test_shapes_have_names() -> None:
    assert read_shape("openldap") == DirectoryShape()
    assert read_shape("active-directory") == ACTIVE_DIRECTORY
    with pytest.raises(OSError, match="nowhere"):
        read_shape("nowhere.json")
