"""All of the outside that a worker acts on."""

from __future__ import annotations

from dataclasses import dataclass

from activities.hire_ports import Hiring
from activities.paying import BuildFile
from domain.ports.assistant import Assistant
from domain.ports.bank import BankMessageReader, BankPort
from domain.ports.commitments import CommitmentPort
from domain.ports.directory import DirectoryPort
from domain.ports.documents import DocumentStore
from domain.ports.erp import ErpPort
from domain.ports.erp_changes import ErpChanges, SweepPlaces
from domain.ports.evidence import EvidenceReader, EvidenceWriter
from domain.ports.invoice_register import InvoiceRegister, PaymentLedger
from domain.ports.match_records import MatchRecords
from domain.ports.payables import PayablesPort
from domain.ports.policies import PolicyStore
from domain.ports.supplier_answers import SupplierAnswers
from domain.ports.suppliers import SupplierChannel


@dataclass(frozen=True)
class Invoicing:
    """What invoices and payments need besides; as in `activities.invoice_ports`."""

    payables: PayablesPort
    documents: DocumentStore
    matches: MatchRecords
    register: InvoiceRegister
    ledger: PaymentLedger
    answers: SupplierAnswers
    assistant: Assistant
    bank: BankPort
    bank_reader: BankMessageReader
    policies: PolicyStore
    build_file: BuildFile
    positive_pay: BuildFile | None = None


@dataclass(frozen=True)
class ErpFollowing:
    """What following an ERP needs in which people work as well; as in `activities.erp_desk`."""

    changes: ErpChanges
    places: SweepPlaces
    policies: PolicyStore


@dataclass(frozen=True)
class Ports:
    """All of the outside that the steps need. Without `invoicing` and `hiring` a worker serves purchases alone; without
    `following` nobody but Corridor works in the ERP."""

    erp: ErpPort
    commitments: CommitmentPort
    suppliers: SupplierChannel
    directory: DirectoryPort
    evidence: EvidenceWriter
    reader: EvidenceReader
    invoicing: Invoicing | None = None
    hiring: Hiring | None = None
    following: ErpFollowing | None = None
