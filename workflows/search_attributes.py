"""The search attributes of a case, by which operators find it in the Temporal Web UI.

Names are fixed: saved views and the registration of a server hang on them. No patient data and nothing about a person
goes into a search attribute; the dev server allows about ten keywords and three of each other type.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from domain.case import CaseSnapshot, Stage
from domain.money import Money

PROCESS = SearchAttributeKey.for_keyword("CorridorProcess")
FACILITY = SearchAttributeKey.for_keyword("CorridorFacility")
STAGE = SearchAttributeKey.for_keyword("CorridorStage")
AWAITING_ROLE = SearchAttributeKey.for_keyword("CorridorAwaitingRole")
EXCEPTION = SearchAttributeKey.for_keyword("CorridorException")
URGENCY = SearchAttributeKey.for_keyword("CorridorUrgency")
SUPPLIERS = SearchAttributeKey.for_keyword_list("CorridorSuppliers")
AWAITING_SINCE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("CorridorAwaitingSince")
DUE_AT: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("CorridorDueAt")
AMOUNT = SearchAttributeKey.for_float("CorridorAmount")

REGISTERED: tuple[SearchAttributeKey[Any], ...] = (
    PROCESS,
    FACILITY,
    STAGE,
    AWAITING_ROLE,
    EXCEPTION,
    URGENCY,
    SUPPLIERS,
    AWAITING_SINCE,
    DUE_AT,
    AMOUNT,
)

ALL: dict[str, str] = {
    PROCESS.name: "Keyword",
    FACILITY.name: "Keyword",
    STAGE.name: "Keyword",
    AWAITING_ROLE.name: "Keyword",
    EXCEPTION.name: "Keyword",
    URGENCY.name: "Keyword",
    SUPPLIERS.name: "KeywordList",
    AWAITING_SINCE.name: "Datetime",
    DUE_AT.name: "Datetime",
    AMOUNT.name: "Double",
}
"""Type of each attribute, in the words of `temporal operator search-attribute create --type`."""


def searchable_amount(amount: Money) -> float:
    """The amount as Temporal's Double, in units of its currency: to search by, never to compute with."""
    return float(amount.rounded().amount)  # the only conversion of money to a binary fraction: Temporal has no decimal


def at_start(process: str, facility: str, urgency: str) -> TypedSearchAttributes:
    """What is known when a case is submitted, before its workflow has run."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(PROCESS, process),
        SearchAttributePair(FACILITY, facility),
        SearchAttributePair(STAGE, phase_of("submitted")),
        SearchAttributePair(URGENCY, urgency),
    ]
    return TypedSearchAttributes(pairs)


_PHASES: dict[Stage, str] = {
    "submitted": "checks",
    "checks": "checks",
    "budget": "checks",
    "approval": "approval",
    "identification": "checks",
    "planning": "checks",
    "compensation": "compensation",
    "closed": "closed",
}


def phase_of(stage: Stage) -> str:
    """The stage as operators search for it: 'checks', 'approval', 'fulfilment', 'compensation' or 'closed'.

    Each change of a search attribute is paid for by every case; the finer stages are in the read model.
    """
    return _PHASES.get(stage, "fulfilment")


def updates(snapshot: CaseSnapshot) -> list[SearchAttributeUpdate[Any]]:
    """What changes when a case comes to wait for somebody else."""
    return [
        STAGE.value_set(phase_of(snapshot.stage)),
        AWAITING_ROLE.value_set(snapshot.awaiting_role or "nobody"),
        EXCEPTION.value_set(snapshot.exception_code or "none"),
        SUPPLIERS.value_set(list(snapshot.suppliers)),
        AWAITING_SINCE.value_set(snapshot.awaiting_since or snapshot.updated_at),
        DUE_AT.value_unset() if snapshot.due_at is None else DUE_AT.value_set(snapshot.due_at),
        AMOUNT.value_set(searchable_amount(snapshot.amount)),
    ]
