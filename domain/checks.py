"""What the system of record says about a requisition: usable lines, and what people must decide first."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from domain.authority import ApproverDirectory
from domain.case import case_id
from domain.contract_prices import ContractPricing
from domain.cost_checks import check_cost_centres, with_accounts
from domain.duties import DutyDone
from domain.exceptions import Finding
from domain.finding_log import FindingLog, exact
from domain.intake import MAX_LINE_AMOUNT
from domain.master_data import MasterData, SupplierRisk
from domain.model import Value
from domain.money import Money
from domain.needs import Need, resolve
from domain.people import Person
from domain.policy.model import AcceptanceRule, FrozenPolicy
from domain.policy.tables import accepted_by_rule
from domain.ports.evidence import SpendLine
from domain.purchase import SourcedLine
from domain.requisition import Requisition, RequisitionLine
from domain.splitting import find_split


class Assessment(Value):
    """`lines` are all that can be priced, also those on which people must still decide: `findings` says what.

    `amount` is the total of the lines, from stock and to order; `to_order` is what suppliers will be paid of it.
    `notes` say what was changed without asking. `risks` are the gradings of the suppliers to order from; `approvers`
    is what the people directory says about those who may have to approve; `family_duties` are who did what in cases
    that the request names as linked.
    """

    lines: tuple[SourcedLine, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    amount: Money
    to_order: Money
    risks: tuple[SupplierRisk, ...] = ()
    approvers: ApproverDirectory = ApproverDirectory()
    family_duties: tuple[DutyDone, ...] = ()


def assess(
    requisition: Requisition,
    master: MasterData,
    policy: FrozenPolicy,
    today: date,
    requester: Person | None,
    recent: Sequence[SpendLine] = (),
    accepted: Set[tuple[str, int | None]] = frozenset(),
    cancelled_lines: Set[int] = frozenset(),
    manager: Person | None = None,
) -> Assessment:
    """Check every line that is not cancelled, all rules at once.

    `today` is the day at the facility, `requester` the directory's entry (None: not known there), `manager` whoever may
    be charged beside them, `recent` the requests of the splitting rule's window. `accepted` holds what people accepted,
    as (code, line). At most one finding comes out per code and line; what a rule of the policy accepts comes out as a
    note.
    """
    log = FindingLog(accepted)
    charging = tuple(person for person in (requester, manager) if person is not None)
    check = _Check(requisition=requisition, master=master, policy=policy, today=today, charging=charging, log=log)
    active = [line for line in requisition.lines if line.line not in cancelled_lines]
    lines = tuple(sourced for line in active if (sourced := check.line(line)) is not None)
    amount = Money.total((line.amount for line in lines), requisition.currency)
    if active:
        _check_period(master, requisition.facility, today, log)
        split = find_split(_as_spend(requisition, active, lines, amount, today), recent, policy.splitting)
        if split is not None:
            log.ask_of(split)
    log.accept_by(lambda finding: _acceptance(policy, finding, lines, amount))
    return Assessment(
        lines=lines,
        findings=tuple(log.findings),
        notes=tuple(log.notes),
        amount=amount,
        to_order=Money.total((line.order_amount for line in lines), requisition.currency),
    )


class _Check:
    """One round over the lines. Stock and agreements are used up as lines take of them."""

    def __init__(
        self,
        *,
        requisition: Requisition,
        master: MasterData,
        policy: FrozenPolicy,
        today: date,
        charging: tuple[Person, ...],
        log: FindingLog,
    ) -> None:
        self._requisition, self._master, self._policy = requisition, master, policy
        self._charging, self._log = charging, log
        self._prices = ContractPricing(master.contracts, requisition.currency, today, policy, log)
        self._suppliers = {supplier.code: supplier for supplier in master.suppliers}
        self._stock: dict[str, Decimal] = {}
        for level in master.stock if policy.use_stock_first else ():
            if level.facility == requisition.facility:
                self._stock[level.item] = self._stock.get(level.item, Decimal(0)) + level.available

    def line(self, line: RequisitionLine) -> SourcedLine | None:
        check_cost_centres(line, self._master, self._requisition.facility, self._charging, self._log)
        need = resolve(line, self._master, self._policy.substitute_inactive, self._requisition.currency, self._log)
        if need is None:
            return None
        costs = with_accounts(line, need.category, need.item.account if need.item else None, self._master, self._log)
        in_stock = self._available(need)
        to_order = need.quantity.value - in_stock
        if (to_order > 0 and not self._supplier_usable(need)) or self._too_large(need):
            return None
        price = self._prices.of(need, to_order)
        if price is None:
            return None
        if need.item is not None:
            self._stock[need.item.code] = self._stock.get(need.item.code, Decimal(0)) - in_stock
        return SourcedLine(
            line=line.line,
            item=need.item_code,
            description=need.description,
            category=need.category,
            quantity=need.quantity,
            from_stock=in_stock,
            to_order=to_order,
            unit_price=price.unit_price,
            supplier=need.supplier or "",
            contract=price.contract,
            gtin=need.item.gtin if need.item else "",
            unspsc=need.item.unspsc if need.item else "",
            substituted_for=need.substituted_for,
            need_by=line.need_by or self._requisition.need_by,
            deliver_to=line.deliver_to or self._requisition.deliver_to,
            costs=costs,
        )

    def _available(self, need: Need) -> Decimal:
        """What the store room gives for the need: no part of a pack, unless a part is asked for."""
        wanted, have = need.quantity.value, self._stock.get(need.item_code or "", Decimal(0))
        if wanted == wanted.to_integral_value():
            have = have.to_integral_value(rounding=ROUND_FLOOR)
        return max(Decimal(0), min(have, wanted))

    def _supplier_usable(self, need: Need) -> bool:
        supplier = self._suppliers.get(need.supplier or "")
        if supplier is None:
            said = f"The master has no supplier {need.supplier}." if need.supplier else "No supplier is chosen yet."
            self._log.ask(
                "supplier-unknown",
                said,
                need.line,
                supplier=need.supplier,
                item=need.item_code,
                description=need.description,
                category=need.category,
            )
            return False
        if "orders" in supplier.blocked_for:
            self._log.ask(
                "supplier-blocked",
                f"Supplier {supplier.code} ({supplier.name}) is blocked for orders.",
                need.line,
                supplier=supplier.code,
                name=supplier.name,
                blocked_for=list(supplier.blocked_for),
                item=need.item_code,
            )
            return False
        return True

    def _too_large(self, need: Need) -> bool:
        """Whether any price that the line may come to leaves the bounds within which amounts are added up."""
        agreed = (tier.price for each in self._master.contracts if each.item == need.item_code for tier in each.tiers)
        prices = [price for price in (need.requested, need.list_price, *agreed) if price is not None]
        highest = max(prices, key=lambda price: price.amount, default=Money.zero(self._requisition.currency))
        if need.quantity.value * highest.amount <= MAX_LINE_AMOUNT:
            return False
        self._log.ask(
            "amount-too-large",
            f"{need.quantity} at {exact(highest)} is more than {MAX_LINE_AMOUNT:f} {highest.currency}.",
            need.line,
            quantity=str(need.quantity),
            unit_price=exact(highest),
        )
        return True


def _acceptance(
    policy: FrozenPolicy, finding: Finding, lines: Sequence[SourcedLine], amount: Money
) -> AcceptanceRule | None:
    """The rule that accepts a finding, judged by the amount of all lines that have a price so far.

    A line without one stops the request for another reason, and the rule is judged anew once it has one.
    """
    concerned = [line.category for line in lines if finding.line in (None, line.line)]
    return accepted_by_rule(policy, finding.code, amount, concerned) if concerned else None


def _check_period(master: MasterData, facility: str, today: date, log: FindingLog) -> None:
    if not master.period_open:
        log.ask(
            "period-closed",
            f"The books of {facility} are closed for {today}.",
            facility=facility,
            day=today.isoformat(),
            fiscal_year=str(master.fiscal_year),
        )


def _as_spend(
    requisition: Requisition,
    active: Sequence[RequisitionLine],
    lines: Sequence[SourcedLine],
    amount: Money,
    today: date,
) -> SpendLine:
    return SpendLine(
        case_id=case_id("procure-to-pay", requisition.facility, requisition.number),
        requester=requisition.requester,
        cost_centres=tuple(sorted({share.cost_centre for line in active for share in line.costs})),
        suppliers=tuple(sorted({line.supplier for line in lines if line.supplier})),
        categories=tuple(sorted({line.category for line in lines})),
        amount=amount.amount,
        submitted_on=today,
    )
