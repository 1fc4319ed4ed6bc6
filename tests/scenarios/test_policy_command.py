"""`corridor policy` as a compliance officer uses it: in a shell, and by exit code."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

import cli.commands.policy
from tests.fixtures.policies import POLICIES, PolicyFiles

EXAMPLES = Path(__file__).parents[2] / "examples"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process: exit code, output and messages. Only the last step, which would end the
    process at once, is replaced."""

    def end(code: int) -> None:
        raise SystemExit(code)

    def run(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(cli.commands.policy.app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    monkeypatch.setattr(cli.commands.policy, "exit_settled", end)
    return run


async def test_the_command_is_part_of_corridor_and_fails_with_its_exit_code(policy_files: PolicyFiles) -> None:
    policy_files.replace("shared.yaml", ("value: ignore", "value: shrug"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "policy", "check", "--directory", str(policy_files.folder)),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 1
    assert output.decode().startswith("shared.yaml:17 overrides[0].value: shrug is not among")


def test_check_says_what_it_has_proven(policy: Run) -> None:
    code, output, messages = policy("check")
    assert code == 0, output + messages
    assert output.startswith("sound: 11 facilities")
    code, output, _ = policy("check", "--json")
    answer = json.loads(output)
    assert (code, answer["sound"], answer["faults"]) == (0, True, [])


def test_check_with_people_says_who_decides_alone(policy: Run, tmp_path: Path) -> None:
    code, output, messages = policy("check", "--people", "examples")
    assert code == 0, output + messages
    assert "somebody else than the requester can answer every question" in output
    assert "note: everywhere: level pharmacy-director: only s.iyer holds pharmacy-director" in output
    shutil.copytree(EXAMPLES, tmp_path / "fewer")
    people = tmp_path / "fewer" / "people.csv"
    text = people.read_text("utf-8")
    people.write_text("".join(line for line in text.splitlines(True) if "it-security" not in line), "utf-8")
    code, output, _ = policy("check", "--people", str(tmp_path / "fewer"))
    assert code == 1
    assert "levels[3]: everywhere: level it-security: nobody holds it-security" in output


def test_check_lists_every_fault_and_fails(policy: Run, policy_files: PolicyFiles) -> None:
    above = policy_files.replace("elm-clinic.yaml", ("value: 1500", "value: 7500"))
    policy_files.replace("shared.yaml", ("value: ignore", "value: shrug"))
    code, output, messages = policy("check", "--directory", str(policy_files.folder))
    assert code == 1
    told = output.splitlines()
    assert told[0].startswith(f"elm-clinic.yaml:{above} overrides[0].value: 7,500 is above")
    assert told[1].startswith("shared.yaml:")
    assert messages.strip() == "2 faults: these files are not used"
    code, output, _ = policy("check", "--json", "--directory", str(policy_files.folder))
    answer = json.loads(output)
    assert (code, answer["sound"]) == (1, False)
    assert [fault["file"] for fault in answer["faults"]] == ["elm-clinic.yaml", "shared.yaml"]


def test_preview_names_each_level_its_people_and_the_rule_that_chose_it(policy: Run) -> None:
    request = ("preview", "-f", "north", "-a", "12,000", "-c", "it-equipment", "--on", "2026-11-23")
    code, output, messages = policy(*request)
    assert code == 0, output + messages
    assert output.index("1. cost-centre-owner") < output.index("3. it-security") < output.index("4. finance-controller")
    assert "rule security-approves-it: Devices and services" in output
    _, plain, _ = policy(*request, "--json")
    _, without, _ = policy(*request, "--json", "--requester", "i.volkova")
    security, others = (json.loads(each)["levels"][2] for each in (plain, without))
    assert security["people"] == ["i.volkova", "t.banks"]
    assert others["people"] == ["t.banks"]


def test_preview_resolves_the_management_chain_the_quorum_and_the_stage(policy: Run) -> None:
    code, output, messages = policy(
        "preview", "-f", "shared", "-a", "12000", "-c", "it-services", "--requester", "m.park", "--on", "2026-11-23"
    )
    assert code == 0, output + messages
    assert "asked by m.park (job level 2)" in output
    assert "2. line-management\n   the superior w.greene, who may approve 1,000 alone" in output
    assert "3. line-management\n   the superior r.silva, who may approve 25,000 alone" in output
    assert "the superior r.fitch" not in output
    harbor = ("preview", "-f", "harbor", "--on", "2026-11-23", "-a", "60000")
    _, output, _ = policy(*harbor, "-c", "imaging")
    assert "3. equipment-committee\n   any 2 who hold cost-centre-owner: i.fuentes, j.weir, k.walsh, l.boyd" in output
    _, output, _ = policy(*harbor, "-c", "it-equipment", "-c", "pharmacy", "--urgency", "urgent")
    assert "3. it-security and pharmacy-director side by side" in output
    assert "(rule large-purchases-in-haste)" in output
    _, plain, _ = policy(*harbor, "-c", "it-equipment", "-c", "pharmacy", "--json")
    words = json.loads(plain)["words"]
    assert words[2].startswith(
        "3. it-security and pharmacy-director side by side: any it-security: i.volkova, t.banks, because"
    )


def test_preview_looks_at_cost_centres_and_risks(policy: Run) -> None:
    request = ("preview", "-f", "north", "-a", "6000", "-c", "office", "--json")
    for more, level in (
        ((), None),
        (("--cost-centre", "N-7100"), "it-security"),
        (("--risk", "new"), "compliance-officer"),
    ):
        _, output, _ = policy(*request, *more)
        names = [each["name"] for each in json.loads(output)["levels"]]
        assert names == ["cost-centre-owner", "department-director", *([level] if level else [])]


def test_preview_of_an_emergency_says_that_the_order_goes_out_at_once(policy: Run) -> None:
    code, output, _ = policy("preview", "-f", "elm-clinic", "-a", "900", "-c", "surgical", "--urgency", "emergency")
    assert code == 0
    assert "the order goes out at once. department-director answers for it within 16 business hours" in output


def test_preview_says_what_to_change(policy: Run) -> None:
    asked = {
        ("-f", "atlantis", "-a", "1"): "there is no facility atlantis; there are east",
        ("-f", "north", "-a", "lots"): "--amount is a number",
        ("-f", "north", "-a", "NaN"): "--amount is a number",
        ("-f", "north", "-a", "-1"): "must not be negative",
        ("-f", "north", "-a", "1", "-c", "giraffes"): "there is no category giraffes; there are medical-supplies",
        (
            "-f",
            "north",
            "-a",
            "1",
            "--urgency",
            "whenever",
        ): "there is no urgency whenever; there are routine, urgent, emergency",
        ("-f", "north", "-a", "1", "--risk", "huge"): "there is no risk huge; there are low, elevated, high, new",
        ("-f", "north", "-a", "1", "--requester", "z.nobody"): "knows nobody with the id z.nobody",
        ("-f", "north", "-a", "1", "--on", "soon"): "--on is a day such as",
        ("-f", "north", "-a", "1", "--on", "1999-12-31"): "no policy is in force at north on 1999-12-31",
    }
    for arguments, words in asked.items():
        code, output, messages = policy("preview", *arguments)
        assert (code, output) == (2, "")
        assert words in messages


def test_the_schema_is_printed_and_written(policy: Run, tmp_path: Path) -> None:
    code, output, _ = policy("schema")
    assert code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(output))
    assert policy("schema", "--write", str(tmp_path / "schema.json"))[0] == 0
    assert (
        (tmp_path / "schema.json").read_text("utf-8") == output == (POLICIES / "policy.schema.json").read_text("utf-8")
    )
