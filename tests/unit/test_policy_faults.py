"""Broken policy files are refused with every fault, its file, its line and what to change."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.policies import PolicyFiles, saying

Change = tuple[str, str]
CLINIC_CAP = "value: 1500"
RULE = "editions[0].routing.rules[1]"


def test_every_fault_of_every_file_is_told_at_once(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml", ("behaviour: stop", "behaviour: halt"), ("amount_from: 1000\n", "amont_from: 1000\n")
    )
    policy_files.replace("elm-clinic.yaml", ("America/Phoenix", "America/Fenix"), ("0614141000098", "0614141000099"))
    policy_files.replace("north.yaml", ("kind: hospital", "kind: hospital\nkind: clinic"))
    policy_files.replace("east.yaml", ("calendar:", "calendar: ["))
    faults = policy_files.faults()
    assert {fault.file for fault in faults} == {"system.yaml", "elm-clinic.yaml", "north.yaml", "east.yaml"}
    assert {(fault.file, fault.place) for fault in faults if fault.place} == {
        ("system.yaml", "editions[0].budget.behaviour"),
        ("system.yaml", "editions[0].routing.rules[1].amont_from"),
        ("elm-clinic.yaml", "calendar.time_zone"),
        ("elm-clinic.yaml", "gln"),
    }
    assert saying(faults, "check digit must be 8").line == 7
    assert saying(faults, "the key kind stands here twice").line == 6
    assert all(fault.line for fault in faults)
    assert list(faults) == sorted(faults, key=lambda fault: (fault.file, fault.line or 0))


@pytest.mark.parametrize(
    ("file", "change", "place", "words"),
    [
        ("elm-clinic.yaml", (CLINIC_CAP, "value: 5000.01"), "overrides[0].value", "above the most .*5,000"),
        ("elm-clinic.yaml", (CLINIC_CAP, "value: -1"), "overrides[0].value", "below the least"),
        ("elm-clinic.yaml", (CLINIC_CAP, "value: plenty"), "overrides[0].value", "plenty is not a number"),
        ("elm-clinic.yaml", (CLINIC_CAP, "value: true"), "overrides[0].value", "true is not a number"),
        ("shared.yaml", ("value: ignore", "value: shrug"), "overrides[0].value", "shrug is not among"),
        ("harbor.yaml", ("value: warn", "value: ignore"), "overrides[3].value", "ignore is not among"),
        (
            "elm-clinic.yaml",
            ("parameter: emergency.cap", "parameter: splitting.limit"),
            "overrides[0].parameter",
            "does not let a facility change splitting.limit",
        ),
        (
            "elm-clinic.yaml",
            ("parameter: emergency.cap", "parameter: emergency.cup"),
            "overrides[0].parameter",
            "has no parameter emergency.cup",
        ),
        (
            "elm-clinic.yaml",
            ("parameter: emergency.cap", "parameter: emergency"),
            "overrides[0].parameter",
            "has no parameter emergency",
        ),
        (
            "elm-clinic.yaml",
            ("kind: clinic", "kind: hospital"),
            "overrides[2].value",
            "only a clinic or shared-services may change purchasing.use_stock_first",
        ),
        ("lakeside.yaml", ("effective_until: 2027-06-30", "effective_until: 2027-07-01"), "overrides[1]", "set twice"),
        (
            "lakeside.yaml",
            ("effective_until: 2027-06-30", "effective_until: 2025-01-01"),
            "overrides[0]",
            "ends before",
        ),
        (
            "riverside.yaml",
            ("    value: 16\n", "    value: 8\n"),
            "overrides[0].value",
            "the reminder must come before the escalation",
        ),
        ("riverside.yaml", ("    value: 2\n", "    value: 2.5\n"), "overrides[1].value", "valid integer"),
        ("harbor.yaml", ("levels: [chief-financial-officer]", "levels: [board]"), "rules[0].levels", "no level"),
        ("harbor.yaml", ("categories: [imaging]", "categories: [imagery]"), "rules[0].categories", "no category"),
        (
            "harbor.yaml",
            ("- name: harbor-cfo-approves-imaging", "- name: owner-approves-everything"),
            "rules[0].name",
            "is a rule of the system policy",
        ),
        (
            "harbor.yaml",
            ("owner: chief-financial-officer", "owner: nobody"),
            "overrides[3].owner",
            "is none of requester, ",
        ),
        ("mill-clinic.yaml", ("parent: lakeside", "parent: seaside"), "parent", "seaside is no facility"),
        ("mill-clinic.yaml", ("parent: lakeside", "parent: mill-clinic"), "parent", "its own ancestor"),
        ("mill-clinic.yaml", ("code: mill-clinic", "code: hill-clinic"), "code", "must be named hill-clinic.yaml"),
        ("mill-clinic.yaml", ("code: mill-clinic", "code: elm-clinic"), "code", "also the code of elm-clinic.yaml"),
        ("mill-clinic.yaml", ('"18:00"', '"07:00"'), "calendar", "opens after it closes"),
        ("mill-clinic.yaml", ("subdivision: MN", "subdivision: QQ"), "calendar.subdivision", "no subdivision QQ"),
        ("mill-clinic.yaml", ("2026-12-28", "2026-02-30"), "", "2026-02-30 is no day of the calendar"),
        ("mill-clinic.yaml", ("ship_to:", "ship_too:"), "ship_to", "missing"),
        ("shared.yaml", ("expect: {levels: [cost-centre-owner, ", "expect: {levels: ["), "tests[0]", "the rules give"),
        (
            "system.yaml",
            ("effective_from: 2025-01-01", "effective_from: soon"),
            "editions[0].effective_from",
            "write a day",
        ),
        ("system.yaml", ("      delivery_days: 2\n", ""), "editions[0].tolerances", "missing: delivery_days"),
        (
            "system.yaml",
            ("amount_from: 1000\n", "amount_from: lots\n"),
            "editions[0].routing.rules[1].amount_from",
            "decimal",
        ),
        (
            "system.yaml",
            ("- {code: off-contract", "- {code: off-piste"),
            "editions[0].exceptions[0].code",
            "no such exception",
        ),
        (
            "system.yaml",
            ("- name: department-director\n        role", "- name: cost-centre-owner\n        role"),
            "editions[0].levels[2]",
            "cost-centre-owner stands here twice",
        ),
        (
            "system.yaml",
            ("least: 200\n        most: 1000\n", "least: 2000\n        most: 1000\n"),
            "editions[0].facilities_may_change[0]",
            "`least` is more than `most`",
        ),
        (
            "system.yaml",
            ("reason: A budget that can be passed unseen is none", "reason: because"),
            "editions[0].budget.reason",
            "at least 10 characters",
        ),
        (
            "system.yaml",
            ("facilities_may_add_rules: true", "facilities_may_add_rules: false"),
            "rules[0]",
            "does not let a facility add rules",
        ),
    ],
)
def test_each_fault_names_its_place(
    policy_files: PolicyFiles, file: str, change: Change, place: str, words: str
) -> None:
    line = policy_files.replace(file, change)
    found = [fault for fault in policy_files.faults() if fault.place == place]
    assert found, "\n".join(map(str, policy_files.faults()))
    assert any(re.search(words, fault.reason) for fault in found), found
    assert all(fault.line for fault in found), line


def test_the_line_is_that_of_the_mistake(policy_files: PolicyFiles) -> None:
    line = policy_files.replace("elm-clinic.yaml", (CLINIC_CAP, "value: 9000"))
    fault = saying(policy_files.faults(), "above the most")
    assert (fault.file, fault.line) == ("elm-clinic.yaml", line)
    assert str(fault) == (
        f"elm-clinic.yaml:{line} overrides[0].value: 9,000 is above the most that the system policy allows (5,000)"
    )


def test_two_editions_cannot_begin_on_one_day(policy_files: PolicyFiles) -> None:
    text = (policy_files.folder / "system.yaml").read_text("utf-8")
    edition = text[text.index('  - version: "2026.11-1"') :]
    (policy_files.folder / "system.yaml").write_text(text + edition, "utf-8")
    faults = policy_files.faults()
    saying(faults, "another edition begins on the same day")
    saying(faults, "2026.11-1 is the version of another edition")


def test_a_new_edition_must_still_allow_what_a_facility_does(policy_files: PolicyFiles) -> None:
    text = (policy_files.folder / "system.yaml").read_text("utf-8")
    edition = text[text.index('  - version: "2026.11-1"') :]
    later = edition.replace("2026.11-1", "2028.01-1").replace("2025-01-01", "2028-01-01")
    stricter = later.replace("least: 0\n        most: 5000", "least: 0\n        most: 1800")
    (policy_files.folder / "system.yaml").write_text(text + stricter, "utf-8")
    refused = {(fault.file, fault.place) for fault in policy_files.faults() if "above the most" in fault.reason}
    assert refused == {("mill-clinic.yaml", "overrides[0].value"), ("lakeside.yaml", "overrides[1].value")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("- just\n- a list\n", "must be a mapping"),
        ("document: facility\ncode: &c north\nname: *c\n", "an alias"),
        ("document: [\n", "expected"),
        ("document: " + "[" * 500_000, "inside one another"),
        ("document: !!python/object:os.system x\n", "missing"),
    ],
)
def test_what_is_no_policy_file_is_refused(policy_files: PolicyFiles, text: str, words: str) -> None:
    (policy_files.folder / "north.yaml").write_text(text, "utf-8")
    assert any(fault.file == "north.yaml" and words in fault.reason for fault in policy_files.faults())


def test_bytes_that_are_no_text_and_files_beyond_reason_are_refused(policy_files: PolicyFiles) -> None:
    (policy_files.folder / "north.yaml").write_bytes(b"\xff\xfe\x00")
    (policy_files.folder / "east.yaml").write_text("#" * 2_000_001, "utf-8")
    faults = policy_files.faults()
    saying(faults, "cannot be read")
    saying(faults, "is larger than 2,000,000 bytes")


def test_a_directory_without_the_system_policy_is_refused(policy_files: PolicyFiles) -> None:
    (policy_files.folder / "system.yaml").unlink()
    policy_files.replace("north.yaml", ("kind: hospital", "kind: hotel"))
    faults = policy_files.faults()
    saying(faults, "is missing from")
    assert ("north.yaml", "kind") in {(fault.file, fault.place) for fault in faults}


def test_a_system_without_facilities_is_refused(policy_files: PolicyFiles) -> None:
    for path in policy_files.folder.glob("*.yaml"):
        if path.name != "system.yaml":
            path.unlink()
    saying(policy_files.faults(), "there is no facility file beside it")
