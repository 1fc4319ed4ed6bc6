"""Tryton's suppliers, bank accounts and orders as accounts payable know them: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from adapters.erp.tryton import mapping
from adapters.erp.tryton.documents import ZERO, HeldPurchase, OrderDocument, received, standing_lines, status
from adapters.erp.tryton.wire_payables import BankAccount, Owner, PartyNames, PayableParty
from domain.invoice import PayeeAccount, PaymentTerms
from domain.money import Money
from domain.payables import (
    OrderLinePosition,
    OrderPosition,
    PayableSupplier,
    PaymentMethod,
    SupplierAccount,
    SupplierQuery,
)
from domain.payment import DebtorAccount
from domain.reference_system import ReferenceSystem

_METHODS: Mapping[str, PaymentMethod] = {f"Method: {name}": name for name in ("ach", "credit-transfer")}
_ROUTING, _COMPANY_ID, _GLN, _FACILITY = "ABA-", "COMPANY-ID:", "GLN:", "FACILITY-"
_TERMS = re.compile(r"(?:(?P<percent>\d+(?:\.\d+)?)/(?P<within>\d+)\s+)?(?:net\s+)?(?P<net>\d+)(?:\s+days)?", re.I)


def supplier(row: PayableParty, accounts: Iterable[BankAccount], supplement: ReferenceSystem) -> PayableSupplier:
    plain = mapping.supplier(row)
    named = {each.name for each in row.categories}
    contacts = row.contact_mechanisms
    return PayableSupplier(
        code=plain.code,
        name=plain.name,
        tax_id=_tax_id(row),
        gln=plain.gln,
        country=plain.country,
        currency=plain.currency,
        email=plain.email,
        remittance_email=next(
            (each.value for each in contacts if each.type == "email" and each.name == "remittance" and each.value), ""
        ),
        senders=tuple(each.value for each in contacts if each.name == "sender" and each.value),
        blocked_for=mapping.blocked_for(row),
        excluded="Excluded" in named,
        risk=plain.risk,
        terms=terms("" if row.term is None else row.term.name),
        method=next((_METHODS[name] for name in sorted(named) if name in _METHODS), "ach"),
        accounts=tuple(supplier_account(each, plain.code, plain.name, supplement) for each in accounts),
    )


def terms(name: str) -> PaymentTerms:
    """'30', 'net 30' or '2/10 net 30'; the usual terms for what is written otherwise."""
    read = _TERMS.fullmatch(name.strip())
    if read is None:
        return PaymentTerms()
    return PaymentTerms(
        net_days=int(read["net"]),
        discount_percent=Decimal(read["percent"] or 0),
        discount_days=int(read["within"] or 0),
    )


def _tax_id(row: PartyNames | PayableParty) -> str:
    """The first identifier that has no word before it."""
    return next((each.code for each in row.identifiers if each.code and ":" not in each.code), "")


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def is_named(query: SupplierQuery, row: PartyNames) -> bool:
    """Whether the query names the supplier for certain. Tax ids are compared by letters and digits only."""
    tax_id = _plain(_tax_id(row))
    glns = {f"{_GLN}{each}" for each in query.glns if each}
    return (
        row.code in query.codes
        or any(each.code in glns for each in row.identifiers)
        or bool(tax_id and tax_id in {_plain(each) for each in query.tax_ids})
    )


def payee_account(row: BankAccount, name: str) -> PayeeAccount:
    """By its IBAN, or by the routing number of its bank and its first other number."""
    iban = next((each.number for each in row.numbers if each.type == "iban"), "")
    code = (row.bank and row.bank.party.code) or ""
    bic = (row.bank and row.bank.bic) or ""
    if iban:
        return PayeeAccount(iban=re.sub(r"\s", "", iban), bic=bic, name=name)
    return PayeeAccount(
        bic=bic,
        routing_number=code.removeprefix(_ROUTING) if code.startswith(_ROUTING) else "",
        account_number=row.numbers[0].number if row.numbers else "",
        name=name,
    )


def supplier_account(row: BankAccount, code: str, name: str, supplement: ReferenceSystem) -> SupplierAccount:
    """When it was changed and by whom, the supplement knows of accounts that it has; Tryton knows of all others."""
    found = payee_account(row, name)
    known = next(
        (
            account
            for each in supplement.payable_suppliers
            if each.code == code
            for account in each.accounts
            if account.account.fingerprint == found.fingerprint
        ),
        None,
    )
    if known is not None:
        return known.model_copy(update={"account": found.model_copy(update={"name": known.account.name or name})})
    changed, by = row.write_date or row.create_date, row.write_uid or row.create_uid
    return SupplierAccount(
        account=found, changed_on=None if changed is None else changed.date(), changed_by=(by and by.rec_name) or ""
    )


def owner_code(facility: str) -> str:
    """The party that holds the accounts a facility pays from."""
    return f"{_FACILITY}{facility}"


def debtor_account(row: BankAccount, owner: Owner, supplement: ReferenceSystem) -> DebtorAccount:
    facility = (owner.code or "").removeprefix(_FACILITY)
    name = owner.name or facility
    found = payee_account(row, name)
    known = [each for each in supplement.debtor_accounts if each.account.fingerprint == found.fingerprint]
    written = [each.code for each in owner.identifiers if each.code and each.code.startswith(_COMPANY_ID)]
    return DebtorAccount(
        facility=facility,
        name=name,
        account=found.model_copy(update={"name": known[0].account.name}) if known else found,
        bank_name=(row.bank and row.bank.party.name) or "",
        company_id=written[0].removeprefix(_COMPANY_ID) if written else "",
        currency=(row.currency and row.currency.code) or "",
    )


def position(document: OrderDocument, held: HeldPurchase, categories: Mapping[str, str]) -> OrderPosition:
    """`categories` are by item."""
    draft, came, lines = document.draft, received(document, held), standing_lines(document, held)
    return OrderPosition(
        number=document.number,
        case_id=draft.case_id,
        facility=draft.facility,
        supplier=draft.supplier,
        requester=draft.requester,
        status=status(document, held),
        currency=draft.currency,
        lines=tuple(
            OrderLinePosition(
                line=lines[number],
                category=draft.categories.get(number) or categories.get(lines[number].item or "", ""),
                received=came.get(number, ZERO),
                billed=document.billed.get(number, ZERO),
                billed_amount=Money(amount=document.billed_amount.get(number, ZERO), currency=draft.currency),
            )
            for number in sorted(lines)
        ),
    )
