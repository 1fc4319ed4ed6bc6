"""The hires of the examples on the embedded stack: the days of each facility, and where all is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from adapters.hris.reference.install import held_positions, hire_summaries
from adapters.policy_files.store import load_book
from cli.composition import REFERENCE_FILES, policies_folder, service_environment
from cli.demo.hires.judge import HiredWorker, HireOutside, TargetUser
from cli.demo.hires.show import HiresShow
from cli.demo.hires.story import Days, load_hires
from cli.erp_of_stack import employees_of, order_states
from cli.stack import StackAddresses, scim_token, scim_url

_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_PAGE = 200


def hires_of(addresses: StackAddresses, today: date) -> HiresShow:
    """Raises StoryError for examples that cannot be used."""

    async def books() -> HireOutside:
        users, strays = await _users(addresses)
        return HireOutside(
            users=users,
            strays=strays,
            workers=await _workers(addresses.dsn("hris")),
            positions=await held_positions(addresses.dsn("hris")),
            employees=await employees_of(addresses),
            orders=await order_states(addresses),
        )

    inbox = Path(service_environment(addresses)["CORRIDOR_HIRES_INBOX"])
    return HiresShow(load_hires(REFERENCE_FILES / "hires.jsonl"), days_of_facilities(today), books, inbox, today)


def days_of_facilities(today: date) -> Mapping[str, Days]:
    """The days of every facility with a policy, by its calendar, from now on."""
    book, now = load_book(policies_folder()), datetime.now(UTC)
    policies = {code: book.effective(code, today) for code in book.codes()}
    return {
        code: Days(policy.facility.calendar, policy.holidays, now)
        for code, policy in policies.items()
        if policy is not None
    }


async def _workers(dsn: str) -> dict[str, HiredWorker]:
    return {
        each.external_id: HiredWorker(number=each.worker_number, status=(each.status or "none").lower())
        for each in await hire_summaries(dsn)
        if each.worker_number is not None
    }


async def _users(addresses: StackAddresses) -> tuple[tuple[TargetUser, ...], tuple[str, ...]]:
    """Everybody at the identity provider, by its own interface, and the groups with members who are nobody."""
    headers = {"Authorization": f"Bearer {scim_token(addresses)}"}
    async with httpx.AsyncClient(trust_env=False, timeout=30, headers=headers) as client:
        users = await _all(client, f"{scim_url(addresses)}/Users")
        groups = await _all(client, f"{scim_url(addresses)}/Groups")
    member_of: defaultdict[str, list[str]] = defaultdict(list)
    for group in groups:
        for member in group.get("members") or ():
            member_of[str(member["value"])].append(str(group["displayName"]))
    known = {str(user["id"]) for user in users}
    strays = tuple(group for member, groups in member_of.items() if member not in known for group in groups)
    return tuple(_user(user, member_of[str(user["id"])]) for user in users), strays


def _user(user: Mapping[str, Any], groups: Sequence[str]) -> TargetUser:
    return TargetUser(
        user_name=str(user["userName"]),
        worker_number=str((user.get(_ENTERPRISE) or {}).get("employeeNumber", "")),
        active=bool(user.get("active")),
        name=str(user.get("displayName") or ""),
        groups=tuple(groups),
    )


async def _all(client: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    total = 1
    while len(found) < total:
        query = {"startIndex": str(len(found) + 1), "count": str(_PAGE)}
        answer = (await client.get(url, params=query)).raise_for_status().json()
        page = answer.get("Resources", [])
        found += page
        total = int(answer["totalResults"]) if page else len(found)
    return found
