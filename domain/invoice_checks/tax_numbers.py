"""Whether a supplier's tax number is written as its country writes them, check digits included where there are any."""

from __future__ import annotations

import re

from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

from domain.invoice import Party
from domain.invoice_checks.log import ControlLog
from domain.payables import PayableSupplier

_EIN = re.compile(r"(?!00)\d{2}-?\d{7}")  # IRS: two digits of the campus, seven of the number
_EU = frozenset(vat.MEMBER_STATES) | {"gr", "xi"}


def check_tax_number(seller: Party, supplier: PayableSupplier | None, log: ControlLog) -> None:
    """A number is judged by its own prefix, else by the seller's country, else by the country in the master."""
    if not seller.tax_id:
        return
    country = _country(seller, supplier)
    if is_tax_number(seller.tax_id, country):
        return
    log.ask(
        "tax-validation-failed",
        f"{seller.tax_id} is no valid tax number{f' of {country}' if country else ''}.",
        tax_id=seller.tax_id,
        country=country,
        seller=seller.name,
        supplier=supplier.code if supplier else "",
    )


def is_tax_number(tax_id: str, country: str) -> bool:
    """`country` is an ISO 3166-1 code. A number of a country whose rule is not known is taken as it is."""
    plain, code = tax_id.strip().upper(), country.strip().lower()
    if code == "us":
        return _EIN.fullmatch(plain.removeprefix("US").strip()) is not None
    if code in _EU:
        prefix = {"gr": "EL"}.get(code, code.upper())
        return vat.is_valid(plain if plain[:2] in (prefix, code.upper()) else prefix + plain)
    rule = get_cc_module(code, "vat") if code else None
    if rule is None:
        return any(letter.isalnum() for letter in plain)
    try:
        rule.validate(plain)
    except ValidationError:
        return False
    return True


def _country(seller: Party, supplier: PayableSupplier | None) -> str:
    prefix = seller.tax_id.strip()[:2].upper()
    if prefix == "EL" or prefix.lower() in _EU:
        return "GR" if prefix == "EL" else prefix
    if prefix == "US":
        return prefix
    return seller.country.strip().upper() or (supplier.country.strip().upper() if supplier else "")
