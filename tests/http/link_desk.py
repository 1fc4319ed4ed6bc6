"""A gateway that takes links from mails, one open question, and the ways in which people open and answer it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import re
from datetime import timedelta
from typing import Any

import httpx
from joserfc.jwk import KeySet

from api.link_policy import LinkPolicy
from domain.approval import ApprovalLedger
from domain.delegation import Delegation
from tests.fixtures.evidence import CASE, a_journal, a_task
from tests.fixtures.links import RING, ChangingDirectory, a_link
from tests.http.fakes import Gateway

TASK = f"{CASE}:approve-owner.1"
FORM_TYPE = "application/x-www-form-urlencoded"
SUBJECT = {
    "title": "Gloves for ward 3",
    "amount": "1,234.50 USD",
    "requester": "nina",
    "justification": "Ward 3 runs out <b>on Friday</b> & needs them",
    "need_by": "2026-03-20",
    "urgency": "routine",
    "notes": ["Contract C-7 applies"],
    "lines": [
        {
            "line": 1,
            "what": "Gloves, nitrile <M>",
            "quantity": "10 BX of 100",
            "amount": "1,234.50 USD",
            "supplier": "ACME",
            "contract": "C-7",
            "from_stock": "0 EA",
            "cost_centres": ["N-100"],
        }
    ],
}


class Desk(Gateway):
    """A gateway that takes links, and one open question."""

    def __init__(self, keys: KeySet) -> None:
        super().__init__(keys)
        self.people = ChangingDirectory()
        self.policy = LinkPolicy(lambda: RING, portal_url="https://portal.example/", wait_seconds=1)
        self.reset()

    def reset(self, **changes: Any) -> None:
        policy = dataclasses.replace(self.policy, **changes)
        self.app.state.services = dataclasses.replace(self.services, directory=self.people, links=policy)

    async def open(self, version: int = 1, *entries: Any, **changes: Any) -> None:
        given: dict[str, Any] = {
            "subject_version": 3,
            "subject": SUBJECT,
            "actions": ("approve", "reject", "return"),
            "due_at": self.now + timedelta(hours=30),
        } | changes
        task = a_task(TASK, excluded=("nina",), **given)
        await self.evidence.record(a_journal(CASE, version, *entries, requester="nina", tasks=(task,)))
        if task.status == "open" and CASE not in self.cases.ledgers:
            self.cases.open(task)

    def link(self, **changes: Any) -> str:
        return a_link(self.now, **{"task_id": TASK, "case_id": CASE} | changes)

    async def look(self, token: str, method: str = "GET", **headers: str) -> httpx.Response:
        return await self.http.request(method, f"/v1/links/{token}", headers=headers)

    async def send(self, token: str, fields: dict[str, str], media: str = FORM_TYPE) -> httpx.Response:
        body = str(httpx.QueryParams(fields))
        return await self.http.post(f"/v1/links/{token}", content=body, headers={"content-type": media})

    async def answer(self, token: str, action: str = "approve", comment: str = "") -> httpx.Response:
        """As a person does: open the page, fill in its form, send it."""
        proof = proof_in(await self.look(token))
        return await self.send(token, {"form": proof, "action": action, "comment": comment})

    @property
    def ledger(self) -> ApprovalLedger:
        return self.cases.ledgers[CASE]

    @property
    def untouched(self) -> bool:
        return not self.cases.received and bool(self.ledger.open_tasks())


def proof_in(answer: httpx.Response) -> str:
    found = re.search(r'name="form" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def text_of(answer: httpx.Response) -> str:
    """What a reader sees; checks on the way that it is a page which runs and leaks nothing."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    style = answer.text.split("<style>")[1].split("</style>")[0]
    assert f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}" in policy
    assert "script" not in answer.text.lower()
    assert not re.search(r'(src|action)="', answer.text)
    assert answer.text.count("<h1>") == 1
    body = answer.text.split("</head>")[1]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


async def stand_in(desk: Desk, **changes: Any) -> str:
    """The token of a link that frida got because she stands in for carla this week."""
    absence = Delegation(
        delegation_id="carla-is-away",
        delegator="carla",
        delegate="frida",
        valid_from=desk.now - timedelta(hours=1),
        valid_until=desk.now + timedelta(days=5),
        made_by="carla",
        made_at=desk.now - timedelta(days=1),
    )
    await desk.delegations.add(absence.model_copy(update=changes))
    return desk.link(person="frida", on_behalf_of="carla")
