"""`corridor policy simulate` over many recorded cases in PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import pytest

from tests.fixtures.commands import Run
from tests.fixtures.policies import PolicyFiles
from tests.fixtures.recorded_cases import record_purchases

CASES = 20_000
PERIOD = ("--since", "2026-01-01", "--until", "2026-12-31")
MOST_SECONDS = 60.0
"""The bound for 100,000 cases, here for a fifth of them: a machine that is busy with other tests is slow."""


@pytest.fixture
async def recorded(evidence_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await record_purchases(evidence_dsn, CASES, datetime(2026, 2, 1, tzinfo=UTC))
    monkeypatch.setenv("CORRIDOR_DATABASE_DSN", evidence_dsn)


@pytest.fixture
def changed(policy_files: PolicyFiles) -> PolicyFiles:
    policy_files.replace("system.yaml", ("amount_from: 10000\n", "amount_from: 7500\n"))
    return policy_files


def test_many_cases_are_replayed_within_the_bound(recorded: None, corridor: Run, changed: PolicyFiles) -> None:
    began = perf_counter()
    code, output, messages = corridor("policy", "simulate", str(changed.folder), *PERIOD, "--list", "7", "--json")
    assert perf_counter() - began < MOST_SECONDS
    assert code == 0, messages
    answer = json.loads(output)
    assert (answer["replayed"], answer["left_out"]) == (CASES, {})
    # Each amount from 0.50 to 19,999.50 occurs once, at one of six facilities of which `shared` has its own threshold;
    # every fortieth request is an emergency, of which those up to 5,000 go out at once.
    (group,) = answer["groups"]
    assert (group["gained"], group["lost"]) == (["finance-controller"], [])
    assert group["rules_after"] == ["finance-approves-from-threshold"]
    assert answer["moved"] == group["requests"] == pytest.approx(2500 * 5 / 6, rel=0.02)
    assert len(answer["moves"]) == 7
    amounts = [Decimal(each["amount"]) for each in answer["moves"]]
    assert amounts == sorted(amounts, reverse=True)
    assert 9990 < amounts[-1] < 10000
    assert answer["moves"][0]["after"] == ["cost-centre-owner", "department-director", "finance-controller"]
    grown = [each for each in answer["load"] if each["before"] != each["after"]]
    assert {each["role"] for each in grown} == {"finance-controller"}
    assert "shared" not in {each["facility"] for each in grown}
    assert sum(each["after"] - each["before"] for each in grown) == answer["moved"]
    assert answer["cycle_time"]["slower"] == answer["moved"]
    assert {each["role"] for each in answer["cycle_time"]["observed"]} == {"cost-centre-owner", "department-director"}
    assert any("estimate" in each for each in answer["assumptions"])


def test_the_answer_in_words(recorded: None, corridor: Run, changed: PolicyFiles) -> None:
    period = ("--since", "2026-02-02", "--until", "2026-02-03")
    code, output, messages = corridor("policy", "simulate", str(changed.folder), *period)
    assert code == 0, messages
    assert "requests from 2026-02-02 to 2026-02-03:" in output
    assert "+ finance-controller (finance-approves-from-threshold)" in output
    assert (
        "cost-centre-owner, department-director -> cost-centre-owner, department-director, finance-controller" in output
    )
    assert "Cycle time (estimate):" in output
    unchanged = corridor("policy", "simulate", str(changed.folder), *period, "--current", str(changed.folder))[1]
    assert ": 0 would have gone elsewhere" in unchanged


def test_a_period_without_cases(recorded: None, corridor: Run, changed: PolicyFiles) -> None:
    period = ("--since", "2025-02-02", "--until", "2025-02-03")
    code, output, _ = corridor("policy", "simulate", str(changed.folder), *period)
    assert code == 0
    assert output.startswith("0 requests")
    assert "no answer was recorded" in output


def test_what_to_change(corridor: Run, changed: PolicyFiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = str(changed.folder)
    backwards = corridor("policy", "simulate", folder, "--since", "2026-01-02", "--until", "2026-01-01")
    assert backwards == (2, "", "--until must not come before --since\n")
    assert "--since is a day such as" in corridor("policy", "simulate", folder, "--since", "x", "--until", "y")[2]
    monkeypatch.delenv("CORRIDOR_DATABASE_DSN", raising=False)
    monkeypatch.setenv("CORRIDOR_DATA_DIR", str(tmp_path / "nothing-runs-here"))
    code, _, messages = corridor("policy", "simulate", folder, *PERIOD)
    assert code == 1
    assert "CORRIDOR_DATABASE_DSN" in messages
    monkeypatch.setenv("CORRIDOR_DATABASE_DSN", f"postgresql://postgres@/none?host={tmp_path}")
    code, _, messages = corridor("policy", "simulate", folder, *PERIOD)
    assert (code, messages.startswith("The evidence store cannot be read")) == (1, True)
    changed.replace(
        "system.yaml", ("levels: [cost-centre-owner]\n", "levels: [cost-centre-owner]\n          amount_below: 900\n")
    )
    code, _, messages = corridor("policy", "simulate", folder, *PERIOD)
    assert code == 1
    assert "nobody approves" in messages
