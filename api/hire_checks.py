"""What can be wrong with a hire before anything outside is asked, and how its case is called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from domain.facility import Facility
from domain.faults import Fault
from domain.hire import Hire
from domain.hire_rules import HireRules


def hire_title(hire: Hire) -> str:
    """Names the place that is filled, and nobody."""
    return f"{hire.title} for {hire.department} from {hire.start_on}"


def hire_faults(hire: Hire, facility: Facility | None, rules: HireRules | None, today: date) -> tuple[Fault, ...]:
    """Every reason why the hire cannot be taken in. `today` is the day at the facility."""
    return tuple(_faults(hire, facility, rules, today))


def _faults(hire: Hire, facility: Facility | None, rules: HireRules | None, today: date) -> Iterator[Fault]:
    if facility is None:
        message = f"There is no facility '{hire.facility}'; send the code of one that hires here."
        yield Fault(pointer="/facility", code="unknown-facility", message=message)
    if hire.start_on < today - timedelta(days=730):
        message = f"{hire.start_on} is too far in the past; send a later day."
        yield Fault(pointer="/start_on", code="date-in-the-past", message=message)
    if hire.employment_type != "employee" and hire.end_on is None:
        yield Fault(pointer="/end_on", code="required", message="Say until when; only employees have no last day.")
    if hire.end_on is not None and hire.end_on < hire.start_on:
        yield Fault(
            pointer="/end_on", code="ends-before-start", message="Send a last day that is not before the first."
        )
