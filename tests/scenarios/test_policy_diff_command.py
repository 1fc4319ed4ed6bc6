"""`corridor policy diff` as a compliance officer uses it before a change goes out."""

from __future__ import annotations

import json

from tests.fixtures.commands import Run
from tests.fixtures.policies import POLICIES, PolicyFiles


def test_diff_says_where_since_when_and_what(corridor: Run, policy_files: PolicyFiles) -> None:
    policy_files.replace("system.yaml", ("amount_from: 10000\n", "amount_from: 7500\n"), ("chases: 1", "chases: 2"))
    code, output, messages = corridor("policy", "diff", str(POLICIES), str(policy_files.folder))
    assert (code, messages) == (0, "")
    told = output.splitlines()
    assert told[0] == "policy 2026.11-1 -> 2026.11-1"
    everybody_else = "At east, elm-clinic, harbor, highland, lakeside, mill-clinic, north, riverside, south, west"
    assert f"{everybody_else}, from 2025-01-01 on" in told
    assert "At riverside, from 2025-01-01 to 2025-12-31" in told  # its own two chases hold since
    assert "  finance-approves-from-threshold now begins at 7,500 USD instead of 10,000" in told
    assert "  supplier: chases is now 2 instead of 1" in told


def test_changes_of_past_days_are_warned_of(corridor: Run, policy_files: PolicyFiles) -> None:
    policy_files.replace("system.yaml", ("cap: 5000", "cap: 4500"))
    output = corridor("policy", "diff", str(POLICIES), str(policy_files.folder))[1]
    assert "felt on days before" in output
    assert "belong into a new edition" in output
    path = policy_files.folder / "system.yaml"
    text = (POLICIES / "system.yaml").read_text("utf-8")
    edition = text[text.index('  - version: "2026.11-1"') :]
    newer = (
        edition.replace("2026.11-1", "2999.01-1").replace("2025-01-01", "2999-01-01").replace("cap: 5000", "cap: 4500")
    )
    path.write_text(text + newer, "utf-8")
    output = corridor("policy", "diff", str(POLICIES), str(policy_files.folder))[1]
    assert "from 2999-01-01 on\n  emergency: cap is now 4,500 USD instead of 5,000" in output
    assert "felt on days before" not in output


def test_equal_folders_and_the_way_to_the_installed_rules(corridor: Run, policy_files: PolicyFiles) -> None:
    assert "Nothing changed." in corridor("policy", "diff", str(policy_files.folder))[1]
    code, output, _ = corridor("policy", "diff", str(POLICIES), str(policy_files.folder), "--json")
    answer = json.loads(output)
    assert (code, answer["effects"], answer["files"]) == (0, [], [])


def test_two_days_of_one_folder(corridor: Run) -> None:
    days = ("--from", "2025-12-31", "--to", "2026-01-01")
    code, output, _ = corridor("policy", "diff", str(POLICIES), *days)
    assert code == 0
    assert "At lakeside\n  emergency: cap is now 4,000 USD instead of 5,000" in output
    answer = json.loads(corridor("policy", "diff", str(POLICIES), *days, "--json")[1])
    caps = [each for each in answer["effects"] if each["path"] == ["emergency", "cap"]]
    assert [(each["before"], each["after"], each["facilities"]) for each in caps] == [("5000", "4000", ["lakeside"])]


def test_what_cannot_be_compared(corridor: Run, policy_files: PolicyFiles) -> None:
    assert "both days" in corridor("policy", "diff", str(POLICIES), "--from", "2026-01-01")[2]
    assert (
        "--to is a day such as" in corridor("policy", "diff", str(POLICIES), "--from", "2026-01-01", "--to", "soon")[2]
    )
    policy_files.replace("shared.yaml", ("value: ignore", "value: shrug"))
    policy_files.replace("west.yaml", ("kind: hospital", "kind: castle"))
    code, output, messages = corridor("policy", "diff", str(POLICIES), str(policy_files.folder))
    assert (code, output) == (1, "")
    assert "shared.yaml:" in messages
    assert "west.yaml:" in messages
    code, output, _ = corridor("policy", "diff", str(POLICIES), str(policy_files.folder), "--json")
    assert (code, json.loads(output)["sound"]) == (1, False)
