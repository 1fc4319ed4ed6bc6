"""The books of the ERP in memory: master data by code, and orders that never change in place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NoReturn

from domain.master_data import Contract, CostCentre, Item, Supplier
from domain.money import Money
from domain.outside_errors import RefusedError
from domain.purchase import OrderDraft, OrderLine, OrderStatus, PlacedOrder
from domain.reference_system import Account, ClosedPeriod, ReferenceSystem
from domain.requisition import CostShare


def refuse(code: str, message: str) -> NoReturn:
    raise RefusedError("erp", code, message)


@dataclass(frozen=True)
class HeldOrder:
    """An order as the books hold it. `drawn` is what each line took from its contract."""

    number: str
    draft: OrderDraft
    status: OrderStatus
    lines: Mapping[int, OrderLine]
    received: Mapping[int, Decimal] = field(default_factory=dict)
    drawn: Mapping[int, Decimal] = field(default_factory=dict)

    def settled(self) -> HeldOrder:
        """With the status that its quantities give it, unless it is closed or cancelled."""
        if self.status not in ("open", "received"):
            return self
        quantities = {number: line.quantity.value for number, line in self.lines.items()}
        status: OrderStatus = "open"
        if not any(quantities.values()):
            status = "cancelled"
        elif all(self.received.get(number, Decimal(0)) >= wanted for number, wanted in quantities.items()):
            status = "received"
        return replace(self, status=status)

    def draws(self, only_received: bool) -> dict[int, Decimal]:
        """What each contract line draws: its whole amount, or that of the received part."""
        return {number: self._draw(line, only_received) for number, line in self.lines.items() if line.contract}

    def _draw(self, line: OrderLine, only_received: bool) -> Decimal:
        received = self.received.get(line.line, Decimal(0))
        quantity = min(line.quantity.value, received) if only_received else line.quantity.value
        return line.unit_price.times(quantity).rounded().amount

    def view(self) -> PlacedOrder:
        return PlacedOrder(
            number=self.number,
            external_id=self.draft.external_id,
            supplier=self.draft.supplier,
            status=self.status,
            total=Money.total((line.amount for line in self.lines.values()), self.draft.currency),
            lines=tuple(self.lines[number] for number in sorted(self.lines)),
            received={number: quantity for number, quantity in sorted(self.received.items()) if quantity},
        )


class MasterFile:
    """Master data by code, and the opening balances that only documents move."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.cost_centres: dict[str, CostCentre] = {}
        self.items: dict[str, Item] = {}
        self.suppliers: dict[str, Supplier] = {}
        self.contracts: dict[str, Contract] = {}
        self.contracts_by_item: defaultdict[str, set[str]] = defaultdict(set)
        self.category_accounts: dict[str, str] = {}
        self.closed_periods: defaultdict[str, set[ClosedPeriod]] = defaultdict(set)
        self.stock: dict[tuple[str, str], Decimal] = {}
        self.drawn: dict[str, Decimal] = {}
        self.over_receipt_percent = 10

    def load(self, system: ReferenceSystem) -> None:
        """Update the codes that `system` names; stock and drawn amounts that are there already stay. A facility with
        closed periods in `system` has exactly those.
        """
        self.accounts |= {each.code: each for each in system.accounts}
        self.category_accounts |= {name: each.code for each in system.accounts for name in each.categories}
        self.cost_centres |= {each.code: each for each in system.cost_centres}
        self.items |= {each.code: each for each in system.items}
        self.suppliers |= {each.code: each for each in system.suppliers}
        for contract in system.contracts:
            self.contracts[contract.number] = contract
            self.contracts_by_item[contract.item].add(contract.number)
            self.drawn.setdefault(contract.number, Decimal(0) if contract.drawn is None else contract.drawn.amount)
        for level in system.stock:
            self.stock.setdefault((level.facility, level.item), level.available)
        self.closed_periods.update({period.facility: set() for period in system.closed_periods})
        for period in system.closed_periods:
            self.closed_periods[period.facility].add(period)
        self.over_receipt_percent = system.over_receipt_percent

    def period_is_open(self, facility: str, day: date) -> bool:
        return not any(period.starts <= day <= period.ends for period in self.closed_periods[facility])

    def require_open_period(self, facility: str, day: date) -> None:
        if not self.period_is_open(facility, day):
            refuse("period-closed", f"The books of {facility} are closed on {day}.")

    def require_cost_centre(self, code: str) -> None:
        centre = self.cost_centres.get(code)
        if centre is None or not centre.open:
            refuse("cost-centre-closed", f"Cost centre {code} is unknown or closed.")

    def require_item(self, code: str | None) -> None:
        if code is not None and code not in self.items:
            refuse("item-unknown", f"Item {code} is not in the catalogue.")

    def require_supplier(self, code: str) -> None:
        supplier = self.suppliers.get(code)
        if supplier is None:
            refuse("supplier-unknown", f"Supplier {code} is not in the master data.")
        if "orders" in supplier.blocked_for:
            refuse("supplier-blocked", f"Supplier {code} is blocked for orders.")

    def require_costs(self, line: int, costs: Iterable[CostShare]) -> None:
        total = Decimal(0)
        for share in costs:
            self.require_cost_centre(share.cost_centre)
            account = self.accounts.get(share.account or "")
            if account is None or not account.open:
                refuse(
                    "account-unknown",
                    f"Line {line}: expense account {share.account or '(none)'} is unknown or closed.",
                )
            total += share.percent
        if total != 100:
            refuse("cost-split", f"Line {line}: the cost shares sum to {total}, not 100.")

    def require_contract(self, code: str, draft: OrderDraft, line: OrderLine) -> None:
        contract = self.contracts.get(code)
        if (
            contract is None
            or (contract.supplier, contract.item) != (draft.supplier, line.item)
            or contract.tiers[0].price.currency != draft.currency
        ):
            refuse(
                "contract-unknown",
                f"There is no contract {code} for this item with supplier {draft.supplier} in {draft.currency}.",
            )
        if not contract.starts <= draft.ordered_on <= contract.ends:
            refuse("contract-expired", f"Contract {code} runs from {contract.starts} to {contract.ends}.")

    def draw(self, order: HeldOrder, only_received: bool = False) -> HeldOrder:
        """Draw what the order's contracts owe now in place of what they gave before: all of them, or none."""
        draws = order.draws(only_received)
        changes: defaultdict[str, Decimal] = defaultdict(Decimal)
        for number, amount in draws.items():
            changes[order.lines[number].contract or ""] += amount - order.drawn.get(number, Decimal(0))
        for code, change in sorted(changes.items()):
            limit = self.contracts[code].limit
            if change > 0 and limit is not None and self.drawn[code] + change > limit.amount:
                left = limit.amount - self.drawn[code]
                refuse("contract-exhausted", f"Contract {code} has {left} of {limit.amount} {limit.currency} left.")
        for code, change in changes.items():
            self.drawn[code] += change
        return replace(order, drawn=draws)
