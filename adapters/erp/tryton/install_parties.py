"""The suppliers of a new Tryton, their terms and bank accounts, and the accounts that the facilities pay from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from stdnum.us import ein

from adapters.erp.tryton.install_books import Books, facilities
from adapters.erp.tryton.loading import Loader, Values
from domain.invoice import PayeeAccount, PaymentTerms
from domain.master_data import Supplier
from domain.payables import PayableSupplier
from domain.reference_system import ReferenceSystem

BLOCKED = {"orders": "Blocked: orders", "posting": "Blocked: posting", "payment": "Blocked: payment"}
EXCLUDED = "Excluded"
RISK = "Risk: "
METHOD = "Method: "
GLN = "GLN:"
COMPANY_ID = "COMPANY-ID:"
ROUTING = "ABA-"
ORDERS, REMITTANCE, SENDER = "orders", "remittance", "sender"


class Parties:
    """The ids of parties by code, and of categories of parties by name."""

    def __init__(self) -> None:
        self.suppliers: dict[str, int] = {}
        self.facilities: dict[str, int] = {}
        self.categories: dict[str, int] = {}
        self.terms: dict[str, int] = {}
        self.banks: dict[str, int] = {}


async def load_parties(loader: Loader, system: ReferenceSystem, books: Books, parties: Parties) -> None:
    """Suppliers with all that Tryton keeps of them, and a party for each facility, which holds its bank accounts."""
    payable = {each.code: each for each in system.payable_suppliers}
    flags = {name for each in system.suppliers for name in _flags(each, payable.get(each.code))}
    parties.categories = await loader.create_named("party.category", {name: {"name": name} for name in sorted(flags)})
    terms = {terms_name(each.terms): each.terms for each in system.payable_suppliers}
    parties.terms = await loader.create_named(
        "account.invoice.payment_term", {name: _term(name, each) for name, each in terms.items()}
    )
    parties.suppliers = await loader.create_named(
        "party.party",
        {each.code: _supplier(each, payable.get(each.code), books, parties) for each in system.suppliers},
    )
    parties.facilities = await loader.create_named(
        "party.party", {name: _facility(system, name) for name in facilities(system)}
    )
    await _bank_accounts(loader, system, books, parties)


def terms_name(terms: PaymentTerms) -> str:
    """As buyers write them: '30', or '2/10 net 30' where two percent may be kept within ten days."""
    if not terms.discount_percent:
        return str(terms.net_days)
    return f"{terms.discount_percent.normalize():f}/{terms.discount_days} net {terms.net_days}"


def _term(name: str, terms: PaymentTerms) -> Values:
    """Tryton keeps the day on which a bill is due; the discount is only in the name."""
    due = {"months": 0, "weeks": 0, "days": terms.net_days}
    return {"name": name, "lines": [["create", [{"type": "remainder", "relativedeltas": [["create", [due]]]}]]]}


def _flags(supplier: Supplier, payable: PayableSupplier | None) -> list[str]:
    """The categories that say what Tryton has no field for."""
    blocked = {*supplier.blocked_for, *(payable.blocked_for if payable else ())}
    names = [name for what, name in BLOCKED.items() if what in blocked]
    if supplier.risk != "low":
        names.append(f"{RISK}{supplier.risk}")
    if payable is not None and payable.excluded:
        names.append(EXCLUDED)
    if payable is not None:
        names.append(f"{METHOD}{payable.method}")
    return names


def _supplier(supplier: Supplier, payable: PayableSupplier | None, books: Books, parties: Parties) -> Values:
    address = {"country": books.countries[supplier.country]}
    term = parties.terms.get(terms_name(payable.terms)) if payable else None
    return {
        "code": supplier.code,
        "name": supplier.name,
        "addresses": [["create", [address]]],
        "contact_mechanisms": [["create", [*_contacts(supplier, payable)]]],
        "identifiers": [["create", [*_identifiers(supplier, payable)]]],
        "categories": [["add", [parties.categories[name] for name in _flags(supplier, payable)]]],
        "supplier_currency": books.currencies[supplier.currency],
        "supplier_lead_time": timedelta(days=supplier.lead_days),
        "supplier_payment_term": term,
    }


def _contacts(supplier: Supplier, payable: PayableSupplier | None) -> Iterable[Values]:
    if supplier.email:
        yield {"type": "email", "value": supplier.email, "name": ORDERS}
    if payable is None:
        return
    if payable.remittance_email:
        yield {"type": "email", "value": payable.remittance_email, "name": REMITTANCE}
    for sender in payable.senders:  # a whole domain is no address, and Tryton would refuse it as one
        yield {"type": "other", "value": sender, "name": SENDER}


def _identifiers(supplier: Supplier, payable: PayableSupplier | None) -> Iterable[Values]:
    """The tax id comes first: it is the one without a word before it."""
    if payable is not None and payable.tax_id:
        yield {"type": "us_ein" if ein.is_valid(payable.tax_id) else None, "code": payable.tax_id}
    gln = supplier.gln or (payable.gln if payable else "")
    if gln:
        yield {"type": None, "code": f"{GLN}{gln}"}


def _facility(system: ReferenceSystem, name: str) -> Values:
    mine = [each for each in system.debtor_accounts if each.facility == name]
    company_ids = [{"type": None, "code": f"{COMPANY_ID}{each.company_id}"} for each in mine[:1] if each.company_id]
    return {
        "code": f"FACILITY-{name}",
        "name": mine[0].name if mine else name,
        "addresses": [["create", [{}]]],
        "identifiers": [["create", company_ids]],
    }


async def _bank_accounts(loader: Loader, system: ReferenceSystem, books: Books, parties: Parties) -> None:
    held = [
        (each.account, parties.suppliers[supplier.code], supplier.currency, "")
        for supplier in system.payable_suppliers
        for each in supplier.accounts
    ]
    held += [
        (each.account, parties.facilities[each.facility], each.currency, each.bank_name)
        for each in system.debtor_accounts
    ]
    # A bank that a supplier and a facility have both is called as the facility's account says.
    held_by_name = sorted(held, key=lambda each: bool(each[3]))
    names = {_bank_code(account): (bank, account.bic) for account, _, _, bank in held_by_name}
    at = await loader.create_named(
        "party.party",
        {code: {"code": code, "name": bank or code, "addresses": []} for code, (bank, _) in names.items()},
    )
    parties.banks = await loader.create_named(
        "bank", {code: {"party": at[code], "bic": bic or None} for code, (_, bic) in names.items()}
    )
    await loader.create(
        "bank.account",
        [
            {
                "bank": parties.banks[_bank_code(account)],
                "owners": [["add", [owner]]],
                "currency": books.currencies[currency],
                "numbers": [["create", [_number(account)]]],
            }
            for account, owner, currency, _ in held
        ],
    )


def _bank_code(account: PayeeAccount) -> str:
    """The routing number is what a bank in the United States is called by; elsewhere its BIC."""
    return f"{ROUTING}{account.routing_number}" if account.routing_number else f"BIC-{account.bic or 'unknown'}"


def _number(account: PayeeAccount) -> Values:
    return (
        {"type": "iban", "number": account.iban}
        if account.iban
        else {"type": "other", "number": account.account_number}
    )
