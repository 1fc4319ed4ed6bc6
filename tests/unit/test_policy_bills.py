"""What policy files say about bills and payments: what is frozen, what facilities may vary, what a check refuses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.policy_files import load_book
from domain.invoice_tolerance import allowance, invoice_tolerance, quantity_allowance, ways_of
from domain.policy.difference import difference
from domain.policy.model import FrozenPolicy, InvoiceToleranceRule, MatchWaysRule, PaymentRule
from domain.policy.proof import prove
from tests.fixtures.policies import POLICIES, PolicyFiles
from tests.fixtures.small_policy import policy

ON = date(2026, 11, 20)
CATEGORIES = ("office", "pharmacy")
EDITION = "editions[0]"


def effective(facility: str) -> FrozenPolicy:
    found = load_book(POLICIES).effective(facility, ON)
    assert found is not None
    return found


def tolerance(name: str, percent: str = "2", amount: str = "50", **over: Any) -> InvoiceToleranceRule:
    return InvoiceToleranceRule(**{"name": name, "kind": "price", "percent": percent, "amount": amount, **over})


class TestFiles:
    def test_what_holds_in_the_system_is_frozen(self) -> None:
        north = effective("north")
        assert (north.invoice.ways, north.capture.confidence) == (3, Decimal("0.85"))
        assert (north.payment.approver_role, north.payment.release_role) == ("finance-controller", "treasury")
        assert north.payment.release_from == 10000
        assert (north.assistant.mode, north.assistant.threshold) == ("suggest", Decimal("0.6"))
        assert Decimal(0) in north.invoice.tax_rates

    def test_tables_decide_by_category_and_supplier(self) -> None:
        north = effective("north")
        assert [ways_of(north, each, "S-1") for each in ("services", "linen", "surgical", "")] == [2, 3, 4, 3]
        produce = invoice_tolerance(north, "price", "food", "S-1017")
        assert produce is not None
        assert produce.percent == 5
        usual = invoice_tolerance(north, "price", "food", "S-1")
        assert usual is not None
        assert usual.name == "prices-on-bills"

    def test_facilities_differ_within_bounds(self) -> None:
        west = invoice_tolerance(effective("west"), "price", "linen", "")
        highland = invoice_tolerance(effective("highland"), "freight", "linen", "")
        assert west is not None
        assert highland is not None
        assert (west.percent, highland.percent, highland.amount) == (Decimal(1), Decimal(8), Decimal(120))
        assert effective("lakeside").invoice.account_hold_days == 60
        assert effective("elm-clinic").payment.release_from == 2500
        assert effective("elm-clinic").assistant.mode == "shadow"

    @pytest.mark.parametrize(
        ("file", "change", "place", "words"),
        [
            ("system.yaml", ("      confidence: 0.85\n", ""), f"{EDITION}.capture", "missing: confidence"),
            ("system.yaml", ("confidence: 0.85", "confidence: 85"), f"{EDITION}.capture.confidence", "1"),
            (
                "system.yaml",
                ("          ways: 2\n", "          ways: 5\n"),
                f"{EDITION}.match_ways.rules[0].ways",
                "of 2, 3, 4",
            ),
            (
                "system.yaml",
                ("categories: [services, it-services]\n          ways", "categories: [cleaning]\n          ways"),
                f"{EDITION}.match_ways.rules[0].categories",
                "names cleaning, no category",
            ),
            (
                "system.yaml",
                ("- name: prices-on-bills", "- name: freight-on-bills"),
                f"{EDITION}.invoice_tolerances.rules[4]",
                "stands here twice",
            ),
            (
                "system.yaml",
                ("kind: freight", "kind: postage"),
                f"{EDITION}.invoice_tolerances.rules[4].kind",
                "is none of",
            ),
            (
                "system.yaml",
                ("release_role: treasury", "release_role: auditor"),
                f"{EDITION}.payment",
                "a auditor may not release payments",
            ),
            ("system.yaml", ("mode: suggest", "mode: decide"), f"{EDITION}.assistant.mode", "is none of"),
            (
                "elm-clinic.yaml",
                ("value: 2500", "value: 20000"),
                "overrides[4].value",
                "above the most that the system policy allows",
            ),
            (
                "highland.yaml",
                ("value: 8\n", "value: 9\n"),
                "overrides[1].value",
                "above the most that the system policy allows",
            ),
            (
                "lakeside.yaml",
                ("value: 60\n", "value: 10\n"),
                "overrides[2].value",
                "below the least that the system policy allows",
            ),
        ],
    )
    def test_each_fault_names_its_place(
        self, policy_files: PolicyFiles, file: str, change: tuple[str, str], place: str, words: str
    ) -> None:
        policy_files.replace(file, change)
        faults = policy_files.faults()
        found = [fault for fault in faults if fault.place == place]
        assert found, "\n".join(map(str, faults))
        assert words in " ".join(fault.reason for fault in found)

    def test_a_change_has_words(self, policy_files: PolicyFiles) -> None:
        before = load_book(policy_files.folder)
        policy_files.replace("system.yaml", ("release_from: 10000", "release_from: 5000"))
        policy_files.replace("system.yaml", ("          ways: 2\n", "          ways: 3\n"))
        policy_files.replace("system.yaml", ("          percent: 1\n", "          percent: 0\n"))
        words = {each.words for each in difference(before, load_book(policy_files.folder)).effects}
        assert words >= {
            "a second person now releases payments from 5,000 USD instead of 10,000",
            "matching rule services-are-not-received now matches 3-way instead of 2-way",
            "invoice tolerance medicines-are-billed-as-agreed: percent is now 0 % instead of 1",
        }


def flaws(**over: Any) -> set[str]:
    found = prove(policy(**over), CATEGORIES)
    return {
        f"{each.part} {each.name}".strip()
        for each in found
        if each.part in ("match_ways", "invoice_tolerances", "payment")
    }


class TestProof:
    def test_a_row_in_the_shadow_of_others(self) -> None:
        assert flaws(invoice_tolerances=(tolerance("all"), tolerance("office", categories=("office",)))) == {
            "invoice_tolerances office"
        }
        ways = (MatchWaysRule(name="all", ways=3), MatchWaysRule(name="friend", suppliers=("S-1",), ways=2))
        assert flaws(match_ways=ways) == {"match_ways friend"}

    def test_another_kind_casts_no_shadow(self) -> None:
        assert not flaws(invoice_tolerances=(tolerance("all"), tolerance("freight", kind="freight")))

    def test_a_row_for_what_the_policy_does_not_list(self) -> None:
        assert flaws(match_ways=(MatchWaysRule(name="zoo", categories=("giraffes",), ways=2),)) == {"match_ways zoo"}

    def test_nobody_who_watches_pays(self) -> None:
        assert flaws(payment=PaymentRule(approver_role="portal")) == {"payment"}


class TestAllowances:
    def test_without_a_row_nothing_may_differ(self) -> None:
        assert invoice_tolerance(policy(), "price", "office", "S-1") is None
        assert allowance(None, Decimal(1000)) == 0
        assert quantity_allowance(None, Decimal(1000), Decimal(1)) == 0

    def test_the_smaller_of_both(self) -> None:
        assert allowance(tolerance("one"), Decimal(1000)) == 20
        assert allowance(tolerance("one"), Decimal(10000)) == 50
        assert allowance(tolerance("one"), Decimal(-1000)) == 20

    def test_a_quantity_costs_no_more_than_the_amount(self) -> None:
        rule = tolerance("one", percent="10", amount="30", kind="quantity")
        assert quantity_allowance(rule, Decimal(100), Decimal(2)) == 10
        assert quantity_allowance(rule, Decimal(100), Decimal(6)) == 5
        assert quantity_allowance(rule, Decimal(100), Decimal(0)) == 10
