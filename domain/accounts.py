"""An account in an identity system, and who it belongs to."""

from __future__ import annotations

import unicodedata
from datetime import date

from pydantic import AwareDatetime

from domain.hire import PersonName
from domain.model import Value


def name_key(user_name: str) -> str:
    """What two user names are compared by: systems tell them apart by more than their case, width or outer spaces."""
    return unicodedata.normalize("NFKC", user_name).casefold().strip()


class AccountDraft(Value):
    """What an account says of its owner. `worker_number` is the external id there. It is created disabled."""

    worker_id: str
    worker_number: str
    user_name: str
    name: PersonName
    title: str = ""
    department: str = ""
    facility: str = ""
    cost_centre: str = ""
    employment_type: str = ""
    manager: str = ""
    email: str = ""
    start_on: date | None = None
    end_on: date | None = None


class Account(Value):
    """An account as the system shows it when it is read back. `worker_number` is empty where the system did not keep
    it. `groups` are the names of the groups that it is a member of."""

    account_id: str
    user_name: str
    worker_number: str = ""
    active: bool
    groups: tuple[str, ...] = ()
    display_name: str = ""
    department: str = ""
    title: str = ""


class HeldAccount(Value):
    """Whose an account is, by our own register: one per system and worker, one worker per account and user name.

    `account_id` is empty while the name is claimed and the account not yet known to exist.
    """

    system: str
    worker_id: str
    user_name: str
    account_id: str = ""
    case_id: str


class HeldEntitlement(Value):
    """What a worker holds, why, by which case, and how it is taken back. `until` is inclusive. `revoked_at` is None
    while it is held."""

    worker_id: str
    system: str
    entitlement: str
    group: str
    reason: str
    source: str
    """'birthright', 'requested' or 'mitigated', with the policy rule or approval that gave it."""
    case_id: str
    granted_at: AwareDatetime
    until: date | None = None
    reverse: str = "leave-group"
    revoked_at: AwareDatetime | None = None
    revoked_by: str = ""
