"""Seller, buyer and payee of a Cross Industry Invoice."""

from __future__ import annotations

from lxml import etree

from adapters.invoice_documents.parties import electronic_address, gln_of
from adapters.invoice_documents.terms import LONG_TEXT, TEXT, Terms, joined
from domain.invoice import Party

_ADDRESS = (
    "ram:LineOne",
    "ram:LineTwo",
    "ram:LineThree",
    "ram:PostcodeCode",
    "ram:CityName",
    "ram:CountrySubDivisionName",
)
_VAT = "VA"  # UNTDID 1153: the VAT number; FC is another tax registration


def party_of(terms: Terms, party: etree._Element | None, pointer: str) -> Party:
    """A VAT number before other tax and legal registrations."""
    address = terms.find(party, "ram:PostalTradeAddress")
    if address is None:
        terms.absent.add(f"{pointer}/address")
    country = terms.country(address, "ram:CountryID", pointer)
    endpoint = terms.find(party, "ram:URIUniversalCommunication/ram:URIID")
    scheme = "" if endpoint is None else endpoint.get("schemeID", "")
    value = terms.text(party, "ram:URIUniversalCommunication/ram:URIID")
    ids = [
        *terms.all(party, "ram:GlobalID"),
        *terms.all(party, "ram:ID"),
        *terms.all(party, "ram:SpecifiedLegalOrganization/ram:ID"),
    ]
    candidates = [(scheme, value), *((each.get("schemeID", ""), (each.text or "").strip()) for each in ids)]
    return Party(
        name=terms.text(party, "ram:Name", f"{pointer}/name"),
        tax_id=_tax_id(terms, party, pointer),
        gln=gln_of(candidates)[:TEXT],
        electronic_address=electronic_address(scheme, value)[:TEXT],
        address=joined([terms.text(address, path, limit=LONG_TEXT) for path in _ADDRESS])[:LONG_TEXT],
        country=country,
    )


def _tax_id(terms: Terms, party: etree._Element | None, pointer: str) -> str:
    vat, other = "", ""
    for each in terms.few(party, "ram:SpecifiedTaxRegistration/ram:ID", 20, "tax registrations"):
        number = terms.cut((each.text or "").strip(), each, TEXT)
        if each.get("schemeID", "") == _VAT:
            vat = vat or number
        else:
            other = other or number
    legal = terms.text(party, "ram:SpecifiedLegalOrganization/ram:ID")
    named = terms.texts(party, "ram:ID") or terms.texts(party, "ram:GlobalID")
    terms.identify(pointer, vat=vat, other=other, legal=legal, named=bool(named) or party is None)
    return vat or other or legal
