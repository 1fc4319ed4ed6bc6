"""The ERP port in memory, with the reference ERP's behaviour: same refusals, same numbers, no waiting.

Every method does its work without a pause in between, so that concurrent calls of one event loop never interleave.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from decimal import Decimal

from adapters.memory.erp_books import HeldOrder, refuse
from adapters.memory.erp_payables import MemoryPayables
from domain.master_data import Budget, BudgetKey, Contract, Item, MasterData, StockLevel
from domain.money import Money
from domain.ports.erp import MasterDataQuery
from domain.purchase import (
    GoodsReceipt,
    GoodsReturn,
    OrderDraft,
    OrderLine,
    PlacedOrder,
    StockIssue,
)
from domain.reference_system import ReferenceSystem


@dataclass
class _Issued:
    number: str
    issue: StockIssue
    returned: bool = False


class MemoryErp(MemoryPayables):
    """`domain.ports.erp.ErpPort` and `domain.ports.payables.PayablesPort` over the same books.

    Raises RefusedError as the reference ERP does; it is never unavailable by itself.
    """

    def __init__(self, system: ReferenceSystem) -> None:
        super().__init__()
        self._budgets: dict[BudgetKey, Budget] = {}
        self._order_numbers: dict[str, str] = {}
        self._changes: dict[str, str] = {}
        self._movements: dict[str, tuple[str, str]] = {}
        self._issues: dict[str, _Issued] = {}
        self.load(system)

    def load(self, system: ReferenceSystem) -> None:
        """Update the codes that `system` names; stock and drawn amounts that are there already stay."""
        self._master.load(system)
        self._budgets |= {each.key: each for each in system.budgets}

    @property
    def orders(self) -> tuple[PlacedOrder, ...]:
        """Every order in the books, in the order of their making: for those who count."""
        return tuple(order.view() for order in self._orders.values())

    def stock_of(self, facility: str, item: str) -> Decimal:
        return self._master.stock.get((facility, item), Decimal(0))

    async def health(self) -> None:
        return None

    async def master_data(self, query: MasterDataQuery) -> MasterData:
        master = self._master
        items = self._with_substitutes(query.items)
        suppliers = {*query.suppliers, *(item.supplier for item in items)}
        accounts = {*query.accounts, *(item.account for item in items), *master.category_accounts.values()}
        return MasterData(
            cost_centres=tuple(
                master.cost_centres[code] for code in sorted(set(query.cost_centres)) if code in master.cost_centres
            ),
            items=items,
            suppliers=tuple(master.suppliers[code] for code in sorted(suppliers) if code in master.suppliers),
            contracts=self._contracts(items, suppliers),
            stock=tuple(
                StockLevel(facility=query.facility, item=item.code, available=self.stock_of(query.facility, item.code))
                for item in items
                if (query.facility, item.code) in master.stock
            ),
            accounts=tuple(code for code in sorted(accounts) if code in master.accounts and master.accounts[code].open),
            category_accounts=tuple(sorted(master.category_accounts.items())),
            fiscal_year=query.on.year,
            period_open=master.period_is_open(query.facility, query.on),
        )

    def _with_substitutes(self, codes: Sequence[str]) -> tuple[Item, ...]:
        found: dict[str, Item] = {}
        waiting = list(codes)
        while waiting:
            item = self._master.items.get(waiting.pop())
            if item is not None and item.code not in found:
                found[item.code] = item
                waiting.extend([item.substitute] if item.substitute else [])
        return tuple(found[code] for code in sorted(found))

    def _contracts(self, items: Sequence[Item], suppliers: set[str]) -> tuple[Contract, ...]:
        numbers = sorted(number for item in items for number in self._master.contracts_by_item.get(item.code, ()))
        contracts = (self._master.contracts[number] for number in numbers)
        return tuple(self._with_draw(each) for each in contracts if each.supplier in suppliers)

    def _with_draw(self, contract: Contract) -> Contract:
        drawn = Money(amount=self._master.drawn[contract.number], currency=contract.tiers[0].price.currency)
        return contract.model_copy(update={"drawn": drawn})

    async def budgets(self, keys: Sequence[BudgetKey]) -> tuple[Budget, ...]:
        found = {key: self._budgets[key] for key in keys if key in self._budgets}
        return tuple(found[key] for key in sorted(found, key=_budget_order))

    async def issue_stock(self, issue: StockIssue) -> str:
        known = self._issues.get(issue.external_id)
        if known is not None:
            return known.number
        for line in issue.lines:
            self._master.require_cost_centre(line.cost_centre)
            if line.quantity <= 0:
                refuse("data-invalid", f"Line {line.line} asks for nothing.")
        wanted = _by_item(issue)
        for item, quantity in sorted(wanted.items()):
            self._require_stock(issue.facility, item, quantity)
        for item, quantity in wanted.items():
            self._master.stock[issue.facility, item] -= quantity
        number = self._next_number("IS")
        self._issues[issue.external_id] = _Issued(number, issue)
        return number

    def _require_stock(self, facility: str, item: str, quantity: Decimal) -> None:
        self._master.require_item(item)
        available = self.stock_of(facility, item)
        if available < quantity:
            refuse(
                "stock-short",
                f"The store room of {facility} has {available} of item {item}, {quantity} are asked for.",
            )

    async def return_stock(self, external_id: str, reason: str) -> None:  # noqa: ARG002 - the books in memory keep no reasons
        known = self._issues.get(external_id)
        if known is None or known.returned:
            return
        for item, quantity in _by_item(known.issue).items():
            self._master.stock[known.issue.facility, item] += quantity
        known.returned = True

    async def place_order(self, draft: OrderDraft) -> PlacedOrder:
        if draft.external_id not in self._order_numbers:
            self._require_order(draft)
            order = HeldOrder("", draft, "open", {line.line: line for line in draft.lines})
            drawn = self._master.draw(order)
            number = self._next_number(f"PO-{draft.ordered_on.year}")
            self._orders[number] = replace(drawn, number=number)
            self._order_numbers[draft.external_id] = number
        return self._orders[self._order_numbers[draft.external_id]].view()

    def _require_order(self, draft: OrderDraft) -> None:
        self._master.require_supplier(draft.supplier)
        self._master.require_open_period(draft.facility, draft.ordered_on)
        if not draft.lines:
            refuse("order-empty", "An order needs at least one line.")
        for line in draft.lines:
            _require_currency(line, draft.currency)
            if line.quantity.value == 0:
                refuse("quantity-zero", f"Line {line.line} orders nothing.")
            self._master.require_item(line.item)
            self._master.require_costs(line.line, line.costs)
            if line.contract is not None:
                self._master.require_contract(line.contract, draft, line)
        _require_valid(draft.lines)
        if len({line.line for line in draft.lines}) < len(draft.lines):
            refuse("data-invalid", "Two lines of an order have the same number.")

    async def find_order(self, external_id: str) -> PlacedOrder | None:
        number = self._order_numbers.get(external_id)
        return None if number is None else self._orders[number].view()

    async def change_order(self, number: str, external_id: str, lines: Sequence[OrderLine]) -> PlacedOrder:
        order = self._order(number)
        known = self._changes.get(external_id)
        if known not in (None, number):
            refuse("external-id-taken", f"That change belongs to order {known}.")
        if known is None:
            _require_open(order)
            changed = replace(order, lines={**order.lines, **_changed_lines(order, lines)})
            day = self._master.first_open_day(order.draft.facility, order.moved_on or order.draft.ordered_on)
            self._orders[number] = self._accrue(self._master.draw(changed).settled(), "RV", day)
            self._changes[external_id] = number
        return self._orders[number].view()

    async def cancel_order(self, number: str, reason: str) -> PlacedOrder:  # noqa: ARG002 - the books in memory keep no reasons
        order = self._order(number)
        if order.status != "cancelled":
            if any(order.received.values()):
                refuse("order-received", f"Goods of order {number} were received already.")
            if any(order.billed.values()):
                refuse("order-billed", f"Order {number} was billed already.")
            _require_open(order)
            self._orders[number] = replace(self._master.draw(order, only_received=True), status="cancelled")
        return self._orders[number].view()

    async def close_order(self, number: str, short: bool, reason: str) -> PlacedOrder:  # noqa: ARG002 - the books in memory keep no reasons
        order = self._order(number)
        if order.status not in ("closed", "closed-short"):
            _require_open(order)
            drawn = self._master.draw(order, only_received=True)
            self._orders[number] = replace(drawn, status="closed-short" if short else "closed")
        return self._orders[number].view()

    async def post_receipt(self, external_id: str, receipt: GoodsReceipt) -> PlacedOrder:
        order = self._order(receipt.order_number)
        if not self._is_known("receipt", external_id, order.number):
            _require_open(order)
            quantities = [(line.line, line.accepted) for line in receipt.lines]
            self._move(order, "GR", receipt.received_at.astimezone(UTC).date(), quantities)
            self._movements[external_id] = ("receipt", order.number)
        return self._orders[order.number].view()

    async def post_return(self, external_id: str, goods_return: GoodsReturn) -> PlacedOrder:
        order = self._order(goods_return.order_number)
        if not self._is_known("return", external_id, order.number):
            quantities = [(line.line, -line.quantity) for line in goods_return.lines]
            self._move(order, "RT", goods_return.returned_at.astimezone(UTC).date(), quantities)
            self._movements[external_id] = ("return", order.number)
        return self._orders[order.number].view()

    def _move(self, order: HeldOrder, kind: str, day: date, quantities: Sequence[tuple[int, Decimal]]) -> None:
        self._master.require_open_period(order.draft.facility, day)
        received = dict(order.received)
        for number, quantity in quantities:
            received[number] = self._received(order, received, number, quantity)
        moved_on = max(day, order.moved_on or day)
        self._orders[order.number] = self._accrue(
            replace(order, received=received, moved_on=moved_on).settled(), kind, day
        )

    def _received(self, order: HeldOrder, received: Mapping[int, Decimal], number: int, quantity: Decimal) -> Decimal:
        """The new total of the line."""
        line = order.lines.get(number)
        if line is None:
            refuse("line-unknown", f"Order {order.number} has no line {number}.")
        before, percent = received.get(number, Decimal(0)), self._master.over_receipt_percent
        if quantity > 0 and before + quantity > line.quantity.value * (100 + percent) / 100:
            refuse(
                "receipt-over",
                f"Line {number}: {quantity} more would be over the {line.quantity.value} ordered and the {percent} "
                "percent that may come on top.",
            )
        if before + quantity < 0:
            refuse("return-over", f"Line {number}: only {before} were received.")
        return before + quantity

    def _is_known(self, kind: str, external_id: str, number: str) -> bool:
        known = self._movements.get(external_id)
        if known not in (None, (kind, number)):
            refuse("external-id-taken", "That external id belongs to another movement.")
        return known is not None


def _budget_order(key: BudgetKey) -> tuple[str, str, str, int]:
    return key.facility, key.cost_centre, key.account, key.fiscal_year


def _by_item(issue: StockIssue) -> dict[str, Decimal]:
    wanted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in issue.lines:
        wanted[line.item] += line.quantity
    return wanted


def _require_open(order: HeldOrder) -> None:
    if order.status not in ("open", "received"):
        state = "cancelled" if order.status == "cancelled" else "closed"
        refuse("order-closed", f"Order {order.number} is {state}.")


def _require_currency(line: OrderLine, currency: str) -> None:
    if line.unit_price.currency != currency:
        refuse("currency-differs", f"Line {line.line} is in {line.unit_price.currency}, the order in {currency}.")


def _require_valid(lines: Sequence[OrderLine]) -> None:
    for line in lines:
        if line.quantity.value < 0 or line.unit_price.amount < 0:
            refuse("data-invalid", f"Line {line.line}: a quantity or price is negative.")


def _changed_lines(order: HeldOrder, changes: Sequence[OrderLine]) -> dict[int, OrderLine]:
    """The order's lines with the new price, quantity and date; everything else of a line stays as it was ordered."""
    changed: dict[int, OrderLine] = {}
    for change in changes:
        old = order.lines.get(change.line)
        if old is None:
            refuse("line-unknown", f"Order {order.number} has no line {change.line}.")
        _require_currency(change, order.draft.currency)
        _require_valid((change,))
        received = order.received.get(change.line, Decimal(0))
        if change.quantity.value < received:
            refuse("order-below-received", f"Line {change.line}: {received} were received already.")
        billed = order.billed.get(change.line, Decimal(0))
        if change.quantity.value < billed:
            refuse("order-below-billed", f"Line {change.line}: {billed} were billed already.")
        changed[change.line] = old.model_copy(
            update={
                "quantity": old.quantity.of(change.quantity.value),
                "unit_price": change.unit_price,
                "need_by": change.need_by,
            }
        )
    return changed
