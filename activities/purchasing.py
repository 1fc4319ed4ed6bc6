"""The steps of procure-to-pay over the ports: translate, act once, record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from temporalio import activity

from activities.approver_reads import approver_directory
from activities.errors import classified, own_store
from activities.waiting_invoices import WaitingInvoices
from domain.case import TimelineEntry
from domain.checks import Assessment, assess
from domain.commitment_lines import order_commitment
from domain.master_data import MasterData, SupplierRisk
from domain.outside_errors import RefusedError
from domain.people import Person
from domain.ports.commitments import CommitmentLine, CommitmentPort, ReservationResult
from domain.ports.directory import DirectoryPort
from domain.ports.erp import ErpPort, MasterDataQuery
from domain.ports.evidence import EvidenceReader, EvidenceWriter, SpendFilter, SpendLine
from domain.ports.suppliers import OrderDispatch, SupplierChannel
from domain.purchase import DispatchProof, PlacedOrder
from domain.requisition import Requisition
from workflows.steps.inputs import (
    ChangeOrderInput,
    CheckInput,
    CloseOrderInput,
    EndOrderInput,
    FollowOrderInput,
    PlaceOrderInput,
    ReceiptInput,
    ReleaseInput,
    ReserveInput,
    ReturnInput,
    SendOrderInput,
    StepInput,
    StockInput,
    UndoStockInput,
)
from workflows.steps.purchasing import PurchasingSteps

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


class PurchasingActivities(PurchasingSteps):
    """`clock` gives the instant (UTC) at which a step is recorded; decisions use the workflow's time."""

    def __init__(
        self,
        erp: ErpPort,
        commitments: CommitmentPort,
        suppliers: SupplierChannel,
        directory: DirectoryPort,
        evidence: EvidenceWriter,
        reader: EvidenceReader,
        clock: Clock = wall_clock,
        invoices: WaitingInvoices | None = None,
    ) -> None:
        self._erp, self._commitments, self._suppliers = erp, commitments, suppliers
        self._directory, self._evidence, self._reader, self._clock = directory, evidence, reader, clock
        self._invoices = invoices

    @activity.defn(name="check_requisition")
    async def check_requisition(self, step: CheckInput) -> Assessment:
        async with classified():
            master = await self._erp.master_data(_query(step))
            requester = await self._directory.person(step.requisition.requester)
            assessed = assess(
                step.requisition,
                master,
                step.policy,
                step.today,
                requester,
                recent=await self._recent(step),
                accepted=frozenset(step.accepted),
                cancelled_lines=frozenset(step.cancelled_lines),
                manager=await self._manager(step),
            )
            assessed = assessed.model_copy(update=await self._surroundings(step, assessed, master))
            found = [finding.model_dump(mode="json") for finding in assessed.findings]
            await self._record(
                step, "checked", f"Checked: {len(found)} finding(s)", findings=found, notes=list(assessed.notes)
            )
        return assessed

    async def _surroundings(self, step: CheckInput, assessed: Assessment, master: MasterData) -> dict[str, Any]:
        """What the rules of approval and of segregated duties look at beyond the lines."""
        linked = [await self._reader.family_duties(case) for case in step.requisition.linked_cases]
        return {
            "risks": _risks(assessed, master),
            "approvers": await approver_directory(self._directory, step.policy, step.requisition.requester),
            "family_duties": tuple(sorted({done for duties in linked for done in duties}, key=str)),
        }

    async def _manager(self, step: CheckInput) -> Person | None:
        """Of the hire that the goods are for; HR, who asked for it, may charge nobody."""
        manager = step.requisition.on_behalf_of
        return await self._directory.person(manager) if step.ordered_for and manager else None

    async def _recent(self, step: CheckInput) -> Sequence[SpendLine]:
        if step.ordered_for:
            return ()  # each hire is given what its plan says, however many begin in a week
        # The store counts UTC days, which begin hours before or after the facility's; the rule itself is exact.
        window, margin = timedelta(days=step.policy.splitting.window_days), timedelta(days=1)
        near = SpendFilter(
            facility=step.requisition.facility,
            since=step.today - window - margin,
            until=step.today + margin,
            requester=step.requisition.requester,
            cost_centres=tuple(sorted({share.cost_centre for line in step.requisition.lines for share in line.costs})),
            below=step.policy.splitting.limit,
        )
        recent = await self._reader.recent_spend(near)
        return [each for each in recent if each.case_id != step.case_id]

    @activity.defn(name="reserve_commitments")
    async def reserve_commitments(self, step: ReserveInput) -> ReservationResult:
        async with classified():
            keys = sorted({line.budget for line in step.lines}, key=str)
            budgets = await self._erp.budgets(keys)
            behaviour = cast(Literal["stop", "warn", "ignore"], step.behaviour)
            result = await self._commitments.reserve(step.key, step.case_id, step.lines, budgets, behaviour)
            summary = "Money reserved" if result.reserved else "Money not reserved: budget exceeded"
            shortfalls = [each.model_dump(mode="json") for each in result.shortfalls]
            await self._record(step, "commitment.reserved", summary, shortfalls=shortfalls, lines=_booked(step.lines))
        return result

    @activity.defn(name="release_commitments")
    async def release_commitments(self, step: ReleaseInput) -> None:
        async with classified():
            await self._commitments.release(step.key, step.case_id)
            await self._record(step, "commitment.released", "Reserved money released")

    @activity.defn(name="issue_stock")
    async def issue_stock(self, step: StockInput) -> str:
        async with classified():
            number = await self._erp.issue_stock(step.issue)
            await self._record(
                step, "stock.issued", f"Issued from stock: {number}", issue=step.issue.model_dump(mode="json")
            )
        return number

    @activity.defn(name="return_stock")
    async def return_stock(self, step: UndoStockInput) -> None:
        async with classified():
            await self._erp.return_stock(step.external_id, step.reason)
            await self._record(step, "stock.returned", "Issue from stock undone", external_id=step.external_id)

    @activity.defn(name="place_order")
    async def place_order(self, step: PlaceOrderInput) -> PlacedOrder:
        async with classified():
            order = await self._erp.place_order(step.draft)
            lines = order_commitment(order, step.draft.facility, step.fiscal_year)
            await self._commitments.move_to_order(f"{order.external_id}:commit", step.case_id, lines)
            await self._record_order(step, "order.placed", f"Ordered: {order.number} from {order.supplier}", order)
        return order

    @activity.defn(name="send_order")
    async def send_order(self, step: SendOrderInput) -> DispatchProof:
        async with classified():
            supplier = await self._supplier(step)
            proof = await self._suppliers.send_order(
                OrderDispatch(
                    order=step.order,
                    supplier=supplier,
                    facility=step.facility,
                    case_id=step.case_id,
                    version=step.version,
                    occasion=step.occasion,
                    key=step.key,
                    issued_on=step.issued_on,
                )
            )
            summary = f"Sent {step.occasion} {step.order.number} to {proof.recipient}"
            await self._record(step, f"supplier.{step.occasion}-sent", summary, proof=proof.model_dump(mode="json"))
        return proof

    async def _supplier(self, step: SendOrderInput) -> Any:
        """Raises RefusedError when the master no longer has the supplier."""
        code = step.order.supplier
        query = MasterDataQuery(
            facility=step.facility.code, on=self._clock().date(), cost_centres=(), items=(), suppliers=(code,)
        )
        for supplier in (await self._erp.master_data(query)).suppliers:
            if supplier.code == code:
                return supplier
        raise RefusedError("erp", "supplier-unknown", f"the supplier master has no {code}")

    @activity.defn(name="change_order")
    async def change_order(self, step: ChangeOrderInput) -> PlacedOrder:
        async with classified():
            order = await self._erp.change_order(step.number, step.external_id, step.lines)
            await self._commit_anew(step, step.external_id, order, step.fiscal_year)
            await self._record_order(step, "order.changed", f"Changed: {order.number}, now {order.total}", order)
        return order

    @activity.defn(name="follow_order")
    async def follow_order(self, step: FollowOrderInput) -> PlacedOrder:
        async with classified():
            order = await self._held(step.order_id)
            await self._commit_anew(step, step.key, order, step.fiscal_year)
            summary = f"Taken over from the ERP: {order.number}, now {order.total}"
            await self._record_order(step, "order.followed", summary, order)
        return order

    async def _commit_anew(self, step: StepInput, key: str, order: PlacedOrder, fiscal_year: int) -> None:
        lines = order_commitment(order, step.journal.snapshot.facility, fiscal_year)
        await self._commitments.move_to_order(f"{key}:commit", step.case_id, lines)
        cancelled = [line.line for line in order.lines if order.status == "cancelled" or not line.quantity.value]
        if cancelled:
            await self._commitments.release(f"{key}:release", step.case_id, cancelled)

    async def _held(self, order_id: str) -> PlacedOrder:
        """The order as the ERP holds it. Raises RefusedError when it is gone."""
        order = await self._erp.find_order(order_id)
        if order is None:
            raise RefusedError("erp", "order-unknown", f"the ERP has no order {order_id} any more")
        return order

    @activity.defn(name="cancel_order")
    async def cancel_order(self, step: EndOrderInput) -> PlacedOrder | None:
        async with classified():
            order = await self._erp.find_order(step.external_id)
            if order is None:
                await self._record(step, "order.never-placed", "There is no order to cancel")
                return None
            cancelled = await self._erp.cancel_order(order.number, step.reason)
            lines = [line.line for line in order.lines]
            await self._commitments.release(f"{step.external_id}:cancel", step.case_id, lines)
            await self._record_order(step, "order.cancelled", f"Cancelled: {order.number}", cancelled)
        return cancelled

    @activity.defn(name="post_receipt")
    async def post_receipt(self, step: ReceiptInput) -> PlacedOrder:
        async with classified():
            if step.booked_on:
                order = await self._held(step.booked_on)
            else:
                order = await self._erp.post_receipt(step.external_id, step.receipt)
            await self._tell_invoices(order.number, step.external_id)
            summary = f"Received on {order.number}: {step.receipt.delivery_note}"
            await self._record(step, "goods.booked", summary, receipt=step.receipt.model_dump(mode="json"))
        return order

    @activity.defn(name="post_return")
    async def post_return(self, step: ReturnInput) -> PlacedOrder:
        async with classified():
            if step.booked_on:
                order = await self._held(step.booked_on)
            else:
                order = await self._erp.post_return(step.external_id, step.goods_return)
            await self._tell_invoices(order.number, step.external_id)
            await self._record(
                step,
                "goods.return-booked",
                f"Returned on {order.number}",
                goods_return=step.goods_return.model_dump(mode="json"),
            )
        return order

    @activity.defn(name="close_order")
    async def close_order(self, step: CloseOrderInput) -> PlacedOrder:
        async with classified():
            order = await self._erp.close_order(step.number, step.short, step.reason)
            if step.settlement is not None:
                await self._commitments.invoice(f"{step.key}:invoice", step.case_id, step.settled)
            await self._commitments.release(f"{step.key}:release", step.case_id, step.lines)
            how = "closed short" if step.short else "closed"
            await self._record_order(step, f"order.{how.replace(' ', '-')}", f"Order {order.number} {how}", order)
        return order

    async def _tell_invoices(self, order_number: str, event_id: str) -> None:
        if self._invoices is not None:
            await self._invoices.tell(order_number, event_id)

    async def _record_order(self, step: StepInput, kind: str, summary: str, order: PlacedOrder) -> None:
        await self._record(step, kind, summary, order=order.model_dump(mode="json"))

    async def _record(self, step: StepInput, kind: str, summary: str, **detail: Any) -> None:
        """Write the step's own entry with the facts that came along; repeating it changes nothing."""
        entry = TimelineEntry(seq=step.seq, at=self._clock(), kind=kind, summary=summary, detail=detail)
        async with own_store():
            await self._evidence.record(step.journal.with_entry(entry))


def _risks(assessed: Assessment, master: MasterData) -> tuple[SupplierRisk, ...]:
    suppliers = {line.supplier for line in assessed.lines if line.to_order}
    return tuple(sorted({each.risk for each in master.suppliers if each.code in suppliers}))


def _query(step: CheckInput) -> MasterDataQuery:
    requisition = step.requisition
    return MasterDataQuery(
        facility=requisition.facility,
        on=step.today,
        cost_centres=tuple(sorted({share.cost_centre for line in requisition.lines for share in line.costs})),
        items=tuple(sorted({line.item for line in requisition.lines if line.item})),
        suppliers=tuple(sorted({line.supplier for line in requisition.lines if line.supplier})),
        accounts=_accounts(requisition),
    )


def _accounts(requisition: Requisition) -> tuple[str, ...]:
    return tuple(sorted({share.account for line in requisition.lines for share in line.costs if share.account}))


def _booked(lines: Sequence[CommitmentLine]) -> list[dict[str, Any]]:
    return [line.model_dump(mode="json") for line in lines]
