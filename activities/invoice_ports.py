"""What the steps of invoices and payments need of the outside."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ports.assistant import Assistant
from domain.ports.bank import BankMessageReader, BankPort
from domain.ports.case_messages import CaseMessenger
from domain.ports.commitments import CommitmentPort
from domain.ports.directory import DirectoryPort
from domain.ports.documents import DocumentStore
from domain.ports.erp import ErpPort
from domain.ports.evidence import EvidenceReader
from domain.ports.invoice_register import InvoiceRegister, PaymentLedger
from domain.ports.match_records import MatchRecords
from domain.ports.payables import PayablesPort
from domain.ports.policies import PolicyStore
from domain.ports.supplier_answers import SupplierAnswers


@dataclass(frozen=True)
class InvoicePorts:
    """`bank_reader` reads what `bank` sends; `policies` are frozen into payment runs."""

    erp: ErpPort
    payables: PayablesPort
    commitments: CommitmentPort
    directory: DirectoryPort
    reader: EvidenceReader
    documents: DocumentStore
    matches: MatchRecords
    register: InvoiceRegister
    ledger: PaymentLedger
    messenger: CaseMessenger
    answers: SupplierAnswers
    assistant: Assistant
    bank: BankPort
    bank_reader: BankMessageReader
    policies: PolicyStore
