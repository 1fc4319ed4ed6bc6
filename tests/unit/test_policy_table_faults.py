"""Mistakes in the decision tables are refused with file, line and reason, and nobody weakens what protects them."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.policies import PolicyFiles, saying

Change = tuple[str, str]
EDITION = "editions[0]"


@pytest.mark.parametrize(
    ("file", "change", "place", "words"),
    [
        ("system.yaml", ("hit_policy: collect", "hit_policy: first"), f"{EDITION}.routing.hit_policy", "write collect"),
        ("system.yaml", ("hit_policy: any", "hit_policy: first"), f"{EDITION}.acceptance.hit_policy", "write any"),
        ("system.yaml", ("hit_policy: unique\n", "\n"), f"{EDITION}.authority.hit_policy", "missing"),
        (
            "system.yaml",
            ("code: off-contract\n", "code: supplier-blocked\n"),
            f"{EDITION}.acceptance.rules[0].code",
            "the catalogue lets nobody accept this exception",
        ),
        (
            "system.yaml",
            ("code: off-contract\n", "code: duties-conflict\n"),
            f"{EDITION}.acceptance.rules[0].code",
            "a rule must not silence the alarm of a control",
        ),
        (
            "system.yaml",
            (
                "remind_after_hours: 2\n          escalate_after_hours: 4",
                "remind_after_hours: 4\n          escalate_after_hours: 4",
            ),
            f"{EDITION}.service_levels.rules[0]",
            "the reminder must come before the escalation",
        ),
        (
            "system.yaml",
            ("- name: haste\n", "- name: large-purchases-in-haste\n"),
            f"{EDITION}.service_levels.rules[1]",
            "stands here twice",
        ),
        (
            "system.yaml",
            ("levels: [finance-controller, chief-financial-officer]", "levels: [finance-controller, chief]"),
            f"{EDITION}.service_levels.rules[2].levels",
            "names chief, which is no level",
        ),
        (
            "system.yaml",
            ("categories: [medical-supplies, surgical]", "categories: [medical-supplies, surgery]"),
            f"{EDITION}.budget_rules.rules[1].categories",
            "names surgery, no category",
        ),
        (
            "system.yaml",
            ("facilities: [east, west]", "facilities: [east, atlantis]"),
            f"{EDITION}.routing.rules[10].facilities",
            "atlantis is no facility",
        ),
        (
            "system.yaml",
            ("facility: west}", "facility: atlantis}"),
            f"{EDITION}.tests[18].given.facility",
            "atlantis is no facility",
        ),
        (
            "system.yaml",
            ("risks: [high, new]", "risks: [huge]"),
            f"{EDITION}.routing.rules[7].risks[0]",
            "is none of low, ",
        ),
        (
            "system.yaml",
            ("            delivery_days: 1\n", ""),
            f"{EDITION}.tolerance_rules.rules[0].tolerances.delivery_days",
            "missing",
        ),
        (
            "system.yaml",
            ("second: approver", "second: bystander"),
            f"{EDITION}.segregation.rules[0].second",
            "is none of",
        ),
        (
            "system.yaml",
            ("roles_never: [chief-financial-officer", "roles_never: [emperor"),
            f"{EDITION}.delegation.roles_never[0]",
            "is none of",
        ),
        ("system.yaml", ("expect: {levels: [cost-centre-owner]}", "expect: {}"), f"{EDITION}.tests[0].expect", "state"),
        (
            "system.yaml",
            ("finance-controller: {escalate_after_hours: 40", "finance-emperor: {escalate_after_hours: 40"),
            f"{EDITION}.tests[22]",
            "speaks of finance-emperor, which is no level",
        ),
        (
            "elm-clinic.yaml",
            ("value: 120", "value: 151"),
            "overrides[3].value",
            "151 is above the most that the system policy allows",
        ),
        ("system.yaml", ("      years: 7\n", ""), f"{EDITION}.retention", "missing: years"),
        (
            "elm-clinic.yaml",
            (
                "acceptance.rules.small-purchases-without-agreement.max_amount\n    value: 120",
                "retention.years\n    value: 6",
            ),
            "overrides[3].value",
            "6 is below the least",
        ),
        ("harbor.yaml", ("value: side-by-side", "value: later"), "overrides[0].value", "later is not among"),
        (
            "harbor.yaml",
            ("- name: harbor-approvers-do-not-receive", "- name: nobody-buys-for-themselves"),
            "segregation[0].name",
            "is a rule of the system policy",
        ),
        (
            "harbor.yaml",
            ("cost_centres: [B-5200]", "cost_centres: [B-5200]\n    facilities: [harbor]"),
            "rules[2]",
            "holds at harbor alone",
        ),
        ("harbor.yaml", ('closes: "12:00"', 'closes: "17:00"'), "calendar", "is no half day"),
        ("harbor.yaml", ('closes: "12:00"', 'closes: "07:00"'), "calendar", "closes before it opens"),
        ("harbor.yaml", ("day: 2026-12-31", "day: 2026-12-24"), "calendar", "is a half day twice"),
        (
            "elm-clinic.yaml",
            ("given: {amount: 500,", "given: {facility: harbor, amount: 500,"),
            "tests[0]",
            "is about harbor, whose own file is the place for it",
        ),
    ],
)
def test_each_fault_names_its_place(
    policy_files: PolicyFiles, file: str, change: Change, place: str, words: str
) -> None:
    policy_files.replace(file, change)
    faults = policy_files.faults()
    found = [fault for fault in faults if fault.place == place]
    assert found, "\n".join(map(str, faults))
    assert any(re.search(words, fault.reason) for fault in found), found
    assert all(fault.line for fault in found)


@pytest.mark.parametrize(
    ("parameter", "bounds", "words"),
    [
        ("segregation.rules.*.scope", "one_of: [case, family]", "may not weaken the segregation of duties"),
        ("segregation.rules.*.override_role", "one_of: [buyer]", "may not weaken the segregation of duties"),
        ("segregation.rules.*.override_max_days", "least: 1\n        most: 5", "may not weaken bank-details"),
        (
            "segregation.rules.buyers-do-not-receive.override_max_days",
            "least: 1\n        most: 15",
            "may not weaken buyers-do-not-receive: its overrides last 14 days at most",
        ),
    ],
)
def test_not_even_the_system_file_lets_a_facility_weaken_the_segregation_of_duties(
    policy_files: PolicyFiles, parameter: str, bounds: str, words: str
) -> None:
    policy_files.replace(
        "system.yaml",
        (
            "parameter: segregation.rules.buyers-do-not-receive.override_max_days\n        least: 1\n        most: 14",
            f"parameter: {parameter}\n        {bounds}",
        ),
    )
    fault = next(fault for fault in policy_files.faults() if "may not weaken" in fault.reason)
    assert words in fault.reason
    assert fault.place.startswith(f"{EDITION}.facilities_may_change[")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            (
                "expect: {tolerances: {over_receipt_percent: 0, price_percent: 1}}",
                "expect: {tolerances: {over_receipt_percent: 1, price_percent: 1}}",
            ),
            "expects tolerances: over_receipt_percent 1; the rules give 0",
        ),
        (("expect: {behaviour: stop}", "expect: {behaviour: ignore}"), "expects ignore; the rules give stop"),
        (
            ("escalate_after_hours: 40, rule: business-cases-are-read", "escalate_after_hours: 39"),
            "expects finance-controller: escalate_after_hours 39; the rules give 40",
        ),
        (
            ("split-suspected: nobody", "split-suspected: small-purchases-without-agreement"),
            "by small-purchases-without-agreement; the rules give split-suspected accepted by nobody",
        ),
        (
            ("segregated_by: []", "segregated_by: [buyers-do-not-receive]"),
            "expects duties kept apart by buyers-do-not-receive; the rules give duties kept apart by nobody",
        ),
        (
            ("expect: {authority_from: 6}", "expect: {authority_from: 5}"),
            "expects authority from job level 5; the rules give authority from job level 6",
        ),
        (
            ("            - cfo-sees-large-purchases-in-haste\n", ""),
            "the rules give the rules owner-approves-everything",
        ),
    ],
)
def test_an_example_that_does_not_hold_says_what_the_rules_give(
    policy_files: PolicyFiles, change: Change, words: str
) -> None:
    policy_files.replace("system.yaml", change)
    fault = saying(policy_files.faults(), words)
    assert fault.file == "system.yaml"
    assert fault.place.startswith(f"{EDITION}.tests[")


def test_what_a_facility_does_to_an_example_of_the_system_is_told_with_the_day(policy_files: PolicyFiles) -> None:
    policy_files.replace("system.yaml", ("facility: south}", "facility: shared}"))
    fault = saying(policy_files.faults(), "'Other facilities have kitchens of their own' expects")
    assert fault.reason.endswith(" on 2025-01-01")


def test_flaws_of_the_rules_are_told_beside_mistakes_in_other_files(policy_files: PolicyFiles) -> None:
    policy_files.replace("north.yaml", ("kind: hospital", "kind: hotel"))
    limit = policy_files.replace("system.yaml", ("{job_level: 5, amount: 5000}", "{job_level: 5, amount: 500}"))
    policy_files.replace("shared.yaml", ("expect: {levels: [cost-centre-owner, ", "expect: {levels: ["))
    faults = policy_files.faults()
    assert {fault.file for fault in faults} == {"north.yaml", "shared.yaml", "system.yaml"}
    flaw = saying(faults, "job level 5 may approve 500, which is not more than the 1,000 of level 4 below it")
    assert flaw.place == f"{EDITION}.authority"
    assert limit - 5 < (flaw.line or 0) < limit


def test_a_level_that_nobody_demands_is_idle(policy_files: PolicyFiles) -> None:
    policy_files.replace("harbor.yaml", ("levels: [equipment-committee]", "levels: [finance-controller]"))
    fault = saying(policy_files.faults(), "level equipment-committee: no rule demands it, here or at a facility")
    assert fault.place == f"{EDITION}.levels[5]"


def test_a_gap_at_one_kind_of_facility_names_the_kind(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml",
        (
            "- name: owner-approves-everything\n",
            "- name: owner-approves-everything\n          kinds: [hospital, clinic]\n",
        ),
    )
    faults = policy_files.faults()
    gap = saying(faults, "(at a facility of the kind shared-services)")
    assert "nobody approves requests from 0 to below 1,000 USD" in gap.reason
    assert gap.place == f"{EDITION}.routing"


def test_a_rule_for_facilities_of_another_kind_can_never_match(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml", ("facilities: [east, west]", "facilities: [east, west]\n          kinds: [clinic]")
    )
    fault = saying(policy_files.faults(), "finance-steers-the-shared-kitchen can never match")
    assert fault.place == f"{EDITION}.routing.rules[10].kinds"


def test_levels_that_a_facility_takes_into_one_stage_must_be_neighbours(policy_files: PolicyFiles) -> None:
    policy_files.replace("harbor.yaml", ("levels.pharmacy-director.stage", "levels.finance-controller.stage"))
    flaws = [fault for fault in policy_files.faults() if "is of the stage side-by-side" in fault.reason]
    assert {fault.file for fault in flaws} == {"harbor.yaml"}
    assert flaws[0].reason.startswith("from 2026-01-01 on: level finance-controller")
