"""The books of the ERP in memory: master data by code, and orders that never change in place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NoReturn

from domain.master_data import Contract, CostCentre, Item, Supplier
from domain.money import Money
from domain.outside_errors import RefusedError
from domain.payables import BlockedFor, OrderLinePosition, OrderPosition, PayableSupplier
from domain.payment import DebtorAccount
from domain.purchase import OrderDraft, OrderLine, OrderStatus, PlacedOrder
from domain.reference_system import Account, ClosedPeriod, PostingAccounts, ReferenceSystem
from domain.requisition import CostShare


def refuse(code: str, message: str) -> NoReturn:
    raise RefusedError("erp", code, message)


@dataclass(frozen=True)
class HeldOrder:
    """An order as the books hold it. `drawn` is what each line took from its contract; `accrued` what is owed for its
    goods without a bill, `billed` and `billed_amount` what bills took of it, each by line. `moved_on` is the day of the
    latest receipt or return.
    """

    number: str
    draft: OrderDraft
    status: OrderStatus
    lines: Mapping[int, OrderLine]
    received: Mapping[int, Decimal] = field(default_factory=dict)
    drawn: Mapping[int, Decimal] = field(default_factory=dict)
    billed: Mapping[int, Decimal] = field(default_factory=dict)
    billed_amount: Mapping[int, Decimal] = field(default_factory=dict)
    accrued: Mapping[int, Decimal] = field(default_factory=dict)
    moved_on: date | None = None

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

    def unbilled(self, line: int) -> Decimal:
        """The accrual that the line ought to have: what was received and not billed, at the order's price."""
        quantity = self.received.get(line, Decimal(0)) - self.billed.get(line, Decimal(0))
        return self.lines[line].unit_price.times(quantity).rounded().amount

    def position(self, master: MasterFile) -> OrderPosition:
        return OrderPosition(
            number=self.number,
            case_id=self.draft.case_id,
            facility=self.draft.facility,
            supplier=self.draft.supplier,
            requester=self.draft.requester,
            status=self.status,
            currency=self.draft.currency,
            lines=tuple(self._line_position(self.lines[number], master) for number in sorted(self.lines)),
        )

    def _line_position(self, line: OrderLine, master: MasterFile) -> OrderLinePosition:
        item = master.items.get(line.item or "")
        zero = Decimal(0)
        return OrderLinePosition(
            line=line,
            category=self.draft.categories.get(line.line) or ("" if item is None else item.category),
            received=self.received.get(line.line, zero),
            billed=self.billed.get(line.line, zero),
            billed_amount=Money(amount=self.billed_amount.get(line.line, zero), currency=self.draft.currency),
        )

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
        self.payables: dict[str, PayableSupplier] = {}
        self.debtors: dict[tuple[str, str], DebtorAccount] = {}
        self.posting_accounts = PostingAccounts()
        self.shared_facility = "shared"

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
        self._load_payables(system)

    def _load_payables(self, system: ReferenceSystem) -> None:
        for each in system.payable_suppliers:
            if each.code not in self.suppliers:
                refuse("data-invalid", f"Supplier {each.code} is not in the master data.")
            self.payables[each.code] = each
        self.debtors |= {(each.facility, each.currency): each for each in system.debtor_accounts}
        self.posting_accounts, self.shared_facility = system.posting_accounts, system.shared_facility

    def payable(self, code: str) -> PayableSupplier:
        """The supplier as accounts payable know it; refuses an unknown one."""
        supplier = self.suppliers.get(code)
        if supplier is None:
            refuse("supplier-unknown", f"Supplier {code} is not in the master data.")
        known = self.payables.get(code) or PayableSupplier(code=code, name="", currency=supplier.currency)
        every: tuple[BlockedFor, ...] = ("orders", "posting", "payment")
        blocked = {*supplier.blocked_for, *known.blocked_for}
        return known.model_copy(
            update=supplier.model_dump(include={"name", "email", "currency", "gln", "country", "risk"})
            | {"blocked_for": tuple(what for what in every if what in blocked)}
        )

    def first_open_day(self, facility: str, day: date) -> date:
        """`day`, or the first day after it on which the facility's books are open."""
        while closed := [each for each in self.closed_periods[facility] if each.starts <= day <= each.ends]:
            day = max(each.ends for each in closed) + timedelta(days=1)
        return day

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
