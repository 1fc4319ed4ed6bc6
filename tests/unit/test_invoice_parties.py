"""Who sent an invoice, which supplier it names, and whether that supplier may be dealt with."""

from __future__ import annotations

from typing import Any

import pytest

from domain.exceptions import Finding
from domain.invoice import Invoice, Party
from domain.invoice_checks.identifiers import MAX_CANDIDATES, identify, supplier_query
from domain.invoice_checks.senders import is_sender
from domain.invoice_control import ControlFacts, control, resolve_supplier
from domain.payables import PayableSupplier, SupplierAccount, SupplierQuery
from tests.fixtures.invoice_copies import ACCOUNT, OTHER_ACCOUNT, copy_of, document, facts, invoice, supplier
from tests.fixtures.small_policy import policy

GLN = "0012345000010"


def finding(given: ControlFacts, code: str) -> Finding | None:
    found = [each for each in control(given, policy()).findings if each.code == code]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("sender", "known"),
    [
        ("billing@acme.example", True),
        (" Billing@ACME.example ", True),
        ("anyone@acme-bills.example", True),
        ("other@acme.example", False),
        ("x@sub.acme-bills.example", False),
        ("x@notacme-bills.example", False),
        ("billing@acme.example <mallory@evil.example>", False),
        ("mallory@evil.example,billing@acme.example", False),
        ("mallory@evil.example@acme-bills.example", False),
        ("@acme-bills.example", False),
        ("", False),
    ],
)
def test_a_sender_is_a_whole_address_or_of_a_whole_domain(sender: str, known: bool) -> None:
    assert is_sender(sender, supplier()) == known
    assert (finding(facts(document=document(sender=sender)), "sender-unverified") is None) == known


@pytest.mark.parametrize("channel", ["api", "drop-folder"])
def test_folders_and_tokens_were_given_to_known_senders(channel: str) -> None:
    assert finding(facts(document=document(channel=channel, sender="x")), "sender-unverified") is None


def test_a_supplier_without_senders_has_each_mail_verified() -> None:
    found = finding(facts(suppliers=(supplier(senders=()),)), "sender-unverified")
    assert found is not None
    assert found.evidence == {
        "sender": "billing@acme.example",
        "channel": "mailbox",
        "supplier": "S-1",
        "known_senders": [],
    }


def seller(**over: Any) -> Invoice:
    given = {"name": "Acme Medical", "tax_id": "", "gln": "", "country": ""}
    return invoice(seller=Party(**{**given, **over}), accounts=())


@pytest.mark.parametrize(
    ("party", "master", "named"),
    [
        ({"tax_id": "12-3456789"}, {}, True),
        ({"tax_id": "123456789"}, {}, True),
        ({"tax_id": "US 12-3456789"}, {}, True),
        ({"tax_id": "12-3456780"}, {}, False),
        ({"tax_id": "12-3456789", "country": "DE"}, {}, False),
        ({"tax_id": "DE136695976"}, {"tax_id": "136695976", "country": "DE"}, True),
        ({"tax_id": "DE 136 695 976"}, {"tax_id": "DE136695976", "country": "DE"}, True),
        ({"tax_id": "FR136695976"}, {"tax_id": "136695976", "country": "DE"}, False),
        ({"tax_id": "EL094259216"}, {"tax_id": "094259216", "country": "GR"}, True),
        ({"gln": GLN}, {"gln": GLN}, True),
        ({"electronic_address": f"0088:{GLN}"}, {"gln": GLN}, True),
        ({"electronic_address": f"0184:{GLN}"}, {"gln": GLN}, False),
        ({}, {"tax_id": "", "gln": ""}, False),
        ({"tax_id": "-"}, {"tax_id": "-"}, False),
    ],
)
def test_identifiers_name_a_supplier_however_they_are_written(
    party: dict[str, Any], master: dict[str, Any], named: bool
) -> None:
    found, _ = resolve_supplier(copy_of(seller(**party)), (supplier(**master),))
    assert (found is not None) == named


def test_a_name_alone_brings_candidates_and_never_an_answer() -> None:
    masters = (supplier("S-1"), supplier("S-2", name="ACME Medical Group LLC"), supplier("S-3", name="Borealis Linen"))
    found, similar = resolve_supplier(copy_of(seller(name="Acme Medical, Inc.")), masters)
    assert found is None
    assert [each.code for each in similar] == ["S-1", "S-2"]
    result = control(facts(seller(name="Acme Medical, Inc."), suppliers=masters), policy())
    assert (result.supplier, result.candidates) == ("", ("S-1", "S-2", "S-3"))  # S-3 by the address that it sends from
    assert result.findings[0].evidence["candidates"][0] == {
        "code": "S-1",
        "name": "Acme Medical",
        "similarity_percent": 100,
    }


def test_candidates_are_few() -> None:
    masters = tuple(supplier(f"S-{number}", senders=()) for number in range(50))
    assert len(control(facts(seller(), suppliers=masters), policy()).candidates) == MAX_CANDIDATES


def test_identifiers_that_name_different_suppliers_name_nobody() -> None:
    masters = (supplier("S-1"), supplier("S-2", tax_id="98-7654321", gln=GLN))
    given = facts(seller(tax_id="12-3456789", gln=GLN), suppliers=masters)
    found = finding(given, "supplier-unknown")
    assert found is not None
    assert found.evidence["named"] == {"tax number": ["S-1"], "location number": ["S-2"]}
    assert "different suppliers" in found.message


def test_suppliers_with_one_tax_number_are_told_apart_by_location_or_account() -> None:
    masters = (
        supplier("S-1", gln=GLN),
        supplier("S-2", accounts=(SupplierAccount(account=OTHER_ACCOUNT),)),
        supplier("S-3", accounts=()),
    )
    both = seller(tax_id="12-3456789")
    assert identify(both, masters).supplier == ""
    assert identify(both, masters).named == {"tax number": ("S-1", "S-2", "S-3")}
    assert identify(seller(tax_id="12-3456789", gln=GLN), masters).supplier == "S-1"
    assert identify(both.model_copy(update={"accounts": (OTHER_ACCOUNT,)}), masters).supplier == "S-2"


def by_account(**over: Any) -> Invoice:
    return seller(**over).model_copy(update={"accounts": (ACCOUNT,)})


@pytest.mark.parametrize(
    ("party", "named"),
    [({}, True), ({"name": ""}, True), ({"tax_id": "98-7654321"}, False), ({"name": "Borealis Linen"}, False)],
)
def test_an_account_alone_names_a_supplier_unless_name_or_tax_number_are_anothers(
    party: dict[str, Any], named: bool
) -> None:
    found = finding(facts(by_account(**party)), "supplier-unknown")
    assert (found is None) == named


def test_a_tax_number_of_nobody_contradicts_a_location_number() -> None:
    given = facts(seller(tax_id="98-7654321", gln=GLN), suppliers=(supplier(gln=GLN),))
    found = finding(given, "supplier-unknown")
    assert found is not None
    assert found.message == "Its tax number is not that of S-1."


def test_an_account_of_another_supplier_than_the_tax_number_names_does_not_unsettle_who_it_is() -> None:
    masters = (supplier("S-1"), supplier("S-2", tax_id="", accounts=(SupplierAccount(account=OTHER_ACCOUNT),)))
    result = control(facts(invoice(accounts=(OTHER_ACCOUNT,)), suppliers=masters), policy())
    assert (result.supplier, [each.code for each in result.findings]) == ("S-1", ["bank-account-mismatch"])


def test_a_person_chooses_and_a_contradiction_is_noted() -> None:
    masters = (supplier("S-1"), supplier("S-2", tax_id=""))
    result = control(facts(suppliers=masters, chosen_supplier="S-2"), policy())
    assert result.supplier == "S-2"
    assert "A person chose supplier S-2; the document itself names S-1." in result.notes
    assert control(facts(chosen_supplier="S-1"), policy()).notes == ()


def test_a_chosen_supplier_must_be_in_the_master() -> None:
    found = finding(facts(chosen_supplier="S-9"), "supplier-unknown")
    assert found is not None
    assert found.message == "The master has no supplier S-9."


@pytest.mark.parametrize(
    ("blocks", "stops", "notes"),
    [(("posting",), True, 0), (("payment",), False, 1), (("orders",), False, 0), ((), False, 0)],
)
def test_only_a_block_for_posting_stops_a_bill(blocks: tuple[str, ...], stops: bool, notes: int) -> None:
    result = control(facts(suppliers=(supplier(blocked_for=blocks),)), policy())
    assert [each.code for each in result.findings] == (["supplier-blocked"] if stops else [])
    assert len(result.notes) == notes


def test_an_excluded_supplier_stops_whatever_people_accepted() -> None:
    given = facts(suppliers=(supplier(excluded=True),), accepted=("supplier-excluded",))
    assert finding(given, "supplier-excluded") is not None


def test_the_query_asks_for_all_that_the_document_names() -> None:
    asked = supplier_query(invoice(seller=Party(name="Acme", tax_id="DE 136.695.976", country="DE", gln=GLN)), "S-5")
    assert asked.codes == ("S-5",)
    assert asked.tax_ids == ("DE 136.695.976", "DE136695976", "136695976")
    assert supplier_query(invoice(seller=Party(tax_id="136695976", country="DE"))).tax_ids == (
        "136695976",
        "DE136695976",
    )
    assert supplier_query(invoice(seller=Party(name="Acme"), accounts=())) == SupplierQuery(name="Acme")
    assert asked.glns == (GLN,)
    assert asked.account_fingerprints == (ACCOUNT.fingerprint,)
    assert asked.name == "Acme"


def test_a_name_that_is_not_the_masters_is_noted() -> None:
    other: PayableSupplier = supplier(name="Zenith Pharma")
    assert control(facts(suppliers=(other,)), policy()).notes == (
        "The document calls its seller Acme Medical, Inc.; the master calls S-1 Zenith Pharma.",
    )
