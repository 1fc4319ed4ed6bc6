"""Between the reference ERP's shapes and ours, for bills and payments: one function each way."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.erp.reference import wire_payables as wire
from adapters.erp.reference.mapping import STATUS, order_line
from adapters.erp.reference.wire import WireCost
from domain.invoice import PayeeAccount, PaymentTerms
from domain.money import Money
from domain.payables import (
    BlockedFor,
    InvoicePosting,
    OrderLinePosition,
    OrderPosition,
    PayableSupplier,
    PaymentPosting,
    PostedInvoice,
    PostingLine,
    SupplierAccount,
    SupplierQuery,
)
from domain.payment import DebtorAccount


def supplier_query(query: SupplierQuery) -> wire.WireSupplierQuery:
    return wire.WireSupplierQuery(
        codes=query.codes,
        tax_ids=query.tax_ids,
        glns=query.glns,
        account_fingerprints=query.account_fingerprints,
        name=query.name,
    )


def payable_supplier(row: wire.WirePayableSupplier) -> PayableSupplier:
    blocks: tuple[tuple[BlockedFor, bool], ...] = (
        ("orders", row.blocked_orders),
        ("posting", row.blocked_posting),
        ("payment", row.blocked_payment),
    )
    return PayableSupplier(
        code=row.code,
        name=row.name,
        tax_id=row.tax_id,
        gln=row.gln,
        country=row.country,
        currency=row.currency,
        email=row.email,
        remittance_email=row.remittance_email,
        senders=row.senders,
        blocked_for=tuple(what for what, blocked in blocks if blocked),
        excluded=row.excluded,
        risk=row.risk,
        terms=PaymentTerms(
            net_days=row.net_days, discount_percent=row.discount_percent, discount_days=row.discount_days
        ),
        method=row.method,
        accounts=tuple(
            SupplierAccount(account=_account(each, each.name), changed_on=each.changed_on, changed_by=each.changed_by)
            for each in row.accounts
        ),
    )


def _account(row: wire.WireBankAccount, name: str) -> PayeeAccount:
    return PayeeAccount(
        iban=row.iban,
        bic=row.bic,
        routing_number=row.routing_number,
        account_number=row.account_number,
        name=name,
    )


def debtor_account(row: wire.WireDebtorAccount) -> DebtorAccount:
    return DebtorAccount(
        facility=row.facility,
        name=row.name,
        account=_account(row, row.holder),
        bank_name=row.bank_name,
        company_id=row.company_id,
        currency=row.currency,
    )


def position(row: wire.WirePosition) -> OrderPosition:
    return OrderPosition(
        number=row.number,
        case_id=row.case_id,
        facility=row.facility,
        supplier=row.supplier,
        requester=row.requester,
        status=STATUS[row.status],
        currency=row.currency,
        lines=tuple(
            OrderLinePosition(
                line=order_line(line, row.currency),
                category=line.category,
                received=line.received,
                billed=line.billed,
                billed_amount=Money(amount=line.billed_amount, currency=row.currency),
            )
            for line in row.lines
        ),
    )


def invoice_posting(posting: InvoicePosting) -> wire.WirePosting:
    amounts = [posting.amount, posting.tax, posting.withheld]
    amounts += [each for line in posting.lines for each in (line.amount, line.accrual, line.variance)]
    return wire.WirePosting(
        external_id=posting.external_id,
        case_id=posting.case_id,
        facility=posting.facility,
        supplier=posting.supplier,
        number=posting.number,
        kind=posting.kind,
        currency=posting.currency,
        currencies=_currencies(posting.currency, amounts),
        issued_on=posting.issued_on,
        posted_on=posting.posted_on,
        due_on=posting.due_on,
        tax=posting.tax.amount,
        amount=posting.amount.amount,
        withheld=posting.withheld.amount,
        document_sha256=posting.document_sha256,
        credited=posting.credited,
        lines=tuple(_posting_line(line) for line in posting.lines),
    )


def _currencies(own: str, amounts: Iterable[Money]) -> tuple[str, ...]:
    return tuple(sorted({own, *(each.currency for each in amounts)}))


def _posting_line(line: PostingLine) -> wire.WirePostingLine:
    return wire.WirePostingLine(
        line=line.line,
        order_number=line.order_number,
        order_line=line.order_line,
        quantity=line.quantity,
        amount=line.amount.amount,
        accrual=line.accrual.amount,
        variance=line.variance.amount,
        costs=tuple(
            WireCost(cost_centre=share.cost_centre, account=share.account, percent=share.percent)
            for share in line.costs
        ),
    )


def posted_invoice(row: wire.WireVoucher) -> PostedInvoice:
    return PostedInvoice(
        number=row.number,
        external_id=row.external_id,
        supplier=row.supplier,
        supplier_number=row.supplier_number,
        amount=Money(amount=row.amount, currency=row.currency),
        open=Money(amount=row.open, currency=row.currency),
        status=row.status,
    )


def payment(posting: PaymentPosting) -> wire.WirePayment:
    currency = posting.amount.currency
    amounts = [each for item in posting.items for each in (item.amount, item.discount)]
    return wire.WirePayment(
        external_id=posting.external_id,
        case_id=posting.case_id,
        facility=posting.facility,
        supplier=posting.supplier,
        currency=currency,
        currencies=_currencies(currency, amounts),
        paid_on=posting.paid_on,
        amount=posting.amount.amount,
        reference=posting.reference,
        items=tuple(
            wire.WirePaidItem(
                external_id=item.invoice_external_id, amount=item.amount.amount, discount=item.discount.amount
            )
            for item in posting.items
        ),
    )
