"""Who pays: cost centres that are open and in reach, accounts that exist."""

from __future__ import annotations

from collections.abc import Sequence

from domain.finding_log import FindingLog
from domain.master_data import CostCentre, MasterData
from domain.people import Person
from domain.requisition import CostShare, RequisitionLine


def check_cost_centres(
    line: RequisitionLine, master: MasterData, facility: str, charging: Sequence[Person], log: FindingLog
) -> None:
    """Each cost centre must exist, be open, belong to the facility, and be one that somebody of `charging` may charge:
    the requester, and for the equipment of a hire its manager as well.

    Somebody who has left may charge none, nor may a requester whom the directory does not know.
    """
    known = {centre.code: centre for centre in master.cost_centres}
    scope = tuple(dict.fromkeys(code for person in charging if person.active for code in person.cost_centres))
    centres = list(dict.fromkeys(share.cost_centre for share in line.costs))
    barred = {code: why for code in centres if (why := unusable(known.get(code), facility))}
    if barred:
        log.ask(
            "cost-centre-closed",
            "; ".join(f"Cost centre {code} {why}" for code, why in barred.items()) + ".",
            line.line,
            cost_centres=barred,
            facility=facility,
        )
    foreign = [code for code in centres if code not in scope and code not in barred]
    if foreign:
        log.ask(
            "cost-centre-foreign",
            f"The requester may not charge cost centre {', '.join(foreign)}.",
            line.line,
            cost_centres=foreign,
            owners={code: known[code].owner for code in foreign},
            requester=charging[0].person if charging else None,
            requester_may_charge=list(scope),
        )


def unusable(centre: CostCentre | None, facility: str) -> str | None:
    """Why nothing can be charged to the cost centre at this facility, in words; None when it can."""
    if centre is None:
        return "does not exist"
    if centre.facility != facility:
        return f"belongs to {centre.facility}"
    return None if centre.open else "is closed"


def with_accounts(
    line: RequisitionLine, category: str, item_account: str | None, master: MasterData, log: FindingLog
) -> tuple[CostShare, ...]:
    """The line's shares, each with an account: its own, else the item's, else the category's default.

    An account that is not among the open ones is asked about; the share then comes out as it is.
    """
    default = item_account or dict(master.category_accounts).get(category)
    shares = tuple(share.model_copy(update={"account": share.account or default}) for share in line.costs)
    bad = [share for share in shares if share.account not in master.accounts]
    if bad:
        names = ", ".join(sorted({share.account or f"none for category {category}" for share in bad}))
        log.ask(
            "account-unknown",
            f"No open expense account: {names}.",
            line.line,
            category=category,
            shares=[{"cost_centre": share.cost_centre, "account": share.account} for share in bad],
        )
    return shares
