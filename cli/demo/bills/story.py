"""What suppliers send for the example purchases, how people deal with it, and how it must end.

`examples/README.md` describes the format for those who write stories.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from cli.demo.story import Count, LineKey, StoryError
from domain.exceptions import CATALOGUE
from domain.invoice import ChargeKind, PayeeAccount
from domain.tasks import Action

BillFormat = Literal["json", "ubl", "cii", "factur-x", "pdf"]
BillChannel = Literal["api", "drop-folder", "mailbox"]
Ending = Literal["paid", "rejected"]
When = Literal["goods", "order", "closed"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class PlainLine(_Part):
    """Something that no order has: `amount` in the bill's currency, for one unit."""

    description: str
    amount: Decimal
    kind: Literal["goods", "freight", "surcharge"] = "goods"


class Charge(_Part):
    amount: Decimal
    kind: ChargeKind = "freight"


class Changes(_Part):
    """How the bill differs from the order that it bills; left out means: not at all.

    Days are relative. `price_percent` is added to every price, `quantity` is billed by order line, `tax_plus` and
    `payable_plus` break a sum, `order` and `tax_id` are named in the place of the right ones.
    """

    issued: str = "-70d"
    due: str = ""
    price_percent: Decimal = Decimal(0)
    quantity: dict[LineKey, Count] = {}
    lines: tuple[PlainLine, ...] = ()
    charge: Charge | None = None
    tax_rate: Decimal = Decimal(0)
    tax_plus: Decimal = Decimal(0)
    payable_plus: Decimal = Decimal(0)
    currency: str = "USD"
    order: str | None = None
    tax_id: str | None = None
    seller: str | None = None
    account: PayeeAccount | None = None
    description: str | None = None
    number: str | None = None


class BillAnswer(_Part):
    """What somebody answers; `invoice` is the correction in the shape of the API, in which '{order}' stands for the
    number of the order. `by` narrows who gives it; `call_back` says that the supplier was called."""

    action: Action
    comment: str = ""
    invoice: dict[str, Any] | None = None
    by: str | None = None
    call_back: bool = False


def _short(value: Any) -> Any:
    return {"action": value} if isinstance(value, str) else value


ShortBillAnswer = Annotated[BillAnswer, BeforeValidator(_short)]


class BillExpectation(_Part):
    """`end` is 'paid' (booked by the bank) or 'rejected'; `exceptions` are the codes of all that were raised."""

    end: Ending = "paid"
    exceptions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> BillExpectation:
        unknown = [code for code in self.exceptions if code not in CATALOGUE]
        if unknown:
            raise ValueError(f"no such exception: {', '.join(unknown)}")
        return self


class Bill(_Part):
    """One line of the file. `number` is the supplier's, `of` the requisition whose order it bills (else `supplier` and
    `facility` say whose it is), `repeats` or `credits` another line. `closes` says that the purchase waits for it,
    `bank` what the bank does with the first payment of its facility."""

    number: Annotated[str, Field(min_length=1, max_length=60)]
    title: str
    of: str | None = None
    supplier: str | None = None
    facility: str | None = None
    format: BillFormat = "json"
    channel: BillChannel = "api"
    sender: str | None = None
    when: When = "goods"
    after: str | None = None
    repeats: str | None = None
    credits: str | None = None
    names_credited: bool = True
    copies: Annotated[int, Field(ge=1, le=20)] = 1
    changes: Changes = Changes()
    answers: dict[str, tuple[ShortBillAnswer, ...]] = {}
    closes: bool = True
    bank: Literal["closed-account", "return-later"] | None = None
    expect: BillExpectation = BillExpectation()

    @model_validator(mode="after")
    def _whole(self) -> Bill:
        if self.of is None and (self.supplier is None or self.facility is None):
            raise ValueError("a bill without an order names its supplier and the facility")
        if self.of is None and not self.changes.lines:
            raise ValueError("a bill without an order names its lines in 'changes'")
        if self.channel != "api" and self.format == "json":
            raise ValueError("JSON comes through the API alone")
        if self.sender is not None and self.channel != "mailbox":
            raise ValueError("only mail has a sender")
        return self

    @property
    def is_plain(self) -> bool:
        """Nobody has to do anything about it."""
        return self.credits is None and not self.expect.exceptions and self.expect.end == "paid"


def load_bills(path: Path, requisitions: Sequence[str]) -> tuple[Bill, ...]:
    """Every line of the file. Raises StoryError with all of its faults at once, OSError without the file."""
    bills, faults = [], []
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("//"):
            try:
                bills.append(Bill.model_validate(json.loads(line)))
            except json.JSONDecodeError as error:
                faults.append(f"line {place}: {error}")
            except ValidationError as error:
                faults += [f"line {place}: {_where(each)}{each['msg']}" for each in error.errors()]
    faults += _faults_between(bills, requisitions)
    if faults:
        raise StoryError("\n".join(f"{path.name}: {each}" for each in faults))
    return tuple(bills)


def _where(error: Mapping[str, Any]) -> str:
    return f"{'.'.join(map(str, error['loc']))}: " if error["loc"] else ""


def _faults_between(bills: Sequence[Bill], requisitions: Sequence[str]) -> Iterator[str]:
    counted = Counter(each.number for each in bills)
    yield from (f"{number} stands there twice" for number, count in counted.items() if count > 1)
    for each in bills:
        if each.of is not None and each.of not in requisitions:
            yield f"{each.number} bills {each.of}, which is no example"
        for other in (each.after, each.repeats, each.credits):
            if other is not None and (other not in counted or other == each.number):
                yield f"{each.number} names {other}, which is no other line of the file"


def billed_requisitions(bills: Sequence[Bill]) -> frozenset[str]:
    """Requisitions whose purchase ends because the bank has paid their bills, and for no other reason."""
    return frozenset(each.of for each in bills if each.of is not None and each.closes and each.expect.end == "paid")
