"""Where policies are kept."""

from datetime import date
from typing import Protocol

from domain.facility import Facility
from domain.policy.model import FrozenPolicy


class PolicyStore(Protocol):
    def facilities(self) -> tuple[Facility, ...]: ...

    def effective(self, facility: str, on: date) -> FrozenPolicy | None:
        """The policy of a facility on a day of its own calendar; None when the facility is unknown."""
