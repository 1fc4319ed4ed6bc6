"""What collecting the changes of an ERP asks of the outside."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import activity

from domain.erp_changes import KnownChange
from domain.exceptions import Finding
from domain.model import Value
from domain.policy.model import FrozenPolicy


class ChangeIncident(Value):
    """A change that no case can take, or an ERP that does not let itself be asked. `text` names its case."""

    text: str
    finding: Finding
    policy: FrozenPolicy


class CollectChangesInput(Value):
    """`raised` are the changes whose incidents were raised: from now on they are known."""

    raised: tuple[KnownChange, ...] = ()


class CollectedChanges(Value):
    """`pending` are changes that are not known before their incidents are raised: their page is read once more."""

    changes: int = 0
    incidents: tuple[ChangeIncident, ...] = ()
    pending: tuple[KnownChange, ...] = ()
    more: bool = False


NONE_RAISED = CollectChangesInput()


class ErpChangeSteps(ABC):
    @activity.defn(name="collect_erp_changes")
    @abstractmethod
    async def collect_erp_changes(self, step: CollectChangesInput = NONE_RAISED) -> CollectedChanges:
        """Read one page of what people changed in the ERP, and tell the cases that it concerns."""
