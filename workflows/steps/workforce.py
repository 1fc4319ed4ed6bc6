"""What is asked of the outside about everybody who works here."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import activity

from domain.exceptions import Finding
from domain.model import Value
from domain.policy.model import FrozenPolicy


class WorkforceIncident(Value):
    """Something that a person must look at. `case_id` is the same for whoever finds the same; `hits` are the keys of
    candidates of exclusion lists that the answer 'clear' clears."""

    case_id: str
    facility: str
    finding: Finding
    hits: tuple[str, ...] = ()
    worker_id: str = ""


class RescreenInput(Value):
    cursor: str | None = None


class RescreenedPage(Value):
    """`policies` are those of the facilities whose people are asked. `next_cursor` is None on the last page."""

    screened: int
    incidents: tuple[WorkforceIncident, ...] = ()
    policies: dict[str, FrozenPolicy] = {}
    next_cursor: str | None = None


class EndAccessInput(Value):
    """`patient`: a target that does not answer now is no reason yet to tell anybody."""

    patient: bool = False


class EndedPage(Value):
    """`waiting` are those whose target did not answer, and of whom nobody was told yet. `recovered` are the incidents
    of what could not be ended before, and now was. `more` says that the page was full."""

    ended: int = 0
    waiting: int = 0
    failed: int = 0
    incidents: tuple[WorkforceIncident, ...] = ()
    policies: dict[str, FrozenPolicy] = {}
    recovered: tuple[str, ...] = ()
    more: bool = False


class WorkforceSteps(ABC):
    """Each step may be repeated: it then does what is left to do."""

    @activity.defn(name="rescreen_page")
    @abstractmethod
    async def rescreen_page(self, step: RescreenInput) -> RescreenedPage:
        """Look for some of the workers on exclusion lists, and at licences that end."""

    @activity.defn(name="end_access_page")
    @abstractmethod
    async def end_access_page(self, step: EndAccessInput) -> EndedPage:
        """Take back access whose last day has passed."""
