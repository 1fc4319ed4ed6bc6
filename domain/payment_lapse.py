"""What becomes of proposed payments when they are released later than was proposed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from domain.payment import Payment
from domain.payment_days import PaymentDays
from domain.policy.model import FrozenPolicy


class Postponed(NamedTuple):
    """`kept` go to the bank with their new day; `lapsed` carry a discount that no longer holds."""

    kept: tuple[Payment, ...]
    lapsed: tuple[Payment, ...]


def postponed(payments: Sequence[Payment], today: date, policy: FrozenPolicy) -> Postponed:
    """The payments as they can still be made on the facility's local day `today`.

    A payment whose day has passed moves to the next open one. Where a discount would then be kept too late it lapses:
    it is to be withdrawn and proposed anew, since nobody approved the larger amount. Raises NoBusinessDayError.
    """
    next_open = PaymentDays.of(policy).next_open(today)
    kept: list[Payment] = []
    lapsed: list[Payment] = []
    for payment in payments:
        day = max(payment.pay_on, next_open)
        if any(item.discount_until is not None and item.discount_until < day for item in payment.items):
            lapsed.append(payment)
        else:
            kept.append(payment.model_copy(update={"pay_on": day}))
    return Postponed(tuple(kept), tuple(lapsed))
