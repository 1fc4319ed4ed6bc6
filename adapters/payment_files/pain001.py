"""ISO 20022 pain.001.001.09, CustomerCreditTransferInitiation: one PmtInf for each execution day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

from lxml import etree

from adapters.payment_files.payments import check_debtor, check_payments, payment_file, routing_of
from adapters.payment_files.text import swift_id, swift_name
from domain.invoice import PayeeAccount
from domain.money import Money
from domain.payment import DebtorAccount, Payment, PaymentFile, PaymentItem

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
ABA = "USABA"
"""External code for the US routing number in ClrSysId."""


def pain001_file(
    message_id: str, payments: Sequence[Payment], debtor: DebtorAccount, created_at: datetime
) -> PaymentFile:
    """Credit transfers from one account, in its currency; the same bytes for the same arguments.

    `message_id` has up to 35 characters of the SWIFT set. `created_at` is aware, and written in its own offset to the
    second. Raises PaymentFileError when a payment cannot be made this way.
    """
    check_debtor(debtor)
    check_payments(payments, debtor, "credit-transfer")
    ordered = sorted(payments, key=lambda each: (each.pay_on, each.payment_id))
    root = etree.Element(
        f"{{{NAMESPACE}}}Document",
        nsmap={None: NAMESPACE},  # type: ignore[dict-item]  # the stubs do not know the default namespace
    )
    body = _sub(root, "CstmrCdtTrfInitn")
    header = _sub(body, "GrpHdr")
    _text(header, "MsgId", message_id)
    _text(header, "CreDtTm", created_at.isoformat(timespec="seconds"))
    _count_and_sum(header, ordered)
    _initiating_party(_sub(header, "InitgPty"), debtor)
    for number, (day, group) in enumerate(groupby(ordered, key=lambda each: each.pay_on), start=1):
        _batch(_sub(body, "PmtInf"), f"{message_id[:30]}-{number}", day, list(group), debtor)
    xml = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode()
    return payment_file(message_id, "pain.001", f"{message_id}.pain.001.xml", xml, ordered, debtor.currency)


def _batch(
    parent: etree._Element, batch_id: str, day: date, payments: Sequence[Payment], debtor: DebtorAccount
) -> None:
    _text(parent, "PmtInfId", batch_id)
    _text(parent, "PmtMtd", "TRF")
    _count_and_sum(parent, payments)
    _text(_sub(parent, "PmtTpInf", "SvcLvl"), "Cd", "NURG")
    _text(_sub(parent, "ReqdExctnDt"), "Dt", day.isoformat())
    _text(_sub(parent, "Dbtr"), "Nm", swift_name(debtor.name, 140))
    account = _sub(parent, "DbtrAcct")
    _account(account, debtor.account)
    _text(account, "Ccy", debtor.currency)
    _agent(_sub(parent, "DbtrAgt"), debtor.account, debtor.bank_name)
    _text(parent, "ChrgBr", "SHAR")
    for payment in payments:
        _transfer(_sub(parent, "CdtTrfTxInf"), payment)


def _transfer(parent: etree._Element, payment: Payment) -> None:
    ids = _sub(parent, "PmtId")
    _text(ids, "InstrId", payment.payment_id)
    _text(ids, "EndToEndId", payment.payment_id)
    _amount(_sub(parent, "Amt"), "InstdAmt", payment.amount)
    if _has_agent(payment.account):
        _agent(_sub(parent, "CdtrAgt"), payment.account, "")
    _text(_sub(parent, "Cdtr"), "Nm", swift_name(payment.account.name or payment.supplier_name, 140))
    _account(_sub(parent, "CdtrAcct"), payment.account)
    remittance = _sub(parent, "RmtInf")
    for item in payment.items:
        _remittance(_sub(remittance, "Strd"), item)


def _remittance(parent: etree._Element, item: PaymentItem) -> None:
    """One document: what it came to, the discount that is kept, and what is remitted for it."""
    document = _sub(parent, "RfrdDocInf")
    credit = item.kind == "credit-note"
    _text(_sub(document, "Tp", "CdOrPrtry"), "Cd", "CREN" if credit else "CINV")
    _text(document, "Nb", swift_id(item.number, 35))
    if item.issued_on is not None:
        _text(document, "RltdDt", item.issued_on.isoformat())
    amounts = _sub(parent, "RfrdDocAmt")
    if credit:
        _amount(amounts, "CdtNoteAmt", -item.amount)
    else:
        _amount(amounts, "DuePyblAmt", item.amount)
        if item.discount:
            _amount(_sub(amounts, "DscntApldAmt"), "Amt", item.discount)
        _amount(amounts, "RmtdAmt", item.amount - item.discount)
    if item.reference:
        _text(_sub(parent, "CdtrRefInf"), "Ref", swift_id(item.reference, 35))


def _initiating_party(parent: etree._Element, debtor: DebtorAccount) -> None:
    _text(parent, "Nm", swift_name(debtor.name, 140))
    if debtor.company_id:
        _text(_sub(parent, "Id", "OrgId", "Othr"), "Id", swift_id(debtor.company_id, 35))


def _account(parent: etree._Element, account: PayeeAccount) -> None:
    identification = _sub(parent, "Id")
    if account.iban:
        _text(identification, "IBAN", account.identity)
    else:
        _text(_sub(identification, "Othr"), "Id", account.account_number.strip())


def _has_agent(account: PayeeAccount) -> bool:
    return bool(account.bic or not account.iban)


def _agent(parent: etree._Element, account: PayeeAccount, name: str) -> None:
    """The bank by its BIC beside an IBAN, else by its ABA number; an IBAN alone needs no more than its mark."""
    bank = _sub(parent, "FinInstnId")
    if account.bic and account.iban:
        _text(bank, "BICFI", account.bic.strip().upper())
    elif not account.iban:
        member = _sub(bank, "ClrSysMmbId")
        _text(_sub(member, "ClrSysId"), "Cd", ABA)
        _text(member, "MmbId", routing_of(account))
    if name:
        _text(bank, "Nm", swift_name(name, 140))
    if not len(bank):
        _text(_sub(bank, "Othr"), "Id", "NOTPROVIDED")


def _count_and_sum(parent: etree._Element, payments: Sequence[Payment]) -> None:
    total = Money.total((payment.amount for payment in payments), payments[0].amount.currency)
    _text(parent, "NbOfTxs", str(len(payments)))
    _text(parent, "CtrlSum", f"{total.rounded().amount:f}")


def _amount(parent: etree._Element, name: str, money: Money) -> None:
    _text(parent, name, f"{money.rounded().amount:f}").set("Ccy", money.currency)


def _sub(parent: etree._Element, *names: str) -> etree._Element:
    for name in names:
        parent = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    return parent


def _text(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = _sub(parent, name)
    element.text = text
    return element
