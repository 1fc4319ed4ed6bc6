"""The parts that both UBL 2.1 documents are made of."""

from __future__ import annotations

from lxml import etree

from adapters.order_documents.text import clean
from domain.facility import Facility
from domain.money import Money
from domain.payables import PayableSupplier

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
_CAC, _CBC = f"{_SCHEMA}CommonAggregateComponents-2", f"{_SCHEMA}CommonBasicComponents-2"
_GLN, _MAIL = "0088", "EM"  # ISO 6523 and Peppol identifier schemes


def document(name: str) -> etree._Element:
    namespace = f"{_SCHEMA}{name}-2"
    prefixes = {None: namespace, "cac": _CAC, "cbc": _CBC}
    return etree.Element(
        f"{{{namespace}}}{name}",
        nsmap=prefixes,  # type: ignore[arg-type]  # the stubs do not know the default namespace
    )


def octets(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def group(parent: etree._Element, *names: str) -> etree._Element:
    for name in names:
        parent = etree.SubElement(parent, f"{{{_CAC}}}{name}")
    return parent


def put(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    values = {key: clean(value) for key, value in attributes.items()}
    etree.SubElement(parent, f"{{{_CBC}}}{name}", values).text = clean(text)


def put_amount(parent: etree._Element, name: str, amount: Money) -> None:
    put(parent, name, f"{amount.rounded().amount:f}", currencyID=amount.currency)


def buyer(party: etree._Element, facility: Facility) -> None:
    _party(party, facility.gln, "", facility.code, facility.name)


def seller(party: etree._Element, supplier: PayableSupplier) -> None:
    _party(party, supplier.gln, supplier.email, supplier.code, supplier.name)


def _party(party: etree._Element, gln: str, mail: str, code: str, name: str) -> None:
    if gln:
        put(party, "EndpointID", gln, schemeID=_GLN)
        put(group(party, "PartyIdentification"), "ID", gln, schemeID=_GLN)
    else:
        if mail:
            put(party, "EndpointID", mail, schemeID=_MAIL)
        put(group(party, "PartyIdentification"), "ID", code)
    put(group(party, "PartyLegalEntity"), "RegistrationName", name)
