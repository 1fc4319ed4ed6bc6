"""A walk through the gateway: from what one request was answered to the next, by the links of the description."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, missing_required_header

from api.app import create_app
from tests.fixtures.invoices import an_invoice
from tests.http.described import EXCLUDED, Link, Signing, links_of
from tests.http.fakes import SECRET, new_keys
from tests.http.furnished import furnish
from tests.http.living_cases import LivingGateway
from tests.http.route_list import listed
from tests.http.test_http_events import an_event

KEYS, APP = new_keys(), create_app(max_body_bytes=50_000)  # one for all walks: to make it takes longer than a walk
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", Signing(APP, SECRET))
SCHEMA.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE], with_security_parameters=False)
OPERATIONS: dict[str, schemathesis.APIOperation[Any, Any, Any, Any]] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}
LINKS = links_of(APP.openapi())
STARTS = sorted({link.source for link in LINKS if "{" not in link.source}, reverse=True)
"""Links lead on from them, and they need no other request before them; those that begin something first."""

PEOPLE: dict[str, tuple[str, ...]] = {
    "carla": ("cost-centre-owner", "portal", "buyer", "auditor", "process-owner", "treasury", "human-resources"),
    "cleo": ("compliance-officer", "human-resources"),
    "nina": ("requester",),
}
"""Who asks, and as what: one goes a long way alone, one approves what others asked for, one may do little."""
_EVERYWHERE = "cleo"

_NOT_CHECKED = [
    *EXCLUDED,
    ignored_auth,  # checked of each request alone, by test_http_fuzz
    missing_required_header,  # the signature of an event, which is put there on the way
]
_OWN_IDS = ("action_id", "change_id", "decision_id", "delegation_id", "override_id", "number")
_LISTED = {
    (f"{each.method} {each.path}", each.given.get("path", {}).get("action")): each.given["body"]
    for each in reversed(listed())  # of several for one route the first is the plain one
    if "body" in each.given
}
ACTIONS = sorted(action for _, action in _LISTED if action is not None)


@dataclass(frozen=True)
class Way:
    """A link, and the parameters that one answer has for it."""

    link: Link
    values: Mapping[str, Any]


class Walk:
    """In a world of its own, so that the same steps always find the same."""

    def __init__(self) -> None:
        world = LivingGateway(KEYS, APP)
        asyncio.run(furnish(world))
        serves = {person: ["*"] if person == _EVERYWHERE else ["north"] for person in PEOPLE}
        self._headers = {person: world.as_(person, *PEOPLE[person], facilities=serves[person]) for person in PEOPLE}
        self.ways: list[Way] = []
        """Where the answers so far lead, the last one's first."""
        self._step = 0
        self._said: list[str] = []

    def good_request(
        self, label: str, values: Mapping[str, Any], action: str = "add-watcher"
    ) -> schemathesis.Case[Any]:
        """One that the gateway should take: with a body that is listed for the route, and ids of its own."""
        self._step += 1
        operation = OPERATIONS[label]
        named = {"action": action} if "{action}" in label else {}
        path = named | {name: value for name, value in values.items() if f"{{{name}}}" in label}
        query = {name: value for name, value in values.items() if name not in path}
        if any(each.name == "limit" for each in operation.query):
            query["limit"] = 1  # so that there is a next page
        body = self._body(label, named.get("action"))
        if body is None:
            return operation.Case(path_parameters=path, query=query)
        return operation.Case(path_parameters=path, query=query, body=body, media_type="application/json")

    def _body(self, label: str, action: str | None) -> dict[str, Any] | None:
        if label == "POST /v1/invoices":
            return an_invoice(number=f"INV-{self._step}")
        if label == "POST /v1/events":
            return an_event(id=f"event-{self._step}")
        body = _LISTED.get((label, action))
        return None if body is None else body | {name: f"number-{self._step}" for name in _OWN_IDS if name in body}

    def ask(self, case: schemathesis.Case[Any], person: str = "carla") -> int:
        """The status of the answer. Raises AssertionError, with the whole walk, of one that is not as described."""
        body = "" if case.body is NOT_SET else f" {case.body!r:.300}"
        self._said.append(f"{person}: {case.method} {case.formatted_path}{body}")
        try:
            answer = case.call_and_validate(headers=self._headers[person], excluded_checks=_NOT_CHECKED)
        except FailureGroup as failure:
            raise AssertionError("\n".join([*self._said, str(failure)])) from None
        self._said[-1] += f": {answer.status_code}"
        label, status = case.operation.label, str(answer.status_code)
        leading = [link for link in LINKS if (link.source, link.status) == (label, status)]
        found = [(link, link.follow(case.path_parameters, answer.json())) for link in leading]
        self.ways = [*(Way(link, values) for link, values in found if values is not None), *self.ways]
        return answer.status_code
