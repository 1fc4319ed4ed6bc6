"""Our rules against an independent implementation of the same published ones, over documents broken in many ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

import pytest
from lxml import etree
from mockeinvoice import validate

from adapters.invoice_documents import DocumentReader
from domain import en16931
from domain.capture import UnreadableDocumentError
from domain.invoice import AllowanceOrCharge, Invoice, Party
from tests.fixtures.invoice_documents import ubl_invoice
from tests.fixtures.invoice_samples import needs_samples, sample
from tests.fixtures.sound_invoices import dollars, line, sound

READER = DocumentReader()
SHARED_RULES = frozenset(rule for rule in en16931.RULES if rule.startswith(("BR-", "PEPPOL-")))
CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O", "L", "M")
CHANGES: tuple[Callable[[Decimal], Decimal], ...] = (
    lambda number: number + 1,
    lambda number: number + Decimal("0.01"),
    lambda number: number + Decimal("0.001"),
    lambda number: -number,
)
# Where a document breaks its schema (an element that UBL demands is gone) the two may see different things; so they
# may where a price is for a negative number of units, or a tax total of another currency is left without its name.
# Without a specification identifier the other one judges nothing.
OUTSIDE = (
    "cbc:CustomizationID",
    "cac:LegalMonetaryTotal",
    "cbc:ChargeIndicator",
    "cac:Party",
    "cbc:BaseQuantity",
    "cbc:TaxCurrencyCode",
)


def _extra(amount: str, *, is_charge: bool, category: str = "", rate: str | None = None) -> AllowanceOrCharge:
    return AllowanceOrCharge(
        amount=dollars(amount),
        is_charge=is_charge,
        reason="agreed",
        tax_category=category,
        tax_rate=None if rate is None else Decimal(rate),
    )


def _credit_note() -> Invoice:
    exempt = line(1, tax_category="E", tax_rate=Decimal(0))
    taxed = line(2, allowances=(_extra("5.00", is_charge=False), _extra("3.00", is_charge=True)))
    discount = _extra("5.00", is_charge=False, category="S", rate="7.75")
    fee = _extra("2.00", is_charge=True, category="E", rate="0")
    return sound((exempt, taxed), kind="credit-note", payee=Party(name="Factor Inc."), allowances=(discount, fee))


def _number(text: str | None) -> Decimal | None:
    try:
        return Decimal((text or "").strip())
    except InvalidOperation:
        return None


def _broken(document: bytes) -> Iterator[tuple[str, bytes]]:
    """The document with one element gone, one number changed, or one tax category exchanged."""
    count = len(list(etree.fromstring(document).iter()))
    for index in range(1, count):
        root = etree.fromstring(document)
        element = list(root.iter())[index]
        path = root.getroottree().getpath(element)
        if not isinstance(element.tag, str):
            continue
        text, number, parent = element.text, _number(element.text), element.getparent()
        if number is not None and etree.QName(element).localname != "ID":
            for change in CHANGES:
                element.text = str(change(number))
                yield f"{path} = {element.text}", etree.tostring(root)
        if parent is not None and element.tag.endswith("}ID") and parent.tag.endswith("TaxCategory"):
            for category in CATEGORIES:
                element.text = category
                yield f"{path} = {category}", etree.tostring(root)
        element.text = text
        if parent is not None:
            parent.remove(element)
            yield f"without {path}", etree.tostring(root)


def _ours(document: bytes) -> tuple[bool, set[str]]:
    """Whether an invoice could be read, and the rules that are broken."""
    try:
        return True, {each.rule for each in READER.read(document, "application/xml").findings} & SHARED_RULES
    except UnreadableDocumentError as error:
        return False, {each.rule for each in error.findings} & SHARED_RULES


def _theirs(document: bytes) -> set[str]:
    return {each.code for each in validate(document)[1].failures} & SHARED_RULES


def _compare(document: bytes, every: int = 1) -> set[str]:
    """The rules that were broken at least once."""
    seen: set[str] = set()
    for index, (what, broken) in enumerate(_broken(document)):
        if index % every or any(name in what.rpartition("/")[2] for name in OUTSIDE):
            continue
        readable, ours = _ours(broken)
        theirs = _theirs(broken)
        seen |= ours
        if readable:
            assert ours == theirs, what
        else:
            assert ours, what
            assert ours <= theirs, what
    return seen


@pytest.mark.parametrize(("invoice", "at_least"), [(sound(), 45), (_credit_note(), 60)], ids=["invoice", "credit-note"])
def test_both_find_the_same_rules_broken(invoice: Invoice, at_least: int) -> None:
    document = ubl_invoice(invoice)
    assert _ours(document) == (True, set())
    assert _theirs(document) == set()
    assert len(_compare(document)) >= at_least


@needs_samples
@pytest.mark.parametrize(
    "name",
    [
        "peppol-allowance-example.xml",
        "peppol-base-creditnote-correction.xml",
        "peppol-base-example.xml",
        "peppol-vat-category-e.xml",
    ],
)
def test_both_agree_about_peppols_own_examples(name: str) -> None:
    document = sample(name)
    assert _ours(document) == (True, set())
    assert _theirs(document) == set()
    assert _compare(document, every=7)
