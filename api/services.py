"""Everything that the gateway needs of the outside, handed to `create_app` as one value."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from api.case_client import CaseClient
from api.codec_desk import CodecDesk
from api.event_sources import EventSource
from api.link_policy import LinkPolicy
from api.security import TokenVerifier
from domain.ports.capture import InvoiceReader
from domain.ports.checkpoints import CheckpointStore
from domain.ports.delegations import DelegationStore
from domain.ports.directory import DirectoryPort
from domain.ports.documents import DocumentStore
from domain.ports.evidence import EvidenceReader, NoticeBoard, WorklistTask
from domain.ports.hire_files import HireFileLedger
from domain.ports.hire_standings import HireStandings
from domain.ports.invoice_register import InvoiceRegister, PaymentLedger
from domain.ports.keeping import EvidenceKeeper
from domain.ports.overrides import SegregationOverrides
from domain.ports.policies import PolicyStore

DEFAULT_MAX_BODY_BYTES = 1_000_000
READ_SIDE_BY_SIDE = 2
"""Documents that one gateway reads at once: each may take many times its size in memory."""


class ClaimWriter(Protocol):
    """Who takes what off the team's list; as `EvidenceReader` has it."""

    async def claim(self, task_id: str, person: str, at: datetime) -> WorklistTask | None: ...

    async def unclaim(self, task_id: str, person: str) -> None: ...


@dataclass(frozen=True)
class Services:
    """`now` gives the current instant in UTC. `probes` raise when what they name is down. Without `links`, links
    in mails are not taken. Without keys there is no `codec_desk`. `metrics_token` is what readers
    of the metrics must show. `reading` keeps too many documents from being read at once.
    """

    cases: CaseClient
    reader: EvidenceReader
    claims: ClaimWriter
    checkpoints: CheckpointStore
    keeper: EvidenceKeeper
    policies: PolicyStore
    tokens: TokenVerifier
    event_sources: Sequence[EventSource]
    directory: DirectoryPort
    delegations: DelegationStore
    overrides: SegregationOverrides
    notices: NoticeBoard
    documents: DocumentStore
    invoice_reader: InvoiceReader
    register: InvoiceRegister
    payments: PaymentLedger
    hires: HireStandings
    hire_files: HireFileLedger
    now: Callable[[], datetime]
    probes: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    links: LinkPolicy | None = None
    metrics_token: SecretStr | None = None
    codec_desk: CodecDesk | None = None
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READ_SIDE_BY_SIDE))
