"""Whether the money would go where the supplier's money goes: no account number ever leaves this file, masked ones do.

Payments go to the account of the supplier master. A document that names another one is a sign of fraud all the same,
and so is a master that was changed just before a large bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from domain.invoice import PayeeAccount
from domain.invoice_checks.facts import AccountConfirmation, ControlFacts
from domain.invoice_checks.log import ControlLog
from domain.payables import PayableSupplier, SupplierAccount
from domain.policy.model import FrozenPolicy

MAX_SHOWN = 20
PERSONS_NEEDED = 2


def check_accounts(facts: ControlFacts, supplier: PayableSupplier, policy: FrozenPolicy, log: ControlLog) -> None:
    """Every account that the document offers, then the one of the master that is paid to."""
    time_zone = policy.facility.calendar.time_zone
    _check_document(facts, supplier, time_zone, log)
    if supplier.accounts:
        _check_master(facts, supplier, supplier.accounts[0], policy, log)
    payee = facts.invoice.payee
    if payee is not None and payee.name.strip().casefold() not in ("", facts.invoice.seller.name.strip().casefold()):
        log.note(
            f"The document asks to pay {payee.name} instead of its seller; the account of {supplier.code} is paid."
        )


def _check_document(facts: ControlFacts, supplier: PayableSupplier, time_zone: str, log: ControlLog) -> None:
    strange = [
        account
        for account in facts.invoice.accounts
        if account.identity
        and not any(same_account(account, known.account) for known in supplier.accounts)
        and not confirmed(account, supplier, facts.confirmations, None, time_zone)
    ]
    if not strange:
        return
    owners = {each.fingerprint: _owners(each, supplier, facts.suppliers) for each in strange}
    foreign = sorted({code for codes in owners.values() for code in codes})
    said = f" It belongs to {', '.join(foreign)}." if foreign else ""
    log.ask(
        "bank-account-mismatch",
        f"The document names account {strange[0].masked}, which is none of {supplier.code}'s.{said}",
        supplier=supplier.code,
        document=[
            {**_shown(each), "belongs_to": list(owners[each.fingerprint])[:MAX_SHOWN]} for each in strange[:MAX_SHOWN]
        ],
        master=[_of_master(each) for each in supplier.accounts[:MAX_SHOWN]],
        confirm=[each.fingerprint for each in strange[:MAX_SHOWN]],
    )


def _check_master(
    facts: ControlFacts, supplier: PayableSupplier, paid: SupplierAccount, policy: FrozenPolicy, log: ControlLog
) -> None:
    """Also a change that is dated in the future is recent. An account of unknown date counts as old."""
    changed, hold = paid.changed_on, policy.invoice.account_hold_days
    if changed is None or (facts.today - changed).days >= hold:
        return
    if confirmed(paid.account, supplier, facts.confirmations, paid, policy.facility.calendar.time_zone):
        log.note(f"Account {paid.account.masked} changed on {changed}; two persons confirmed it by call-back.")
        return
    log.ask(
        "bank-account-changed",
        f"The account of {supplier.code} was changed on {changed}, less than {hold} days ago.",
        supplier=supplier.code,
        master=[_of_master(paid)],
        hold_days=hold,
        confirm=[paid.account.fingerprint],
        persons_needed=PERSONS_NEEDED,
    )


def confirmed(
    account: PayeeAccount,
    supplier: PayableSupplier,
    confirmations: Sequence[AccountConfirmation],
    since: SupplierAccount | None,
    time_zone: str,
) -> bool:
    """Whether two persons confirmed that the account is the supplier's, on the day of its last change or later.

    Whoever entered the change does not count. Days are those of `time_zone` (IANA).
    """
    return any(
        each.supplier == supplier.code
        and each.account_fingerprint == account.fingerprint
        and len(set(each.confirmed_by) - ({since.changed_by} if since else set())) >= PERSONS_NEEDED
        and (since is None or since.changed_on is None or _day(each, time_zone) >= since.changed_on)
        for each in confirmations
    )


def same_account(named: PayeeAccount, known: PayeeAccount) -> bool:
    """Whether a document's account is one of the master's. A document that leaves the routing number out names no
    other bank: then the number decides.
    """
    if named.identity == known.identity:
        return True
    whole = not named.iban and not named.routing_number.strip()
    return whole and named.identity.removeprefix("/") == known.identity.rpartition("/")[2]


def _owners(account: PayeeAccount, supplier: PayableSupplier, suppliers: Sequence[PayableSupplier]) -> tuple[str, ...]:
    others = (each for each in suppliers if each.code != supplier.code)
    return tuple(each.code for each in others if any(same_account(account, own.account) for own in each.accounts))


def _day(confirmation: AccountConfirmation, time_zone: str) -> date:
    return confirmation.at.astimezone(ZoneInfo(time_zone)).date()


def _shown(account: PayeeAccount) -> dict[str, object]:
    return {"masked": account.masked, "fingerprint": account.fingerprint}


def _of_master(known: SupplierAccount) -> dict[str, object]:
    changed = known.changed_on.isoformat() if known.changed_on else None
    return {**_shown(known.account), "changed_on": changed, "changed_by": known.changed_by}
