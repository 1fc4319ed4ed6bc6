"""Every process that a worker runs, and how releases treat the cases of each."""

from __future__ import annotations

from temporalio import workflow

from workflows.erp_changes import CollectErpChanges
from workflows.hire_to_provision import HireToProvision
from workflows.housekeeping import ReconcileCases, SealEvidence
from workflows.incident import Incident
from workflows.invoice_to_payment import InvoiceToPayment
from workflows.payment_run import PaymentRun
from workflows.payment_schedules import CollectBankMessages, ProposePayments
from workflows.procure_to_pay import ProcureToPay
from workflows.rescreen_workforce import EndAccess, RescreenWorkforce

LONG: tuple[type, ...] = (ProcureToPay, InvoiceToPayment, PaymentRun, HireToProvision, Incident)
"""Wait for people and the world, for weeks: a case goes on under each new version, and patches keep it going."""

SHORT: tuple[type, ...] = (
    ProposePayments,
    CollectBankMessages,
    CollectErpChanges,
    RescreenWorkforce,
    EndAccess,
    SealEvidence,
    ReconcileCases,
)
"""End within minutes, an hour at most: a run ends under the version that it began with, and needs no patches."""

PROCESSES = (*LONG, *SHORT)


def name_of(process: type) -> str:
    """The name by which Temporal knows the process; raises ValueError for what is none."""
    name = workflow._Definition.must_from_class(process).name
    if name is None:
        raise ValueError(f"{process.__name__} has no name of its own")
    return name


LONG_NAMES = tuple(map(name_of, LONG))
SHORT_NAMES = tuple(map(name_of, SHORT))
