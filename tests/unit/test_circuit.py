"""When work for a system that does not answer is held, when it is tried again, and whose failure a failure is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.bulkheads import OutsideSystem, WorkQueue
from domain.circuit import Circuit, CircuitRules, system_at_fault
from workflows.errors import StepFailure

RULES = CircuitRules(failures=5, cases=3, probe_seconds=5, longest_seconds=30)
CASES = ("a", "b", "c", "d")


def opened(at: float = 100) -> Circuit:
    circuit = Circuit(RULES)
    for case in ("a", "b", "c", "a", "b"):
        circuit.failed(case, at)
    return circuit


def test_failures_of_enough_cases_in_a_row_open_it() -> None:
    assert opened().is_open


@pytest.mark.parametrize("cases", ["aaaaaaaaaaaaaaaa", "ababababababab", "abca"])
def test_few_cases_or_few_failures_do_not(cases: str) -> None:
    circuit = Circuit(RULES)
    for case in cases:
        circuit.failed(case, 0)
    assert not circuit.is_open
    assert circuit.admit("erp", 0)


def test_an_answer_in_between_begins_the_count_anew() -> None:
    circuit = Circuit(RULES)
    for case in ("a", "b", "c", "d", None, "a", "b", "c", "d"):
        if case is None:
            circuit.answered()
        else:
            circuit.failed(case, 0)
    assert not circuit.is_open


def test_one_trial_of_each_queue_after_the_pause() -> None:
    circuit = opened()
    assert circuit.wait(102) == 3
    assert not circuit.admit("erp", 104)
    assert circuit.admit("erp", 105)
    assert not circuit.admit("erp", 105)
    assert circuit.admit("erp-posting", 105)
    circuit.trial_over("erp")
    assert circuit.admit("erp", 105)


def test_trials_that_fail_are_made_less_and_less_often() -> None:
    circuit, now, pauses = opened(), 105.0, []
    for _ in range(5):
        circuit.failed("a", now)
        pauses.append(circuit.wait(now))
        now += pauses[-1]
    assert pauses == [10, 20, 30, 30, 30]


def test_what_was_under_way_when_it_opened_does_not_put_the_trial_off() -> None:
    circuit = opened()
    circuit.failed("c", 103)
    assert circuit.wait(103) == 2


def test_the_next_outage_begins_with_the_short_pause_again() -> None:
    circuit = opened()
    circuit.failed("a", 105)
    circuit.answered()
    for case in ("a", "b", "c", "a", "b"):
        circuit.failed(case, 200)
    assert circuit.wait(200) == 5


class OneSystem(RuleBasedStateMachine):
    """Against a list of all that happened since the last answer."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit, self.now, self.failures = Circuit(RULES), 0.0, list[str]()
        self.trials: set[str] = set()

    @rule(seconds=st.floats(0, 60))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(case=st.sampled_from(CASES))
    def fail(self, case: str) -> None:
        self.circuit.failed(case, self.now)
        self.failures.append(case)

    @rule()
    def answer(self) -> None:
        self.circuit.answered()
        self.failures = []

    @rule(queue=st.sampled_from(("erp", "erp-posting")))
    def ask(self, queue: str) -> None:
        held = self.circuit.is_open and (self.circuit.wait(self.now) > 0 or queue in self.trials)
        assert self.circuit.admit(queue, self.now) is not held
        if self.circuit.is_open and not held:
            self.trials.add(queue)

    @precondition(lambda self: self.trials)
    @rule(data=st.data())
    def end_trial(self, data: st.DataObject) -> None:
        queue = data.draw(st.sampled_from(sorted(self.trials)))
        self.circuit.trial_over(queue)
        self.trials.discard(queue)

    @invariant()
    def open_when_both_limits_are_met_and_not_before(self) -> None:
        met = len(self.failures) >= RULES.failures and len(set(self.failures)) >= RULES.cases
        assert self.circuit.is_open is met

    @invariant()
    def nobody_waits_longer_than_the_longest_pause(self) -> None:
        # A millionth of a second forgives what floating point adds up to.
        assert 0 <= self.circuit.wait(self.now) <= RULES.longest_seconds + 1e-6


TestOneSystem = OneSystem.TestCase


@given(st.floats(0.1, 100), st.floats(0.1, 100))
def test_a_longest_pause_below_the_first_one_changes_nothing(probe: float, longest: float) -> None:
    circuit = Circuit(CircuitRules(failures=1, cases=1, probe_seconds=probe, longest_seconds=longest))
    circuit.failed("a", 0)
    circuit.failed("a", probe)
    assert probe <= circuit.wait(probe) * 1.000001
    assert circuit.wait(probe) <= max(probe, longest) * 1.000001


@pytest.mark.parametrize(
    ("reported", "queue", "system"),
    [
        ("erp", "erp", "erp"),
        ("erp", "erp-posting", "erp"),
        ("erp", "mail", "erp"),
        ("mail", "erp-posting", "mail"),
        ("licence-register", "screening", "screening"),
        ("evidence-store", "erp", None),
        ("commitments", "erp", None),
        ("temporal", "identity", None),
        ("ward-tablets", "identity", "identity"),
        ("ward-tablets", "directory", "directory"),
        ("ward-tablets", "erp", None),
    ],
)
def test_a_failure_is_that_of_the_system_that_failed(
    reported: str, queue: WorkQueue, system: OutsideSystem | None
) -> None:
    assert system_at_fault(reported, queue) == system


def test_a_failure_that_an_earlier_worker_reported_holds_nothing() -> None:
    report = SimpleNamespace(system="erp", code="timeout", message="no answer")
    assert not StepFailure.model_validate({"kind": "x", "report": vars(report)}).held
