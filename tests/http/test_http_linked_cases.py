"""Cases that a request names as linked: only such as the caller may see, or anybody could drag others into a family."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fixtures.evidence import a_journal
from tests.http.fakes import Gateway, a_requisition, pointers

OTHERS = "procure-to-pay.north.REQ-8"
MINE = "procure-to-pay.north.REQ-9"
SOUTH = "procure-to-pay.south.REQ-8"
CASE = "procure-to-pay.north.REQ-1"


@pytest.fixture(autouse=True)
async def cases(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal(OTHERS, requester="olaf"))
    await gateway.evidence.record(a_journal(MINE, requester="nina"))
    await gateway.evidence.record(a_journal(SOUTH, requester="sam", facility="south"))


async def submit(gateway: Gateway, *linked: str, roles: tuple[str, ...] = ()) -> httpx.Response:
    return await gateway.post("/v1/requisitions", a_requisition(linked_cases=list(linked)), "nina", *roles)


async def test_a_request_names_earlier_ones_of_the_same_person(gateway: Gateway) -> None:
    assert (await submit(gateway, MINE)).status_code == 202
    assert gateway.cases.inputs[CASE].requisition.linked_cases == (MINE,)


@pytest.mark.parametrize("unseen", [OTHERS, SOUTH, "procure-to-pay.north.REQ-404", "no case at all"])
async def test_what_one_may_not_see_is_not_linked(gateway: Gateway, unseen: str) -> None:
    answer = await submit(gateway, MINE, unseen)
    assert (answer.status_code, pointers(answer)) == (422, {"/linked_cases/1"})
    assert not gateway.cases.inputs


async def test_whoever_has_a_part_in_the_process_links_what_they_see(gateway: Gateway) -> None:
    assert (await submit(gateway, OTHERS, roles=("portal",))).status_code == 202


async def amend(gateway: Gateway, *linked: str) -> httpx.Response:
    body: dict[str, Any] = {"requisition": a_requisition(linked_cases=list(linked))}
    return await gateway.post(f"/v1/cases/{CASE}/actions/amend", body, "nina")


async def test_an_amendment_links_nothing_unseen_and_keeps_what_was_linked(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal(CASE, requester="nina", linked=(OTHERS,)))
    assert (await amend(gateway, OTHERS, MINE)).status_code == 200
    answer = await amend(gateway, MINE, SOUTH)
    assert (answer.status_code, pointers(answer)) == (422, {"/requisition/linked_cases/1"})
