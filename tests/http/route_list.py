"""The list of routes, tests/http/routes.yaml, as values; and what an answer must be to be the one that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.fixtures.evidence import CASE
from tests.http.furnished import CLOSED, DELEGATION, FILE, HIRE, INVOICE, MESSAGE, OVERRIDE, RUN, TASK

LIST = Path(__file__).parent / "routes.yaml"
_IDS = {
    "case_id": CASE,
    "task_id": TASK,
    "delegation_id": DELEGATION.delegation_id,
    "override_id": OVERRIDE.override_id,
    "message_id": MESSAGE,
    "file_id": FILE,
    "version": "1",
}
_CASES = {"/v1/invoices/": INVOICE, "/v1/payment-runs/": RUN, "/v1/hires/": HIRE}
_OF_NORTH = re.compile(rf'"north"|\.north\.|"{DELEGATION.delegation_id}"|"{OVERRIDE.override_id}"|"{FILE}"|{CLOSED}')
_PROBLEM = "urn:corridor:problem:"


@dataclass(frozen=True)
class Listed:
    """One entry. `method` and `path` are the route's; `given` is everything else, as it is written."""

    method: str
    path: str
    given: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        action = self.given.get("path", {}).get("action", "")
        return " ".join(filter(None, (self.method, self.path, action, self.given.get("what", ""))))

    @property
    def proof(self) -> str:
        return str(self.given["proof"])

    @property
    def url(self) -> str:
        ids = _IDS | {"case_id": next((_CASES[at] for at in _CASES if self.path.startswith(at)), CASE)}
        return self.path.format_map(ids | self.given.get("path", {}))

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self.given["roles"])

    @property
    def persons(self) -> tuple[tuple[str, str], ...]:
        """With their roles: that of a requester unless it says 'as'."""
        pairs = (each.split(" as ") for each in self.given.get("persons", ()))
        return tuple((pair[0], pair[1] if len(pair) > 1 else "requester") for pair in pairs)

    @property
    def serves(self) -> list[str]:
        return list(self.given.get("serves", ["north"]))

    @property
    def answers(self) -> str:
        return str(self.given["answers"])

    @property
    def elsewhere(self) -> str:
        return self._or_in("elsewhere")

    @property
    def persons_elsewhere(self) -> str:
        return self._or_in("persons-elsewhere", self.elsewhere)

    def refusal_of(self, role: str | None) -> str:
        """What a caller of the facility gets who has this role, or none; to be let in is no refusal."""
        if role in self.roles:
            return self.answers
        others = self.given["others"]
        by_name = others if isinstance(others, dict) else {"default": others}
        if role in (None, "requester") and role not in by_name:
            return self._or_in("plain", str(by_name["default"]))
        return str(by_name.get(role, by_name["default"]))

    def _or_in(self, name: str, default: str = "") -> str:
        expected = str(self.given.get(name, default))
        return self.answers if expected == "in" else expected

    @property
    def changes_something(self) -> bool:
        return self.method != "GET"


def listed() -> list[Listed]:
    found = yaml.safe_load(LIST.read_text())["routes"]
    routes = (each["route"].partition(" ") for each in found)
    return [Listed(method, path, given) for (method, _, path), given in zip(routes, found, strict=True)]


def difference(answer: httpx.Response, expected: str) -> str:
    """In which way the answer is not what is expected; empty when it is."""
    status, _, said = expected.partition(" ")
    got = f"{answer.status_code} {_names(answer)}"
    if answer.status_code != int(status):
        return got
    if said in ("", "shown", "nothing"):
        seen = _OF_NORTH.search(answer.text) is not None
        if (said == "shown" and not seen) or (said == "nothing" and seen):
            return f"{got}: {answer.text[:500]}"
        return ""
    if said == "refused":
        body = answer.json()
        return "" if body["refused"] == len(body["items"]) > 0 else f"{got}: {answer.text[:500]}"
    return "" if said in _names(answer) else got


def _names(answer: httpx.Response) -> list[str]:
    """The problem's own name, and the codes of what is to be changed."""
    if answer.headers.get("content-type") != "application/problem+json":
        return []
    body = answer.json()
    return [str(body["type"]).removeprefix(_PROBLEM), *(str(each["code"]) for each in body.get("errors", ()))]
