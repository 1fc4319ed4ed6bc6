"""Mistakes in the hire rules of policy files are refused with file, line and reason."""

from __future__ import annotations

import pytest

from tests.fixtures.policies import PolicyFiles, saying

PLAN = "editions[0].hire.plan.rules"
HIRE = "editions[0].hire"
SYSTEM = "system.yaml"
HARBOR = "harbor.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "words"),
    [
        (SYSTEM, "licence_days: 60\n", "licence_days: 60\n        licence_day: 3\n", HIRE, "unknown key"),
        (SYSTEM, "        past_days: 5\n", "", f"{HIRE}.parameters", "missing: past_days"),
        (SYSTEM, "match_score: 85", "match_score: 20", f"{HIRE}.parameters.match_score", "greater than or equal to 50"),
        (SYSTEM, "kind: worker-record,", "kind: workers,", f"{PLAN}[0].kind", "workers is none of"),
        (
            SYSTEM,
            "done_by: human-resources, undo: automatic",
            "done_by: hr, undo: automatic",
            f"{PLAN}[0].done_by",
            "hr is none",
        ),
        (SYSTEM, "owner_role: identity-desk", "owner_role: desk", f"{HIRE}.entitlements[0].owner_role", "desk is none"),
        (SYSTEM, "system: identity", "system: payroll", f"{HIRE}.entitlements[0].system", "payroll is none of"),
        (
            SYSTEM,
            "entitlements: [all-staff]",
            "entitlements: [al-staff]",
            "].entitlements",
            "access-everybody gives al-staff, which is no entitlement",
        ),
        (
            SYSTEM,
            "entitlements: [all-staff]",
            "entitlements: [it-admin]",
            "].entitlements",
            "access-everybody gives it-admin by birthright",
        ),
        (
            SYSTEM,
            "after: [i9-section-1]",
            "after: [i9-section-7]",
            "].after",
            "i9-section-2 waits for i9-section-7, which is no item of the plan",
        ),
        (
            SYSTEM,
            "job_families: [imaging]",
            "job_families: [imagine]",
            "].job_families",
            "names imagine, no job family",
        ),
        (
            SYSTEM,
            "title: Record in the HR system,",
            "title: Record in the HR system, after: [employee-record],",
            f"{PLAN}[0]",
            "worker-record waits for itself: worker-record -> employee-record -> worker-record",
        ),
        (
            SYSTEM,
            "{name: screening, item: screening,",
            "{name: screening, item: worker-record,",
            "].kind",
            "makes worker-record an item of the kind screening, and worker-record one of the kind worker-record",
        ),
        (SYSTEM, "{name: npi, item", "{name: screening, item", PLAN, "screening stands here twice"),
        (SYSTEM, "credential: rn, ", "", PLAN, "an item of the kind licence needs `credential`"),
        (SYSTEM, "kind: npi,", "kind: npi, target: badge,", PLAN, "an item of the kind npi has no `target`"),
        (SYSTEM, "target: identity, ", "target: payroll, ", PLAN, "accounts are kept in identity or directory"),
        (
            SYSTEM,
            "target: mailbox, undo: task",
            "target: mailbox, undo: automatic",
            PLAN,
            "nothing takes an item of the kind fulfilment back by itself",
        ),
        (SYSTEM, "due_days: 3, from_days: 0", "due_days: 3, from_days: 4", PLAN, "due before its work may begin"),
        (
            SYSTEM,
            "target: i9-section-2, blocks_day_one: false, ",
            "target: i9-section-2, ",
            PLAN,
            "what is due after the first day cannot block it",
        ),
        (SYSTEM, "first: ap-clerk", "first: ap-cleric", "].first", "names ap-cleric, which is no entitlement"),
        (SYSTEM, "first: ap-clerk", "first: ap-payment-approver", "].second", "apart from itself"),
        (
            SYSTEM,
            "first: vendor-master, second: ap-clerk",
            "first: ap-payment-approver, second: vendor-master",
            f"{HIRE}.conflicts.rules[2]",
            "suppliers-and-bills keeps the same entitlements apart as suppliers-and-payments",
        ),
        (SYSTEM, "categories: [equipment]", "categories: [office]", "].categories", "office is none of position"),
        (
            SYSTEM,
            "categories: [equipment], amount_from: 5000",
            "categories: [equipment], risks: [high]",
            "].risks",
            "unknown key",
        ),
        (
            SYSTEM,
            "kinds: [clinic],\n             levels: [finance-controller]",
            "kinds: [clinic],\n             levels: [finance]",
            "].levels",
            "demands finance, which is no level",
        ),
        (
            SYSTEM,
            "categories: [position], kinds: [clinic]",
            "categories: [position], facilities: [atlantis]",
            "].facilities",
            "atlantis is no facility",
        ),
        (
            SYSTEM,
            "categories: [position], kinds: [clinic]",
            "categories: [position], kinds: [clinic], facilities: [north]",
            "].kinds",
            "none of its facilities is of the kind clinic",
        ),
        (HARBOR, "item: child-abuse-clearance", "item: badge", "hire_plan[0].item", "badge is an item of the system"),
        (HARBOR, "- name: harbor-certificate-pals", "- name: badge", "hire_plan[1].name", "is a rule of the system"),
        (HARBOR, "    due_days: -5\n", "    due_days: -5\n    kinds: [hospital]\n", "hire_plan[0]", "leave out"),
        (HARBOR, "    due_days: -5\n", "    due_days: -5\n    after: [gone]\n", "hire_plan[0].after", "waits for gone"),
        (HARBOR, "value: 80\n", "value: 60\n", "overrides[4].value", "below the least that the system policy allows"),
    ],
)
def test_a_mistake_is_told_where_it_stands(
    policy_files: PolicyFiles, file: str, old: str, new: str, place: str, words: str
) -> None:
    policy_files.replace(file, (old, new))
    fault = saying(policy_files.faults(), words)
    assert fault.file == file
    assert fault.line is not None
    assert place in fault.place


def test_the_line_is_that_of_the_row(policy_files: PolicyFiles) -> None:
    line = policy_files.replace(SYSTEM, ("first: ap-clerk", "first: ap-cleric"))
    assert saying(policy_files.faults(), "ap-cleric").line == line


def test_an_ask_that_nobody_approves_is_told_with_the_table(policy_files: PolicyFiles) -> None:
    policy_files.replace(SYSTEM, ("[position, unbudgeted-position, equipment]", "[unbudgeted-position, equipment]"))
    found = [fault for fault in policy_files.faults() if "nobody approves a hire's position" in fault.reason]
    assert [(fault.file, fault.line is not None) for fault in found] == [(SYSTEM, True)]
    assert "kind hospital or shared-services" in found[0].reason


def test_one_mistake_hides_no_other(policy_files: PolicyFiles) -> None:
    policy_files.replace(SYSTEM, ("user_name: initial-family", "user_name: shouting"))
    policy_files.replace(SYSTEM, ("match_score: 85", "match_score: 20"))
    policy_files.replace(HARBOR, ("item: child-abuse-clearance", "item: badge"))
    reasons = "\n".join(str(fault) for fault in policy_files.faults())
    assert "shouting is none of" in reasons
    assert "match_score" in reasons
    assert "badge is an item of the system policy" in reasons
