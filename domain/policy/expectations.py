"""Whether the tables of a policy say what an example expects of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from domain.invoice_tolerance import invoice_tolerance, ways_of
from domain.money import Money
from domain.policy.model import FrozenPolicy
from domain.policy.tables import accepted_by_rule, authority_from, broken_by, budget_behaviour, clocks, tolerances_of
from domain.policy.worked_examples import NOBODY, Example, Expect, Given
from domain.routing import RequestFacts, Route, route


def disappointments(policy: FrozenPolicy, example: Example) -> list[str]:
    """In words, each point in which the policy says something else; empty when the example holds.

    Raises KeyError when the example expects something of a level that the policy does not have.
    """
    given, expect = example.given, example.expect
    return [
        f"expects {wanted}; the rules give {found}"
        for wanted, found in (
            *_of_route(route(policy, facts_of(policy, given)), expect),
            *_of_clocks(policy, given, expect),
            *_of_tables(policy, given, expect),
            *_of_bills(policy, given, expect),
        )
        if wanted != found
    ]


def facts_of(policy: FrozenPolicy, given: Given) -> RequestFacts:
    """The request of an example as the rules see it."""
    return RequestFacts(
        amount=Money(amount=given.amount, currency=policy.facility.currency),
        categories=given.categories,
        urgency=given.urgency,
        cost_centres=(given.cost_centre,) if given.cost_centre is not None else (),
        risks=(given.risk,) if given.risk is not None else (),
        requester_level=given.requester_level,
    )


Pair = tuple[str, str]


def _of_route(found: Route, expect: Expect) -> Iterator[Pair]:
    if expect.levels is not None:
        yield _names(expect.levels), _names(each.level.name for each in found.levels)
    if expect.rules is not None:
        yield f"the rules {_names(expect.rules)}", f"the rules {_names(found.rules)}"


def _of_clocks(policy: FrozenPolicy, given: Given, expect: Expect) -> Iterator[Pair]:
    for name, wanted in (expect.clocks or {}).items():
        found = clocks(policy, policy.level(name), given.urgency, given.amount)
        yield from _of_fields(name, wanted.model_dump(exclude_unset=True), found.model_dump())


def _of_tables(policy: FrozenPolicy, given: Given, expect: Expect) -> Iterator[Pair]:
    cost_centres = (given.cost_centre,) if given.cost_centre is not None else ()
    if expect.behaviour is not None:
        yield expect.behaviour, budget_behaviour(policy, cost_centres, given.categories)
    if expect.tolerances is not None:
        category = given.categories[0] if given.categories else ""
        found = tolerances_of(policy, category, given.supplier or "")
        yield from _of_fields("tolerances", expect.tolerances.model_dump(exclude_unset=True), found.model_dump())
    amount = Money(amount=given.amount, currency=policy.facility.currency)
    for code, wanted in (expect.accepted_by or {}).items():
        rule = accepted_by_rule(policy, code, amount, given.categories)
        yield f"{code} accepted by {wanted}", f"{code} accepted by {rule.name if rule else NOBODY}"
    if expect.segregated_by is not None:
        broken = _names(rule.name for rule in broken_by(policy, given.duties))
        yield f"duties kept apart by {_names(expect.segregated_by)}", f"duties kept apart by {broken}"
    if expect.authority_from is not None:
        lowest = authority_from(policy, given.amount)
        found_level = NOBODY if lowest is None else lowest
        yield f"authority from job level {expect.authority_from}", f"authority from job level {found_level}"


def _of_bills(policy: FrozenPolicy, given: Given, expect: Expect) -> Iterator[Pair]:
    category, supplier = given.categories[0] if given.categories else "", given.supplier or ""
    if expect.ways is not None:
        yield f"{expect.ways}-way matching", f"{ways_of(policy, category, supplier)}-way matching"
    for kind, wanted in (expect.invoice_tolerances or {}).items():
        rule = invoice_tolerance(policy, kind, category, supplier)
        yield f"{kind} tolerated by {wanted}", f"{kind} tolerated by {rule.name if rule else NOBODY}"


def _of_fields(what: str, wanted: dict[str, Any], found: dict[str, Any]) -> Iterator[Pair]:
    for field, value in wanted.items():
        if value != found[field]:
            yield f"{what}: {field} {value}", f"{found[field]}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or NOBODY
