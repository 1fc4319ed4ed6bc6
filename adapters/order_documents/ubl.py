"""UBL 2.1 Order, OrderChange and OrderCancellation in the form of Peppol BIS Order only and Advanced Ordering 3.

The order of elements is that of the OASIS schemas. A reminder repeats the Order as it was first sent.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from lxml import etree

from adapters.order_documents.text import amount, clean, issue_date, live_lines, net_total, plain, price
from domain.ports.suppliers import OrderDispatch
from domain.purchase import OrderLine
from domain.quantity import Quantity

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
_CAC, _CBC = f"{_SCHEMA}CommonAggregateComponents-2", f"{_SCHEMA}CommonBasicComponents-2"
_PEPPOL = "urn:fdc:peppol.eu:poacc"
_GLN, _GTIN, _MAIL = "0088", "0160", "EM"  # ISO 6523 and Peppol identifier schemes
_UNSPSC = "TST"  # UNCL 7143

# Peppol's unit list is Recommendation 20 without its deprecated packages, which come from Recommendation 21 with an X
# before them. In it ST is a sheet, so a set is SET.
_UNITS = {
    "BX": "XBX",
    "CS": "XCS",
    "PK": "XPK",
    "CT": "XCT",
    "RL": "XRO",
    "BT": "XBO",
    "ST": "SET",
}


class _Form(NamedTuple):
    root: str
    transaction: str
    profile: str


_ORDER = _Form("Order", "order", "order_only")
_FORMS = {
    "order": _ORDER,
    "reminder": _ORDER,
    "change": _Form("OrderChange", "order_change", "advanced_ordering"),
    "cancellation": _Form("OrderCancellation", "order_cancellation", "advanced_ordering"),
}


def order_xml(dispatch: OrderDispatch, today: date) -> bytes:
    """The document for the dispatch's occasion; the same bytes for the same content.

    `today` dates it when the dispatch does not. Raises KeyError for an unknown occasion.
    """
    form = _FORMS[dispatch.occasion]
    namespace = f"{_SCHEMA}{form.root}-2"
    prefixes = {None: namespace, "cac": _CAC, "cbc": _CBC}
    root = etree.Element(
        f"{{{namespace}}}{form.root}",
        nsmap=prefixes,  # type: ignore[arg-type]  # the stubs do not know the default namespace
    )
    _head(root, dispatch, form, issue_date(dispatch, today))
    if form.root == "OrderCancellation":
        _text(root, "CancellationNote", f"Order {dispatch.order.number} is cancelled.")
        _text(_group(root, "OrderReference"), "ID", dispatch.order.number)
        _parties(root, dispatch)
    else:
        _body(root, dispatch, form)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _head(root: etree._Element, dispatch: OrderDispatch, form: _Form, issued: date) -> None:
    number = dispatch.order.number
    _text(root, "CustomizationID", f"{_PEPPOL}:trns:{form.transaction}:3")
    _text(root, "ProfileID", f"{_PEPPOL}:bis:{form.profile}:3")
    _text(root, "ID", number if form is _ORDER else f"{number}-{dispatch.version}")
    _text(root, "IssueDate", issued.isoformat())
    if form.root == "OrderChange":
        _text(root, "SequenceNumberID", str(dispatch.version))
    if form is _ORDER:
        _text(root, "OrderTypeCode", "220")  # UNCL 1001: order


def _body(root: etree._Element, dispatch: OrderDispatch, form: _Form) -> None:
    lines = live_lines(dispatch) if form is _ORDER else dispatch.order.lines
    _text(root, "DocumentCurrencyCode", dispatch.order.total.currency)
    if form is _ORDER:
        _text(root, "CustomerReference", dispatch.case_id)
    else:
        _text(_group(root, "OrderReference"), "ID", dispatch.order.number)
    contracts = sorted({line.contract for line in lines if line.contract})
    if len(contracts) == 1:
        _text(_group(root, "Contract"), "ID", contracts[0])
    _parties(root, dispatch)
    _delivery(root, dispatch)
    total = net_total(dispatch)
    totals = _group(root, "AnticipatedMonetaryTotal")
    for name in ("LineExtensionAmount", "PayableAmount"):
        _text(totals, name, amount(total), currencyID=total.currency)
    for line in lines:
        _line(root, line, form, name_contract=len(contracts) > 1)


def _parties(root: etree._Element, dispatch: OrderDispatch) -> None:
    facility, supplier = dispatch.facility, dispatch.supplier
    buyer = _group(root, "BuyerCustomerParty", "Party")
    _party(buyer, facility.gln, None, code=facility.code, name=facility.name, country=facility.calendar.country)
    seller = _group(root, "SellerSupplierParty", "Party")
    _party(seller, supplier.gln, supplier.email, code=supplier.code, name=supplier.name, country=supplier.country)


def _party(party: etree._Element, gln: str, email: str | None, *, code: str, name: str, country: str) -> None:
    if gln:
        _text(party, "EndpointID", gln, schemeID=_GLN)
        _text(_group(party, "PartyIdentification"), "ID", gln, schemeID=_GLN)
    else:
        if email:
            _text(party, "EndpointID", email, schemeID=_MAIL)
        _text(_group(party, "PartyIdentification"), "ID", code)
    _text(_group(party, "PartyName"), "Name", name)
    _text(_group(party, "PostalAddress", "Country"), "IdentificationCode", country)
    _text(_group(party, "PartyLegalEntity"), "RegistrationName", name)
    if email:
        _text(_group(party, "Contact"), "ElectronicMail", email)


def _delivery(root: etree._Element, dispatch: OrderDispatch) -> None:
    facility = dispatch.facility
    delivery = _group(root, "Delivery")
    address = _group(delivery, "DeliveryLocation", "Address")
    _text(_group(address, "AddressLine"), "Line", facility.ship_to or facility.name)
    _text(_group(address, "Country"), "IdentificationCode", facility.calendar.country)
    days = [line.need_by for line in live_lines(dispatch)]
    if days:
        _text(_group(delivery, "RequestedDeliveryPeriod"), "EndDate", max(days).isoformat())


def _line(root: etree._Element, line: OrderLine, form: _Form, name_contract: bool) -> None:
    order_line = _group(root, "OrderLine")
    note = f"Deliver to: {line.deliver_to}"
    _text(order_line, "Note", f"{note}; contract: {line.contract}" if name_contract and line.contract else note)
    item = _group(order_line, "LineItem")
    _text(item, "ID", str(line.line))
    if form is not _ORDER:
        _text(item, "LineStatusCode", "3" if line.quantity.value > 0 else "2")  # UNCL 1229: changed, deleted
    unit = _unit(line.quantity)
    _text(item, "Quantity", plain(line.quantity.value), unitCode=unit)
    _text(item, "LineExtensionAmount", amount(line.amount), currencyID=line.amount.currency)
    _text(item, "AccountingCost", ";".join(_cost(line)))
    _text(_group(item, "Delivery", "RequestedDeliveryPeriod"), "EndDate", line.need_by.isoformat())
    cost = _group(item, "Price")
    _text(cost, "PriceAmount", price(line.unit_price), currencyID=line.unit_price.currency)
    _text(cost, "BaseQuantity", "1", unitCode=unit)
    _item(item, line)


def _item(parent: etree._Element, line: OrderLine) -> None:
    item = _group(parent, "Item")
    _text(item, "Name", line.description)
    if line.item:
        _text(_group(item, "BuyersItemIdentification"), "ID", line.item)
    if line.gtin:
        _text(_group(item, "StandardItemIdentification"), "ID", line.gtin, schemeID=_GTIN)
    if line.unspsc:
        _text(_group(item, "CommodityClassification"), "ItemClassificationCode", line.unspsc, listID=_UNSPSC)
    if line.quantity.pack_size != 1:
        pack = _group(item, "AdditionalItemProperty")
        _text(pack, "Name", "PackSize")
        _text(pack, "Value", str(line.quantity.pack_size))


def _cost(line: OrderLine) -> list[str]:
    return [f"{share.cost_centre}/{share.account}" if share.account else share.cost_centre for share in line.costs]


def _unit(quantity: Quantity) -> str:
    return _UNITS.get(quantity.unit, quantity.unit)


def _group(parent: etree._Element, *names: str) -> etree._Element:
    for name in names:
        parent = etree.SubElement(parent, f"{{{_CAC}}}{name}")
    return parent


def _text(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    etree.SubElement(
        parent, f"{{{_CBC}}}{name}", {key: clean(value) for key, value in attributes.items()}
    ).text = clean(text)
