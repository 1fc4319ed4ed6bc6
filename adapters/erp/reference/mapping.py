"""Between the reference ERP's shapes and ours, one function each way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Literal

from adapters.erp.reference import wire
from domain.master_data import (
    Budget,
    BudgetKey,
    Contract,
    CostCentre,
    Item,
    MasterData,
    PriceTier,
    StockLevel,
    Supplier,
)
from domain.money import Money
from domain.ports.erp import MasterDataQuery
from domain.purchase import GoodsReceipt, GoodsReturn, OrderDraft, OrderLine, OrderStatus, PlacedOrder, StockIssue
from domain.quantity import Quantity
from domain.requisition import CostShare

STATUS: dict[str, OrderStatus] = {
    "OPEN": "open",
    "RECEIVED": "received",
    "CLOSED": "closed",
    "CLOSED_SHORT": "closed-short",
    "CANCELLED": "cancelled",
}


def new_order(draft: OrderDraft) -> wire.WireNewOrder:
    return wire.WireNewOrder(
        external_id=draft.external_id,
        case_id=draft.case_id,
        facility=draft.facility,
        supplier=draft.supplier,
        requester=draft.requester,
        currency=draft.currency,
        ordered_on=draft.ordered_on,
        lines=tuple(_new_line(line, draft.categories.get(line.line, "")) for line in draft.lines),
    )


def _new_line(line: OrderLine, category: str) -> wire.WireNewLine:
    return wire.WireNewLine(
        line=line.line,
        item=line.item,
        description=line.description,
        quantity=line.quantity.value,
        unit=line.quantity.unit,
        pack_size=line.quantity.pack_size,
        unit_price=line.unit_price.amount,
        currency=line.unit_price.currency,
        need_by=line.need_by,
        deliver_to=line.deliver_to,
        contract=line.contract,
        gtin=line.gtin,
        unspsc=line.unspsc,
        category=category,
        costs=tuple(
            wire.WireCost(cost_centre=share.cost_centre, account=share.account, percent=share.percent)
            for share in line.costs
        ),
    )


def order_change(number: str, external_id: str, lines: Sequence[OrderLine]) -> wire.WireOrderChange:
    return wire.WireOrderChange(
        number=number,
        external_id=external_id,
        lines=tuple(
            wire.WireChangedLine(
                line=line.line,
                quantity=line.quantity.value,
                unit_price=line.unit_price.amount,
                currency=line.unit_price.currency,
                need_by=line.need_by,
            )
            for line in lines
        ),
    )


def receipt_movement(external_id: str, receipt: GoodsReceipt) -> wire.WireMovement:
    return wire.WireMovement(
        number=receipt.order_number,
        external_id=external_id,
        booked_on=receipt.received_at.astimezone(UTC).date(),
        booked_by=receipt.received_by,
        delivery_note=receipt.delivery_note,
        lines=tuple(
            wire.WireMovementLine(line=line.line, quantity=line.accepted, rejected=line.rejected, reason=line.reason)
            for line in receipt.lines
        ),
    )


def return_movement(external_id: str, goods_return: GoodsReturn) -> wire.WireMovement:
    return wire.WireMovement(
        number=goods_return.order_number,
        external_id=external_id,
        booked_on=goods_return.returned_at.astimezone(UTC).date(),
        booked_by=goods_return.returned_by,
        lines=tuple(
            wire.WireMovementLine(line=line.line, quantity=line.quantity, reason=line.reason)
            for line in goods_return.lines
        ),
    )


def stock_issue(issue: StockIssue) -> wire.WireIssue:
    return wire.WireIssue(
        external_id=issue.external_id,
        case_id=issue.case_id,
        facility=issue.facility,
        deliver_to=issue.deliver_to,
        lines=tuple(
            wire.WireIssueLine(line=line.line, item=line.item, quantity=line.quantity, cost_centre=line.cost_centre)
            for line in issue.lines
        ),
    )


def master_data_query(query: MasterDataQuery) -> wire.WireMasterDataQuery:
    return wire.WireMasterDataQuery(
        facility=query.facility,
        on=query.on,
        cost_centres=query.cost_centres,
        items=query.items,
        suppliers=query.suppliers,
        accounts=query.accounts,
    )


def budget_key(key: BudgetKey) -> wire.WireBudgetKey:
    return wire.WireBudgetKey(
        facility=key.facility, cost_centre=key.cost_centre, account=key.account, fiscal_year=key.fiscal_year
    )


def placed_order(order: wire.WireOrder) -> PlacedOrder:
    return PlacedOrder(
        number=order.number,
        external_id=order.external_id,
        supplier=order.supplier,
        status=STATUS[order.status],
        total=Money(amount=order.total, currency=order.currency),
        lines=tuple(order_line(line, order.currency) for line in order.lines),
        received={line.line: line.received for line in order.lines if line.received},
    )


def order_line(line: wire.WireHeldLine, currency: str) -> OrderLine:
    return OrderLine(
        line=line.line,
        item=line.item,
        description=line.description,
        quantity=Quantity(value=line.quantity, unit=line.unit, pack_size=line.pack_size),
        unit_price=Money(amount=line.unit_price, currency=currency),
        need_by=line.need_by,
        deliver_to=line.deliver_to,
        costs=tuple(
            CostShare(cost_centre=cost.cost_centre, percent=cost.percent, account=cost.account) for cost in line.costs
        ),
        contract=line.contract,
        gtin=line.gtin,
        unspsc=line.unspsc,
    )


def master_data(data: wire.WireMasterData) -> MasterData:
    return MasterData(
        cost_centres=tuple(
            CostCentre(code=each.code, name=each.name, facility=each.facility, open=each.open, owner=each.owner)
            for each in data.cost_centres
        ),
        items=tuple(_item(each) for each in data.items),
        suppliers=tuple(_supplier(each) for each in data.suppliers),
        contracts=tuple(_contract(each) for each in data.contracts),
        stock=tuple(
            StockLevel(facility=each.facility, item=each.item, available=each.available) for each in data.stock
        ),
        accounts=data.accounts,
        category_accounts=tuple((each.category, each.account) for each in data.category_accounts),
        fiscal_year=data.fiscal_year,
        period_open=data.period_open,
    )


def _item(item: wire.WireItem) -> Item:
    return Item(
        code=item.code,
        description=item.description,
        category=item.category,
        account=item.account,
        unit=Quantity(value=item.unit_quantity, unit=item.unit, pack_size=item.pack_size),
        price=Money(amount=item.price, currency=item.currency),
        supplier=item.supplier,
        gtin=item.gtin,
        unspsc=item.unspsc,
        active=item.active,
        substitute=item.substitute,
    )


def _supplier(supplier: wire.WireSupplier) -> Supplier:
    blocks: tuple[tuple[Literal["orders", "payment"], bool], ...] = (
        ("orders", supplier.blocked_orders),
        ("payment", supplier.blocked_payment),
    )
    return Supplier(
        code=supplier.code,
        name=supplier.name,
        email=supplier.email,
        currency=supplier.currency,
        blocked_for=tuple(what for what, blocked in blocks if blocked),
        lead_days=supplier.lead_days,
        gln=supplier.gln,
        country=supplier.country,
        risk=supplier.risk,
    )


def _contract(contract: wire.WireContract) -> Contract:
    def money(amount: Decimal) -> Money:
        return Money(amount=amount, currency=contract.currency)

    return Contract(
        number=contract.number,
        supplier=contract.supplier,
        item=contract.item,
        tiers=tuple(PriceTier(minimum=tier.minimum, price=money(tier.price)) for tier in contract.tiers),
        starts=contract.starts,
        ends=contract.ends,
        limit=None if contract.value_limit is None else money(contract.value_limit),
        drawn=money(contract.drawn),
    )


def budget(row: wire.WireBudget) -> Budget:
    return Budget(
        key=BudgetKey(
            facility=row.facility, cost_centre=row.cost_centre, account=row.account, fiscal_year=row.fiscal_year
        ),
        total=Money(amount=row.total, currency=row.currency),
        spent=Money(amount=row.spent, currency=row.currency),
    )
