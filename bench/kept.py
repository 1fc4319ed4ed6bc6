"""Whole purchases over real stores: evidence, commitments and the ERP's books in PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from temporalio.client import Client

from adapters.erp.reference.adapter import ReferenceErp
from adapters.erp.reference.install import install, seed
from adapters.postgres.commitments import PostgresCommitments
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.migrate import migrate
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.reader import PostgresReader
from bench.purchases import Hospital
from domain.policy.model import SplittingRule
from domain.ports.suppliers import OrderDispatch
from domain.purchase import DispatchProof
from tests.fixtures.postgres import PostgresTestServer
from tests.fixtures.small_hospital import policy, reference_system

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CONNECTIONS = 12


@dataclass(frozen=True)
class Stores:
    """Two databases that are ready for a worker."""

    evidence: str
    erp: str


async def stores(server: PostgresTestServer) -> Stores:
    found = Stores(await server.create_database("evidence"), await server.create_database("erp"))
    await migrate(found.evidence)
    await install(found.erp)
    await seed(found.erp, reference_system(datetime.now(UTC).date()))
    return found


class _Sent:
    """A way to suppliers that keeps nothing, so that nothing grows here."""

    async def health(self) -> None:
        pass

    async def send_order(self, dispatch: OrderDispatch) -> DispatchProof:
        return DispatchProof(
            channel="email",
            recipient=dispatch.supplier.email,
            message_id=f"<{dispatch.order.number}@bench>",
            answer="250 taken",
            dispatched_at=datetime.now(UTC),
            document_sha256={},
        )


class KeptHospital(Hospital):
    """No need is looked for that was split: all requests are of one person, who would have asked for thousands."""

    def __init__(self, client: Client, pool: Pool, erp: ReferenceErp) -> None:
        super().__init__(client)
        self.policy = policy(splitting=SplittingRule(limit=Decimal(1)))
        self.tasks = PostgresReader(pool)
        self.ports = replace(
            self.ports,
            erp=erp,
            commitments=PostgresCommitments(pool),
            suppliers=_Sent(),
            evidence=PostgresEvidence(pool),
            reader=self.tasks,
        )


@asynccontextmanager
async def kept_hospital(client: Client, kept: Stores) -> AsyncIterator[KeptHospital]:
    pool = await open_pool(kept.evidence, max_size=CONNECTIONS)
    try:
        async with ReferenceErp.connect(kept.erp) as erp:
            yield KeptHospital(client, pool, erp)
    finally:
        await pool.close()


def resident_bytes(process: int) -> int:
    """Of memory that the process holds now."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_BYTES


def temporal_server() -> int:
    """The process that this one started as its Temporal server. Raises LookupError."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                name, rest = (folder / "stat").read_text().split(") ", 1)
            except OSError:
                continue  # it ended meanwhile
            if rest.split()[1] == str(os.getpid()) and name.partition("(")[2].startswith("temporal"):
                return int(folder.name)
    raise LookupError("no Temporal server was started here")
