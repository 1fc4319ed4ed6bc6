"""Whether a worker has what was granted, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from domain.accounts import Account, HeldAccount, HeldEntitlement
from domain.exceptions import Finding


def review(
    accounts: Sequence[HeldAccount],
    entitlements: Sequence[HeldEntitlement],
    seen: Mapping[str, Account | None],
    today: date,
) -> tuple[Finding, ...]:
    """One finding for each system that shows something else than the register says. `seen` is what each system
    shows; `today` is the facility's day, after which what was granted until then should be gone."""
    return tuple(
        Finding(
            code="access-differs",
            message=f"{held.system}: {'; '.join(differences)}",
            evidence={"system": held.system, "differences": differences},
        )
        for held in accounts
        if (differences := list(_differences(held, entitlements, seen.get(held.system), today)))
    )


def _differences(
    held: HeldAccount, entitlements: Sequence[HeldEntitlement], account: Account | None, today: date
) -> Iterator[str]:
    if account is None:
        yield "the account is gone"
        return
    if not account.active:
        yield "the account is disabled"
    mine = [each for each in entitlements if each.system == held.system]
    granted = {each.group.casefold() for each in mine}
    have = {group.casefold() for group in account.groups}
    for each in mine:
        if each.group.casefold() not in have:
            yield f"{each.entitlement} was granted and is not there"
        elif each.until is not None and each.until < today:
            yield f"{each.entitlement} was granted until {each.until} and is still there"
    for group in sorted(have - granted):
        yield f"member of {group}, which nobody granted"
