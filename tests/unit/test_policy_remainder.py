"""What is told of files with many faults: all of them at once, and none that another one only causes."""

from __future__ import annotations

import pytest

from adapters.policy_files import FilePolicyStore
from domain.policy.source import PolicyFault, PolicyFilesError
from tests.fixtures.policies import PolicyFiles, saying

SYSTEM = "system.yaml"
Change = tuple[str, str]
LATER = "\n    effective_from: 2026-01-01\n    owner: buyer\n    reason: A reason for readers\n"


def in_twelve_ways(files: PolicyFiles) -> None:
    """Faults of shape, of names, of bounds, of time and of sense, in five files."""
    files.replace(
        SYSTEM,
        ("amount_from: 1000\n", "amount_form: 1000\n"),
        ("cap: 5000\n      retro", "cap: five thousand\n      retro"),
        ("override_role: budget-override-approver", "override_role: budget-overide-approver"),
        ("- name: security-approves-it", "- name: cfo-approves-from-threshold"),
        ("- name: owner-approves-everything", "- name: owner-approves-everything\n          amount_from: 10"),
        (
            "escalate_to: process-owner\n        owner: compliance-officer",
            "escalate_to: compliance-officer\n        owner: compliance-officer",
        ),
        ("urgencies: [urgent, emergency]\n          amount_from: 10000", "urgencies: [urgent, emergency]"),
        ("code: contract-price-differs\n          categories", "code: off-contract\n          categories"),
    )
    files.replace("elm-clinic.yaml", ("value: 1500", "value: 9000"))
    files.replace("harbor.yaml", ("effective_until: 2027-12-31", "effective_until: 2027-13-31"))
    files.replace("lakeside.yaml", ("parameter: emergency.cap", "parameter: emergency.cup"))
    files.replace("riverside.yaml", ("overrides:", "overrides: ["))
    files.replace(
        "west.yaml", ("overrides:\n", f"overrides:\n  - parameter: tolerances.price_percent\n    value: 0{LATER}")
    )


EVERY_ONE = (
    "unknown key; did you mean amount_from?",
    "five thousand",
    "did you mean budget-override-approver?",
    "cfo-approves-from-threshold stands here twice",
    "its escalation never ends: compliance-officer -> compliance-officer",
    "can never decide",
    "hit policy any wants rules that match to agree",
    "9,000 is above the most",
    "2027-13-31 is no day",
    "the system policy has no parameter emergency.cup",
    "while parsing a flow node",
    "tolerances.price_percent is set twice",
)


@pytest.mark.parametrize("words", EVERY_ONE)
def test_no_fault_hides_another(policy_files: PolicyFiles, words: str) -> None:
    in_twelve_ways(policy_files)

    assert any(words in fault.reason and fault.line for fault in policy_files.faults())


def test_whoever_serves_the_files_tells_the_same_faults(policy_files: PolicyFiles) -> None:
    in_twelve_ways(policy_files)

    with pytest.raises(PolicyFilesError) as refused:
        FilePolicyStore(policy_files.folder)

    assert refused.value.faults == policy_files.faults()


def test_a_gap_is_told_with_the_rules_that_could_not_be_read(policy_files: PolicyFiles) -> None:
    in_twelve_ways(policy_files)

    gaps = [fault for fault in policy_files.faults() if "nobody approves" in fault.reason and fault.file == SYSTEM]

    assert [gap.reason.split(" (")[1] for gap in gaps] == [
        "without what is wrong itself: cfo-approves-from-threshold, director-approves-from-threshold)"
    ]
    assert "from 0 to below 10 USD" in gaps[0].reason


def test_lines_are_those_of_the_file_when_entries_before_were_set_aside(policy_files: PolicyFiles) -> None:
    policy_files.replace(SYSTEM, ("amount_from: 1000\n", "amount_form: 1000\n"))
    line = policy_files.replace(
        SYSTEM, ("categories: [pharmacy]\n          levels", "categories: [drugs]\n          levels")
    )

    fault = saying(policy_files.faults(), "pharmacist-approves-medicines names drugs")

    assert (fault.line, fault.place) == (line, "editions[0].routing.rules[5].categories")


@pytest.mark.parametrize(
    ("file", "change", "place"),
    [
        (SYSTEM, ("reason: Nothing is bought without", "cause: Nothing is bought"), "editions[0].routing.rules[0]"),
        (SYSTEM, ("owner: process-owner", "owner: king"), "editions[0].levels[0].owner"),
        (SYSTEM, ("remind_after_hours: 8", "remind_after_hours: soon"), "editions[0].levels[0].remind_after_hours"),
        (SYSTEM, ("cap: 5000\n      retro", "cap: much\n      retro"), "editions[0].emergency.cap"),
        (SYSTEM, ("window_days: 7", "window_days: a week"), "editions[0].splitting.window_days"),
        (SYSTEM, ("least: 200\n", "lest: 200\n"), "editions[0].facilities_may_change[0]"),
        (SYSTEM, ("{job_level: 5, amount", "{job_level: five, amount"), "editions[0].authority.limits[1].job_level"),
        ("harbor.yaml", ("value: 8\n", "value: 8\n    until: 2027-01-01\n"), "overrides[2].until"),
        ("east.yaml", ("America/New_York", "America/New_Work"), "calendar.time_zone"),
        ("highland.yaml", ("document: facility", "document: [facility"), ""),
    ],
)
def test_what_follows_from_a_fault_is_not_told(
    policy_files: PolicyFiles, file: str, change: Change, place: str
) -> None:
    policy_files.replace(file, change)

    faults = [fault for fault in policy_files.faults() if not _about_what_is_left_out(fault)]

    assert faults
    assert {fault.file for fault in faults} == {file}
    assert all(fault.place.startswith(place) for fault in faults), faults


def _about_what_is_left_out(fault: PolicyFault) -> bool:
    return "(without what is wrong itself" in fault.reason


def test_without_levels_only_the_shape_is_told(policy_files: PolicyFiles) -> None:
    policy_files.replace(SYSTEM, ("    levels:\n", "    levals:\n"))

    faults = policy_files.faults()

    assert {(fault.place, fault.reason) for fault in faults} == {
        ("editions[0].levels", "missing: the policy leaves nothing to be guessed"),
        ("editions[0].levals", "unknown key; did you mean levels?"),
    }
