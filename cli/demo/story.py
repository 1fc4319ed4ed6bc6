"""What happens to an example requisition in the world outside, and how it must end.

`examples/README.md` describes the format for those who write stories.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from adapters.reference_files import resolve_day
from domain.case import CaseStatus, Stage, case_id
from domain.case_actions import CaseAction
from domain.people import PersonId
from domain.requisition import Requisition
from domain.tasks import Action, LineCorrection

LineKey = Annotated[str, Field(pattern=r"^[1-9]\d{0,3}$")]
Count = Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?$")]


class StoryError(ValueError):
    """A line of the stories file cannot be used; the message says which and why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _short_answer(value: Any) -> Any:
    return {"action": value} if isinstance(value, str) else value


class Answer(_Part):
    """What a person answers to a task. In a story, the word alone stands for an answer without a comment.

    `by` gives it (left out: anybody who may), in the place of `behalf` ('for' in a story) where that is named, and not
    before the level `after` has decided. Answers of all requisitions that are `together` are given in one call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    action: Action
    comment: str = ""
    corrections: tuple[LineCorrection, ...] = ()
    by: PersonId | None = None
    behalf: PersonId | None = Field(default=None, alias="for")
    after: str | None = None
    together: str | None = None

    @model_validator(mode="after")
    def _is_somebodys(self) -> Answer:
        if (self.behalf or self.together) and self.by is None:
            raise ValueError("an answer for somebody, or together with others, says by whom")
        return self


ShortAnswer = Annotated[Answer, BeforeValidator(_short_answer)]


class Decided(_Part):
    """Who decided at a level, and in whose place ('for')."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    level: str
    by: PersonId
    behalf: PersonId | None = Field(default=None, alias="for")

    def __str__(self) -> str:
        return f"{self.level}: {self.by}" + (f" for {self.behalf}" if self.behalf else "")


class Expectation(_Part):
    """How the case must end.

    `orders` counts the orders in the system of record, cancelled ones included. `exceptions` are the codes of all
    exceptions that were raised, `approvals` the levels that decided, as often as they did (None: not looked at).
    `decisions` says who decided, in this order (left out: anybody); the levels need not be told again then.
    `implied` are approvals that nobody was asked for, by question, with the person who had approved just before;
    `accepted` the rules that accepted something without a person.
    """

    status: CaseStatus
    orders: Annotated[int, Field(ge=0)]
    exceptions: tuple[str, ...] = ()
    approvals: tuple[str, ...] | None = ()
    amount: Decimal | None = None
    stock: Literal["none", "part", "all"] = "none"
    decisions: tuple[Decided, ...] | None = None
    implied: dict[str, PersonId] = {}
    accepted: tuple[str, ...] = ()
    watchers: tuple[PersonId, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _levels_of_decisions(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("decisions"), list) and "approvals" not in value:
            return {**value, "approvals": [each.get("level", "") for each in value["decisions"]]}
        return value


class SupplierAnswer(_Part):
    """An acknowledgement; `lines` as in domain.purchase.AcknowledgedLine, with relative days allowed."""

    lines: tuple[dict[str, Any], ...] = ()


def _short_acknowledgement(value: Any) -> Any:
    return {} if value == "accept" else value


ShortAcknowledgement = Annotated[SupplierAnswer, BeforeValidator(_short_acknowledgement)]


class DeliveryStep(_Part):
    """Goods that come in (`receive`, of which `reject` were refused) or go back (`return`), by requisition line.

    'rest' is what is still to come; a step of which nothing is left is skipped. `received_by` is the clerk of the
    facility where nobody is named. `raises` names the exception whose decision is awaited before the story goes on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    receive: dict[LineKey, Count | Literal["rest"]] = {}
    reject: dict[LineKey, Count] = {}
    give_back: dict[LineKey, Count] = Field(default={}, alias="return")
    reason: str = ""
    received_by: PersonId | None = None
    raises: str | None = None


class Intervention(_Part):
    """Something that a person does to the whole case, once it is `at` a stage and so much has happened to it.

    `quantities` is what an amendment changes, `person` who is added as an approver or a watcher. At 'approval' nobody
    decides beyond `after_approvals` until it is done.
    """

    at: Stage
    action: CaseAction
    by: PersonId
    comment: str = ""
    line: int | None = None
    person: PersonId | None = None
    quantities: dict[LineKey, Count] = {}
    after_approvals: int = 0
    after_deliveries: int = 0


class Substitution(_Part):
    """A delegation with an end date (a relative day), made by the delegator before the requisition is posted."""

    delegator: PersonId
    delegate: PersonId
    until: str
    facilities: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    reason: str = ""


class Handover(_Part):
    """Before anybody answers at a level, `by` hands the question to somebody: 'delegate' lets `to` decide it in their
    place, 'reassign' makes it a question to `to` alone.
    """

    level: str
    how: Literal["delegate", "reassign"]
    by: PersonId
    to: PersonId
    comment: str = ""


class Story(_Part):
    """Left out means: everybody agrees, the supplier accepts, everything comes at once, the bill is settled. In
    `unforeseen` stands what people answer to exceptions that may come or not: nothing waits for them.
    """

    title: str
    expect: Expectation
    approvals: dict[str, tuple[ShortAnswer, ...]] | Literal["none"] = {}
    retrospective: ShortAnswer = Answer(action="approve")
    information: str = ""
    exceptions: dict[str, tuple[ShortAnswer, ...]] = {}
    unforeseen: dict[str, tuple[ShortAnswer, ...]] = {}
    supplier: tuple[ShortAcknowledgement, ...] | Literal["silent"] = (SupplierAnswer(),)
    deliveries: tuple[DeliveryStep, ...] | Literal["full", "none"] = "full"
    interventions: tuple[Intervention, ...] = ()
    delegations: tuple[Substitution, ...] = ()
    handovers: tuple[Handover, ...] = ()
    settlement: bool = True

    @property
    def decides_together(self) -> frozenset[str]:
        """The names of the calls in which answers of this requisition are given together with others."""
        given = {} if self.approvals == "none" else self.approvals
        return frozenset(each.together for answers in given.values() for each in answers if each.together)


class Example(_Part):
    """One line of the file: the request, who posts it, which requisition must be checked before, and its story."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    request: dict[str, Any]
    posted_by: PersonId = Field(default="portal", alias="as")
    after: str | None = None
    story: Story

    @property
    def number(self) -> str:
        return str(self.request["number"])

    @property
    def case_id(self) -> str:
        return case_id("procure-to-pay", str(self.request["facility"]), self.number)


def load_examples(path: Path) -> tuple[Example, ...]:
    """Every line of a stories file. Raises StoryError for the first that cannot be used, OSError without the file."""
    examples = tuple(_example(number, line) for number, line in _lines(path))
    numbers = {example.number for example in examples}
    if len(numbers) < len(examples):
        raise StoryError(f"{path.name}: a requisition number stands there twice")
    for example in examples:
        if example.after is not None and example.after not in numbers:
            raise StoryError(f"{path.name}: {example.number} waits for {example.after}, which is not in the file")
    return examples


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            yield number, line


def _example(number: int, line: str) -> Example:
    try:
        return Example.model_validate(json.loads(line))
    except (json.JSONDecodeError, ValidationError) as error:
        raise StoryError(f"line {number}: {error}") from None


def request_body(example: Example, today: date) -> dict[str, Any]:
    """The request as it is posted, with relative days resolved. Raises ValueError for a day that cannot be read."""
    body: dict[str, Any] = json.loads(json.dumps(example.request))
    body["need_by"] = resolve_day(body["need_by"], today).isoformat()
    for line in body["lines"]:
        if "need_by" in line:
            line["need_by"] = resolve_day(line["need_by"], today).isoformat()
    return body


def requisition_of(example: Example, today: date) -> Requisition:
    """The request in the domain's terms. Raises pydantic's ValidationError when it is none."""
    return Requisition.model_validate(request_body(example, today))


def amended_body(example: Example, intervention: Intervention, today: date) -> dict[str, Any]:
    """The whole request with the quantities that an amendment gives it."""
    body = request_body(example, today)
    for line in body["lines"]:
        line["quantity"]["value"] = intervention.quantities.get(str(line["line"]), line["quantity"]["value"])
    return body


def delegation_body(substitution: Substitution, today: date) -> dict[str, Any]:
    """A delegation as it is posted: it ends with the beginning of its last day (UTC)."""
    return {
        "delegate": substitution.delegate,
        "valid_until": f"{resolve_day(substitution.until, today).isoformat()}T00:00:00Z",
        "scope": {"facilities": list(substitution.facilities), "roles": list(substitution.roles)},
        "reason": substitution.reason,
    }


def acknowledged_lines(answer: SupplierAnswer, today: date) -> list[dict[str, Any]]:
    """The lines of an acknowledgement, with relative days resolved."""
    lines = [dict(line) for line in answer.lines]
    for line in lines:
        if "delivery_date" in line:
            line["delivery_date"] = resolve_day(str(line["delivery_date"]), today).isoformat()
    return lines
