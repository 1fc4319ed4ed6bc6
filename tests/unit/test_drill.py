"""The drill's plan and cases: the same seed gives the same, and nothing that is struck is left out."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice

import pytest

from chaos.answers import answers
from chaos.cases import Cases
from chaos.judge import undecided
from chaos.plan import DISCONNECTED, FAULTY, FROZEN, KILLED, cuts, strikes
from cli.composition import REFERENCE_FILES
from cli.demo.bills.paying import STARTS, RunPlay
from domain.exceptions import CATALOGUE

ROUND = sum(KILLED.values()) + sum(FROZEN.values()) + sum(DISCONNECTED.values())


def test_a_seed_gives_the_same_blows_and_faults_again() -> None:
    assert list(islice(strikes(7, 5, 3), 50)) == list(islice(strikes(7, 5, 3), 50))
    assert list(islice(cuts(7, 1), 50)) == list(islice(cuts(7, 1), 50))
    assert list(islice(strikes(7, 5, 3), 50)) != list(islice(strikes(8, 5, 3), 50))


def test_a_round_strikes_everybody() -> None:
    struck = {(each.blow, each.target) for each in islice(strikes(1, 5, 3), ROUND + 2)}
    assert {target for blow, target in struck if blow == "kill"} == set(KILLED)
    assert {target for blow, target in struck if blow == "freeze"} == set(FROZEN)
    assert {target for blow, target in struck if blow == "disconnect"} == set(DISCONNECTED)
    assert {each.proxy for each in islice(cuts(1, 1), sum(FAULTY.values()))} == set(FAULTY)


def test_a_seed_gives_the_same_cases_again_and_each_wave_new_numbers() -> None:
    first, again = Cases(REFERENCE_FILES, 3), Cases(REFERENCE_FILES, 3)
    waves = [first.wave(1, 20, 8), first.wave(2, 20, 8)]
    assert waves == [again.wave(1, 20, 8), again.wave(2, 20, 8)]
    numbers = [each.case_id for wave in waves for each in wave.purchases]
    numbers += [each.case_id for wave in waves for each in wave.hires]
    assert len(numbers) == len(set(numbers))
    positions = [name for wave in waves for name in wave.positions]
    assert len(positions) == len(set(positions)) == 16


def test_some_are_refused_and_none_of_those_is_billed() -> None:
    wave = Cases(REFERENCE_FILES, 3).wave(1, 40, 12)
    ends = {each.number: each.story.expect.status for each in wave.purchases}
    assert {"completed", "rejected"} <= set(ends.values())
    assert {ends[str(bill.of)] for bill in wave.bills} == {"completed"}
    assert {"probation", "closed"} <= {each.story.expect.stage for each in wave.hires}


def test_people_answer_what_a_system_that_is_away_leads_to() -> None:
    given = answers()
    assert given["target-unavailable"][0]["action"] == "retry"
    assert given["dispatch-failed"][0]["action"] == "retry"
    assert all(answer[0]["action"] in CATALOGUE[code].actions for code, answer in given.items())


@pytest.mark.parametrize(
    ("facility", "total", "people", "wrong"),
    [
        ("north", "9999.99", ["t.okafor"], False),
        ("north", "9999.99", [], True),
        ("north", "9999.99", [STARTS], True),
        ("north", "10000", ["t.okafor"], True),
        ("north", "10000", ["t.okafor", "t.okafor"], True),
        ("north", "10000", ["t.okafor", STARTS], False),
        ("north", "10000", [STARTS, "t.okafor"], True),
        ("north", "10000", ["t.okafor", "c.vance"], False),
        ("lakeside", "5000", ["t.okafor"], True),
    ],
)
def test_no_payment_leaves_without_everybody_whom_the_policy_asks(
    facility: str, total: str, people: list[str], wrong: bool
) -> None:
    payment = {"payment_id": "P1", "amount": {"amount": total, "currency": "USD"}}
    run = RunPlay("payment-run.x.1", facility, 1, "completed", [payment], {"P1": Decimal(total)}, ["M1"], people)
    limits = {"north": Decimal(10000), "lakeside": Decimal(5000)}
    assert bool(list(undecided([run], limits))) is wrong
    run.files.clear()
    assert not list(undecided([run], limits))
