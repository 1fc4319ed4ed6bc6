"""Whether and how people may decide from links in their mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from domain.decision_links import amount_of
from domain.keys import KeyRing
from domain.tasks import Task


@dataclass(frozen=True)
class LinkPolicy:
    """`ring` gives the keys as they are now. `max_amount` is inclusive, in the currency of the facility; None: any.

    `portal_url` is where people go on from a page. A form is taken up to `form_max_age` after it was shown, and its
    sender waits for the case at most `wait_seconds`.
    """

    ring: Callable[[], KeyRing]
    max_amount: Decimal | None = None
    portal_url: str = ""
    form_max_age: timedelta = timedelta(hours=2)
    wait_seconds: int = 5

    def within_limit(self, task: Task) -> bool:
        """Whether so much may be decided from a mail. What has no known amount may not when there is a limit."""
        if self.max_amount is None:
            return True
        amount = amount_of(task)
        return amount is not None and amount.amount <= self.max_amount
