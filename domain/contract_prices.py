"""What a line costs: by agreement where there is one, else by a price that a person or the policy lets pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.finding_log import FindingLog, exact
from domain.master_data import Contract
from domain.model import Value
from domain.money import Money
from domain.needs import Need
from domain.policy.model import FrozenPolicy
from domain.policy.tables import tolerances_of
from domain.tolerance import price_allowance, price_tolerated


class Price(Value):
    """Per unit of the need's quantity. `contract` is the number of the agreement that it draws on."""

    unit_price: Money
    contract: str | None = None


def tier_price(contract: Contract, quantity: Decimal) -> Money | None:
    """The price from the highest tier that the quantity reaches; None below the lowest one."""
    reached = [tier for tier in contract.tiers if tier.minimum <= quantity]
    return max(reached, key=lambda tier: tier.minimum).price if reached else None


class ContractPricing:
    """Prices the lines of one requisition on one day.

    It remembers what earlier lines draw, so that several lines cannot pass the limit of an agreement together.
    """

    def __init__(
        self, contracts: Sequence[Contract], currency: str, today: date, policy: FrozenPolicy, log: FindingLog
    ) -> None:
        self._contracts = contracts
        self._currency, self._today, self._policy, self._log = currency, today, policy, log
        self._drawn: dict[str, Money] = {}

    def of(self, need: Need, to_order: Decimal) -> Price | None:
        """The price of a line of which `to_order` units are bought; None when nobody knows one.

        Whatever the price needs people for is asked in the log; the price is the one that counts once they accept.
        """
        if to_order <= 0:
            return self._usable(need, need.list_price or need.requested, None)
        agreements = [
            each for each in self._contracts if each.item == need.item_code and each.supplier == need.supplier
        ]
        valid = [each for each in agreements if each.starts <= self._today <= each.ends]
        priced = sorted(
            (
                (price, each)
                for each in valid
                if (price := tier_price(each, to_order)) is not None and price.currency == self._currency
            ),
            key=lambda pair: (pair[0].amount, pair[1].number),
        )
        for price, contract in priced:
            if self._carries(contract, price.times(to_order)):
                return self._by_contract(need, to_order, price, contract)
        if priced:
            return self._exhausted(need, to_order, *priced[0])
        expired = [each for each in agreements if each.ends < self._today]
        if expired and not valid:
            return self._expired(need, to_order, max(expired, key=lambda each: (each.ends, each.number)))
        return self._off_contract(need, to_order, agreements)

    def _left(self, contract: Contract) -> Money | None:
        """What the agreement still carries; None when it has no limit."""
        if contract.limit is None:
            return None
        zero = Money.zero(contract.limit.currency)
        return contract.limit - (contract.drawn or zero) - self._drawn.get(contract.number, zero)

    def _carries(self, contract: Contract, draw: Money) -> bool:
        left = self._left(contract)
        return left is None or (left.currency == draw.currency and draw <= left)

    def _by_contract(self, need: Need, to_order: Decimal, price: Money, contract: Contract) -> Price | None:
        used = price
        requested = need.requested
        tolerances = tolerances_of(self._policy, need.category, contract.supplier)
        if requested is not None and not price_tolerated(price, requested, to_order, tolerances):
            used = requested
            self._log.ask(
                "contract-price-differs",
                f"Requested at {exact(requested)}, agreed at {exact(price)} in contract {contract.number}.",
                need.line,
                contract=contract.number,
                supplier=contract.supplier,
                item=contract.item,
                expected=exact(price),
                found=exact(requested),
                price_if_accepted=exact(requested),
                quantity=str(need.quantity.of(to_order)),
                line_difference=exact((requested - price).times(to_order).rounded()),
                tolerated_line_difference=str(price_allowance(price, to_order, tolerances)),
            )
        draw = used.times(to_order)
        if not self._carries(contract, draw):
            return self._exhausted(need, to_order, used, contract)
        self._drawn[contract.number] = self._drawn.get(contract.number, Money.zero(draw.currency)) + draw
        return Price(unit_price=used, contract=contract.number)

    def _exhausted(self, need: Need, to_order: Decimal, price: Money, contract: Contract) -> Price | None:
        left = self._left(contract)
        return self._decided(
            "contract-exhausted",
            f"Contract {contract.number} has {exact(left)} left and this line draws {exact(price.times(to_order))}.",
            need,
            to_order,
            contract=contract.number,
            limit=exact(contract.limit),
            left=exact(left),
            draw=exact(price.times(to_order).rounded()),
            contract_price=exact(tier_price(contract, to_order)),
        )

    def _expired(self, need: Need, to_order: Decimal, contract: Contract) -> Price | None:
        return self._decided(
            "contract-expired",
            f"Contract {contract.number} with {contract.supplier} ended on {contract.ends}.",
            need,
            to_order,
            contract=contract.number,
            ended=contract.ends.isoformat(),
            contract_price=exact(tier_price(contract, to_order)),
        )

    def _off_contract(self, need: Need, to_order: Decimal, agreements: Sequence[Contract]) -> Price | None:
        if self._policy.off_contract == "accept":
            price = need.list_price or need.requested
            if price is not None and need.requested is not None and need.requested != price:
                self._log.note(need.line, f"the catalogue's price {exact(price)} counts, not {exact(need.requested)}.")
            return self._usable(need, price, None)
        what = need.item_code or f"'{need.description}'"
        return self._decided(
            "off-contract",
            f"No agreement with {need.supplier} covers {what} on {self._today}.",
            need,
            to_order,
            not_applicable=[_terms(each) for each in agreements],
            other_suppliers=[
                _terms(each)
                for each in self._contracts
                if each.item == need.item_code and each.supplier != need.supplier and self._today <= each.ends
            ],
        )

    def _decided(self, code: str, message: str, need: Need, to_order: Decimal, **evidence: object) -> Price | None:
        """A price outside any agreement, for a person to accept: they see the requested one, so that one counts."""
        price = self._usable(need, need.requested or need.list_price, None)
        if price is None:
            return None
        self._log.ask(
            code,
            message,
            need.line,
            supplier=need.supplier,
            item=need.item_code,
            category=need.category,
            quantity=str(need.quantity.of(to_order)),
            requested_price=exact(need.requested),
            catalogue_price=exact(need.list_price),
            price_if_accepted=exact(price.unit_price),
            **evidence,
        )
        return price

    def _usable(self, need: Need, price: Money | None, contract: str | None) -> Price | None:
        if price is not None and price.currency == self._currency:
            return Price(unit_price=price, contract=contract)
        what = need.item_code or need.description
        self._log.ask(
            "price-missing",
            f"Neither the requisition nor the catalogue has a price in {self._currency} for {what}.",
            need.line,
            item=need.item_code,
            supplier=need.supplier,
            requested_price=exact(price),
        )
        return None


def _terms(contract: Contract) -> dict[str, object]:
    return {
        "contract": contract.number,
        "supplier": contract.supplier,
        "starts": contract.starts.isoformat(),
        "ends": contract.ends.isoformat(),
        "prices": [f"from {tier.minimum.normalize():f}: {exact(tier.price)}" for tier in contract.tiers],
    }
