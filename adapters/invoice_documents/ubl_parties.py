"""Seller, buyer and payee of a UBL document."""

from __future__ import annotations

from lxml import etree

from adapters.invoice_documents.parties import electronic_address, gln_of
from adapters.invoice_documents.terms import LONG_TEXT, TEXT, Terms, joined
from domain.invoice import Party

_ADDRESS = (
    "cbc:StreetName",
    "cbc:AdditionalStreetName",
    "cac:AddressLine/cbc:Line",
    "cbc:PostalZone",
    "cbc:CityName",
    "cbc:CountrySubentity",
)


def party_of(terms: Terms, party: etree._Element | None, pointer: str) -> Party:
    """The registered name before the trading name; a VAT number before other tax and legal registrations."""
    name = terms.text(party, "cac:PartyLegalEntity/cbc:RegistrationName")
    trading = terms.text(party, "cac:PartyName/cbc:Name")
    if not (trading if pointer == "/payee" else name):
        terms.absent.add(f"{pointer}/name")
    address = terms.find(party, "cac:PostalAddress")
    if address is None:
        terms.absent.add(f"{pointer}/address")
    country = terms.country(address, "cac:Country/cbc:IdentificationCode", pointer)
    endpoint = terms.find(party, "cbc:EndpointID")
    ids = [*terms.all(party, "cac:PartyIdentification/cbc:ID"), *terms.all(party, "cac:PartyLegalEntity/cbc:CompanyID")]
    gln_candidates = [(each.get("schemeID", ""), (each.text or "").strip()) for each in ids]
    address_parts = (terms.text(address, path, limit=LONG_TEXT) for path in _ADDRESS)
    scheme, value = (
        ("", "") if endpoint is None else (endpoint.get("schemeID", ""), terms.text(party, "cbc:EndpointID"))
    )
    return Party(
        name=name or trading,
        tax_id=_tax_id(terms, party, pointer),
        gln=gln_of([(scheme, value), *gln_candidates])[:TEXT],
        electronic_address=electronic_address(scheme, value)[:TEXT],
        address=joined(address_parts)[:LONG_TEXT],
        country=country,
    )


def _tax_id(terms: Terms, party: etree._Element | None, pointer: str) -> str:
    vat, other = "", ""
    for each in terms.few(party, "cac:PartyTaxScheme", 20, "tax registrations"):
        number = terms.text(each, "cbc:CompanyID")
        if terms.text(each, "cac:TaxScheme/cbc:ID").upper() == "VAT":
            vat = vat or number
        else:
            other = other or number
    legal = terms.text(party, "cac:PartyLegalEntity/cbc:CompanyID")
    named = terms.texts(party, "cac:PartyIdentification/cbc:ID")
    terms.identify(pointer, vat=vat, other=other, legal=legal, named=bool(named) or party is None)
    return vat or other or legal
