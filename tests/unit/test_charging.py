"""Whose cost centres may be charged for the equipment of a hire."""

from __future__ import annotations

import pytest

from domain.checks import assess
from domain.people import Person
from tests.fixtures.purchases import TODAY, item_line, master, policy, requester, requisition, share

MANAGER = requester(person="mo", cost_centres=("N-200",))


@pytest.mark.parametrize(
    ("asking", "manager", "found"),
    [
        (requester(cost_centres=()), MANAGER, []),
        (None, MANAGER, []),
        (requester(cost_centres=()), None, ["cost-centre-foreign"]),
        (requester(cost_centres=()), requester(cost_centres=("N-200",), active=False), ["cost-centre-foreign"]),
        (requester(cost_centres=("N-200",)), None, []),
    ],
)
def test_the_manager_may_be_charged_beside_whoever_asked(
    asking: Person | None, manager: Person | None, found: list[str]
) -> None:
    wanted = requisition(item_line(costs=(share("N-200"),)))
    assessed = assess(wanted, master(), policy(), TODAY, asking, manager=manager)
    assert [finding.code for finding in assessed.findings] == found
