"""pain.002, the customer payment status report: what the bank does with a file and with each payment in it."""

from __future__ import annotations

from lxml import etree

from adapters.bank_messages.facts import Facts, given, money
from adapters.bank_messages.reasons import DUPLICATES, in_words, plain
from adapters.bank_messages.trees import text
from domain.money import Money
from domain.payment import BankFactKind

ACCEPTED = frozenset({"ACCP", "ACTC", "ACSP", "ACSC", "ACWC", "ACCC", "ACWP", "ACFC"})
PARTLY = "PART"
REJECTED = frozenset({"RJCT", "CANC"})


def read_status_report(report: etree._Element, facts: Facts) -> None:
    """Statuses that decide nothing yet (RCVD, PDNG) are no facts: whoever waits goes on waiting."""
    group = report.find("OrgnlGrpInfAndSts")
    file = given(text(group, "OrgnlMsgId"))
    payments = list(report.iter("TxInfAndSts"))
    _read_group(report, group, file, facts, alone=not payments)
    for number, payment in enumerate(payments, 1):
        _read_payment(payment, file, f"{number}", facts)


def _read_group(report: etree._Element, group: etree._Element | None, file: str, facts: Facts, *, alone: bool) -> None:
    status = text(group, "GrpSts")
    where = group
    batches = report.findall("OrgnlPmtInfAndSts")
    if not status and alone and batches:
        # Some banks leave the group's status away where each batch has one and no payment is named.
        said = {text(batch, "PmtInfSts") for batch in batches}
        if len(said) == 1:
            status, where = said.pop(), batches[0]
    code, words = _reason(where)
    if status in ACCEPTED or status == PARTLY:
        partly = "accepted in part: each payment that is not is named" if status == PARTLY else ""
        facts.add("file-accepted", file=file, reason=code, text=in_words(code, words) or partly)
    elif status in REJECTED:
        facts.add(refusal(code), file=file, reason=code, text=in_words(code, words))


def _read_payment(payment: etree._Element, file: str, reference: str, facts: Facts) -> None:
    status = text(payment, "TxSts")
    code, words = _reason(payment)
    kind: BankFactKind
    if status in ACCEPTED:
        kind = "payment-accepted"
    elif status in REJECTED:
        kind = "payment-rejected"
    else:
        return
    facts.add(
        kind,
        file=text(payment, "OrgnlGrpInf/OrgnlMsgId") or file,
        payment=text(payment, "OrgnlEndToEndId"),
        reference=text(payment, "OrgnlInstrId", "StsId") or reference,
        amount=_amount(payment),
        reason=code,
        text=in_words(code, words),
    )


def refusal(code: str) -> BankFactKind:
    """A file that the bank has already is not refused: the first delivery stands."""
    return "file-duplicate" if code in DUPLICATES else "file-rejected"


def _reason(place: etree._Element | None) -> tuple[str, str]:
    if place is None:
        return "", ""
    code = text(place, "StsRsnInf/Rsn/Cd", "StsRsnInf/StsRsn/Cd", "StsRsnInf/Rsn/Prtry", "StsRsnInf/StsRsn/Prtry")
    words = " ".join(each.text or "" for each in place.findall("StsRsnInf/AddtlInf"))
    return plain(code), words


def _amount(payment: etree._Element) -> Money | None:
    for path in ("OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/IntrBkSttlmAmt"):
        found = payment.find(path)
        if found is not None:
            return money(found.text, found.get("Ccy"))
    return None
