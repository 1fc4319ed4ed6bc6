"""Whom is bought from, on which terms, and which bank accounts money goes to and comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from biip import ParseError
from biip.gln import Gln

from adapters.reference_files.accounts import read_account, to_terms
from adapters.reference_files.dates import resolve_day
from adapters.reference_files.tables import CURRENCY, Faults, Row, read_table, unique
from domain.invoice import PaymentTerms
from domain.master_data import Supplier, SupplierRisk
from domain.payables import BlockedFor, PayableSupplier, PaymentMethod, SupplierAccount
from domain.payment import DebtorAccount

_COLUMNS = (
    "code",
    "name",
    "email",
    "currency",
    "lead_days",
    "blocked_for",
    "gln",
    "country",
    "risk",
    "tax_id",
    "senders",
    "remittance_email",
    "terms",
    "method",
    "excluded",
)
_NUMBERS = ("iban", "bic", "routing_number", "account_number")
_RISKS: tuple[SupplierRisk, ...] = get_args(SupplierRisk)
_BLOCKS: tuple[BlockedFor, ...] = get_args(BlockedFor)
_METHODS: tuple[PaymentMethod, ...] = get_args(PaymentMethod)
_COMPANY_ID_LENGTH = 10


def read_suppliers(
    directory: Path, today: date, people: set[str], faults: Faults
) -> tuple[tuple[Supplier, ...], tuple[PayableSupplier, ...]]:
    """The suppliers, and the same ones as accounts payable know them: with the accounts of supplier_accounts.csv."""
    rows = read_table(directory, "suppliers.csv", _COLUMNS, faults)
    unique(rows, "code")
    _check_tax_ids_differ(rows)
    suppliers = tuple(_supplier(row) for row in rows)
    accounts = _read_accounts(directory, today, {each.code for each in suppliers}, people, faults)
    return suppliers, tuple(
        _payable(row, supplier, accounts.get(supplier.code, ())) for row, supplier in zip(rows, suppliers, strict=True)
    )


def _supplier(row: Row) -> Supplier:
    if row.text("currency") != CURRENCY:
        row.fault(f"currency is '{row.text('currency')}': this health system buys in {CURRENCY}")
    _require_address(row, "email")
    gln = row.text("gln")
    if gln:
        row.parsed("gln", _gln, "")
    blocks: tuple[Literal["orders", "payment"], ...] = ("orders", "payment")
    return Supplier(
        code=row.required("code"),
        name=row.required("name"),
        email=row.text("email"),
        currency=CURRENCY,
        blocked_for=tuple(what for what in blocks if what in row.words("blocked_for")),
        lead_days=row.whole("lead_days"),
        gln=gln,
        country=row.required("country"),
        risk=_risk(row),
    )


def _payable(row: Row, supplier: Supplier, accounts: tuple[SupplierAccount, ...]) -> PayableSupplier:
    _require_address(row, "remittance_email")
    for sender in row.words("senders"):
        if "@" not in sender:
            row.fault(f"sender '{sender}' is neither an e-mail address nor a domain such as @supplier.example")
    return PayableSupplier(
        code=supplier.code,
        name=supplier.name,
        tax_id=_tax_id(row, supplier.country),
        gln=supplier.gln,
        country=supplier.country,
        currency=supplier.currency,
        email=supplier.email,
        remittance_email=row.text("remittance_email"),
        senders=row.words("senders"),
        blocked_for=_blocked(row),
        excluded=row.flag("excluded"),
        risk=supplier.risk,
        terms=row.parsed("terms", to_terms, PaymentTerms()),
        method=_method(row, accounts),
        accounts=accounts,
    )


def _require_address(row: Row, column: str) -> None:
    if "@" not in row.text(column):
        row.fault(f"'{row.text(column)}' is no e-mail address")


def _blocked(row: Row) -> tuple[BlockedFor, ...]:
    words = row.words("blocked_for")
    for word in words:
        if word not in _BLOCKS:
            row.fault(f"blocked_for is '{word}': write {', '.join(_BLOCKS)}, or several with semicolons")
    return tuple(what for what in _BLOCKS if what in words)


def _tax_id(row: Row, country: str) -> str:
    tax_id = row.required("tax_id")
    if country == "US" and not re.fullmatch(r"\d{2}-\d{7}", tax_id):
        row.fault(f"tax_id '{tax_id}' is no employer identification number such as 12-3456789")
    return tax_id


def _check_tax_ids_differ(rows: Sequence[Row]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        tax_id, code = row.text("tax_id"), row.text("code")
        if tax_id and tax_id in seen:
            row.fault(f"tax_id {tax_id} is that of {seen[tax_id]} already")
        seen.setdefault(tax_id, code)


def _method(row: Row, accounts: Sequence[SupplierAccount]) -> PaymentMethod:
    found = row.text("method") or "ach"
    for each in _METHODS:
        if found == each:
            if each == "ach" and accounts and not accounts[0].account.routing_number:
                row.fault("is paid by ach, but its first account has no routing number")
            return each
    row.fault(f"method is '{found}': write {' or '.join(_METHODS)}, or nothing for ach")
    return "ach"


def _risk(row: Row) -> SupplierRisk:
    found = row.text("risk") or "low"
    for each in _RISKS:
        if found == each:
            return each
    row.fault(f"risk is '{found}': write one of {', '.join(_RISKS)}, or nothing for low")
    return "low"


def _gln(text: str) -> str:
    try:
        return Gln.parse(text).value
    except ParseError as error:
        raise ValueError(str(error)) from None


def _read_accounts(
    directory: Path, today: date, suppliers: set[str], people: set[str], faults: Faults
) -> dict[str, tuple[SupplierAccount, ...]]:
    """By supplier, in the order of the file: the first one is paid to."""
    columns = ("supplier", "name", *_NUMBERS, "changed_on", "changed_by")
    rows = read_table(directory, "supplier_accounts.csv", columns, faults)
    unique(rows, "supplier", *_NUMBERS)
    found: dict[str, tuple[SupplierAccount, ...]] = {}
    for row in rows:
        if row.text("supplier") not in suppliers:
            row.fault(f"supplier '{row.text('supplier')}' is not in suppliers.csv")
        if row.text("changed_by") not in people:
            row.fault(f"changed_by '{row.text('changed_by')}' is not in people.csv")
        changed_on = row.parsed("changed_on", lambda text: resolve_day(text, today), today)
        if changed_on > today:
            row.fault("changed_on lies ahead")
        account = SupplierAccount(account=read_account(row), changed_on=changed_on, changed_by=row.text("changed_by"))
        found[row.text("supplier")] = (*found.get(row.text("supplier"), ()), account)
    return found


def read_debtor_accounts(directory: Path, facilities: set[str], faults: Faults) -> tuple[DebtorAccount, ...]:
    columns = ("facility", "currency", "name", "bank_name", "company_id", *_NUMBERS)
    rows = read_table(directory, "bank_accounts.csv", columns, faults)
    unique(rows, "facility", "currency")
    for row in rows:
        if row.text("facility") not in facilities:
            row.fault(f"facility '{row.text('facility')}' has no cost centre in cost_centres.csv")
        if row.text("currency") != CURRENCY:
            row.fault(f"currency is '{row.text('currency')}': this health system pays in {CURRENCY}")
        if len(row.text("company_id")) != _COMPANY_ID_LENGTH:
            row.fault(f"company_id '{row.text('company_id')}' must have {_COMPANY_ID_LENGTH} characters")
    return tuple(
        DebtorAccount(
            facility=row.text("facility"),
            name=row.required("name"),
            account=read_account(row),
            bank_name=row.required("bank_name"),
            company_id=row.text("company_id"),
            currency=CURRENCY,
        )
        for row in rows
    )
