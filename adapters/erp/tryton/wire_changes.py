"""Tryton's rows, as the adapter reads them when it looks for what people changed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from adapters.erp.tryton.wire import Coded, Row


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


Instant = Annotated[datetime, AfterValidator(_utc)]


class Login(Row):
    login: str


class Changed(Row):
    """A record with the beginning of the transaction that changed it last, and who did that."""

    last_modified_at: Instant
    creator: Login | None = Field(alias="create_uid.")
    writer: Login | None = Field(alias="write_uid.")

    @property
    def by(self) -> str:
        """The login of who changed it last."""
        who = self.writer or self.creator
        return "" if who is None else who.login


class GoodsMove(Row):
    """`origin` is the line of the purchase that it delivers, or the movement that it sends back."""

    state: str
    quantity: Decimal
    origin: str | None


class Receipt(Changed):
    model: ClassVar[str] = "stock.shipment.in"

    number: str | None
    reference: str | None
    moves: tuple[GoodsMove, ...] = Field(alias="incoming_moves.")


class Return(Changed):
    model: ClassVar[str] = "stock.shipment.in.return"

    number: str | None
    reference: str | None
    moves: tuple[GoodsMove, ...] = Field(alias="moves.")


class AmendedLine(Row):
    action: str
    line: int | None
    quantity: Decimal | None


class Amendment(Changed):
    model: ClassVar[str] = "purchase.amendment"

    purchase: int
    description: str | None
    lines: tuple[AmendedLine, ...] = Field(alias="lines.")


class CancelledPurchase(Changed):
    model: ClassVar[str] = "purchase.purchase"

    number: str | None


class CancelledMove(Changed):
    model: ClassVar[str] = "stock.move"

    quantity: Decimal
    origin: str | None


class CurrencyOf(Row):
    code: str


class BilledLine(Row):
    origin: str | None


class Bill(Changed):
    model: ClassVar[str] = "account.invoice"

    number: str | None
    reference: str | None
    party: Coded = Field(alias="party.")
    currency: CurrencyOf = Field(alias="currency.")
    total_amount: Decimal
    lines: tuple[BilledLine, ...] = Field(alias="lines.")


class OrderOf(Row):
    number: str | None


class LineOf(Row):
    """Which order's which line it is."""

    model: ClassVar[str] = "purchase.line"

    sequence: int | None
    purchase: OrderOf = Field(alias="purchase.")


class OriginOf(Row):
    """What a movement delivers."""

    model: ClassVar[str] = "stock.move"

    origin: str | None
