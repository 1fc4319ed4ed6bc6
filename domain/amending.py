"""Whether a change to an approved request has to be approved anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from domain.model import Value
from domain.money import Money
from domain.policy.model import AmendmentRule


class AmendmentEffect(Value):
    """`reasons` say in words why approval is needed again; empty when it is not."""

    before: Money
    after: Money
    needs_approval: bool
    reasons: tuple[str, ...] = ()


def effect_of(
    before: Money, after: Money, rules_before: Sequence[str], rules_after: Sequence[str], rule: AmendmentRule
) -> AmendmentEffect:
    """What an amendment does to the approvals that were given. Raises CurrencyMismatchError.

    Approval is needed again when the total rises by more than either bound of the rule, or when a routing rule fires
    that did not fire before. A total that falls, and rules that no longer fire, need nobody.
    """
    reasons = (*_increase(before, after, rule), *_new_rules(rules_before, rules_after))
    return AmendmentEffect(before=before, after=after, needs_approval=bool(reasons), reasons=reasons)


def _increase(before: Money, after: Money, rule: AmendmentRule) -> Iterator[str]:
    increase = after - before
    if increase.amount > rule.increase_amount:
        bound = Money(amount=rule.increase_amount, currency=after.currency)
        yield f"The total rises by {increase}, more than {bound}."
    if increase.amount > max(before.amount, Decimal(0)) * rule.increase_percent / 100:
        yield f"The total rises from {before} to {after}, by more than {rule.increase_percent:f} percent."


def _new_rules(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(after):
        if name not in before:
            yield f"Rule '{name}' applies now and did not before."
