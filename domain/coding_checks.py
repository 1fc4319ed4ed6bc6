"""Whether what no order backs can be booked where people coded it, and who answers for it."""

from __future__ import annotations

from collections.abc import Sequence

from domain.cost_checks import unusable
from domain.exceptions import Finding
from domain.invoice import InvoiceLine
from domain.master_data import MasterData

MOST_SHOWN = 50


def coding_findings(lines: Sequence[InvoiceLine], master: MasterData, facility: str, owner: str) -> tuple[Finding, ...]:
    """At most one finding of each kind. `lines` are those without an order; `owner` is empty while nobody is named.

    `master` holds those of the cost centres and accounts that exist.
    """
    centres = {centre.code: centre for centre in master.cost_centres}
    faults: dict[str, str] = {}
    for line in lines:
        for share in line.costs:
            why = unusable(centres.get(share.cost_centre), facility)
            if why is not None:
                faults[f"line {line.line}"] = f"cost centre {share.cost_centre} {why}"
            elif share.account is None:
                faults[f"line {line.line}"] = f"no account beside cost centre {share.cost_centre}"
            elif share.account not in master.accounts:
                faults[f"line {line.line}"] = f"account {share.account} does not exist or is closed"
    found = []
    if faults:
        shown = dict(list(faults.items())[:MOST_SHOWN])
        found.append(
            Finding(
                code="coding-invalid",
                message="; ".join(f"{place}: {why}" for place, why in shown.items()),
                evidence={"lines": shown, "facility": facility},
            )
        )
    elif lines and not owner:
        found.append(
            Finding(
                code="owner-missing",
                message="No cost centre of the bill has an owner; name the person who answers for it",
                evidence={"cost_centres": sorted({share.cost_centre for line in lines for share in line.costs})},
            )
        )
    return tuple(found)


def owner_of(lines: Sequence[InvoiceLine], master: MasterData, named: str) -> str:
    """Whom a person named, else the owner of the cost centre that carries the first line; empty when there is none."""
    if named:
        return named
    owners = {centre.code: centre.owner for centre in master.cost_centres}
    charged = [share.cost_centre for line in lines for share in line.costs]
    return next((owners[code] for code in charged if owners.get(code)), "")
