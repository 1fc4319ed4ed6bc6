"""What people did in the ERP itself: the names under which cases hear of it, and what collecting it answers."""

from __future__ import annotations

from domain.model import Value

COLLECT_ERP_CHANGES = "CollectErpChanges"
ERP_CHANGED = "erp_changed"
INCIDENT_SUBJECT = "erp-change"
"""In the names of incidents about changes that no case can take."""


class CollectChangesResult(Value):
    """How many changes were new, and how many of them no case could take: each of those is raised as an incident."""

    changes: int = 0
    unknown: int = 0
