"""camt.053 and camt.054: what was booked on an account, and whether a statement adds up."""

from __future__ import annotations

from datetime import date

from lxml import etree

from adapters.bank_messages.accounts import KnownAccounts
from adapters.bank_messages.errors import UnreadableError
from adapters.bank_messages.facts import Facts, day, given, money
from adapters.bank_messages.reasons import in_words, plain
from adapters.bank_messages.trees import text
from domain.money import Money
from domain.payment import StatementBalance

_CREDIT, _DEBIT = "CRDT", "DBIT"
_TRUE = ("true", "1")  # xsd:boolean
_RETURNED = "RRTN"  # bank transaction code PMNT/ICDT/RRTN: reimbursement of an issued transfer that was returned


def read_entries(report: etree._Element, facts: Facts) -> None:
    """A debit that is booked is a payment that left; a credit counts when it is one that came back."""
    for number, entry in enumerate(report.findall("Ntry"), 1):
        if not _booked(entry):
            continue
        details = entry.findall("NtryDtls/TxDtls")
        for part, detail in enumerate(details or [entry], 1):
            reference = text(entry, "AcctSvcrRef", "NtryRef") or f"{number}"
            _read_detail(entry, detail, f"{reference}.{part}" if len(details) > 1 else reference, facts)


def _read_detail(entry: etree._Element, detail: etree._Element, reference: str, facts: Facts) -> None:
    on = day(text(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"))
    alone = detail is entry or len(entry.findall("NtryDtls/TxDtls")) == 1
    amount = _amount(detail) or (_amount(entry) if alone else None)
    file = text(detail, "Refs/MsgId") or text(entry, "NtryDtls/Btch/MsgId")
    payment = given(text(detail, "Refs/EndToEndId"))
    if _direction(detail, entry) == _DEBIT:
        facts.add("payment-booked", file=file, payment=payment, reference=reference, amount=amount, on=on)
    elif _came_back(detail, entry):
        code = plain(text(detail, "RtrInf/Rsn/Cd", "RtrInf/RtrRsn/Cd", "RtrInf/Rsn/Prtry"))
        words = " ".join(each.text or "" for each in detail.findall("RtrInf/AddtlInf"))
        facts.add(
            "payment-returned",
            file=file,
            payment=payment,
            reference=reference,
            amount=amount,
            on=on,
            reason=code,
            text=in_words(code, words),
        )


def read_balance(statement: etree._Element, accounts: KnownAccounts) -> StatementBalance | None:
    """None for a statement that states no opening or closing balance, or of which this is one page of several."""
    first, last = text(statement, "StmtPgntn/PgNb"), text(statement, "StmtPgntn/LastPgInd")
    if first and not (first == "1" and last in _TRUE):
        return None
    opening = _balance(statement, "OPBD") or _balance(statement, "PRCD")
    closing = _balance(statement, "CLBD")
    on = _closing_day(statement)
    if opening is None or closing is None or on is None:
        return None
    entries = Money.zero(closing.currency)
    for entry in statement.findall("Ntry"):
        if _booked(entry):
            entries = entries + _signed(entry)
    return StatementBalance(
        account_fingerprint=accounts.fingerprint(
            text(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id"),
            text(statement, "Acct/Svcr/FinInstnId/ClrSysMmbId/MmbId"),
        ),
        statement_id=text(statement, "Id"),
        on=on,
        opening=opening,
        closing=closing,
        entries_total=entries,
        reconciled=opening + entries == closing,
    )


def _booked(entry: etree._Element) -> bool:
    return text(entry, "Sts/Cd", "Sts") == "BOOK"


def _amount(place: etree._Element) -> Money | None:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        found = place.find(path)
        if found is not None:
            return money(found.text, found.get("Ccy"))
    return None


def _direction(detail: etree._Element, entry: etree._Element) -> str:
    said = text(detail, "CdtDbtInd") or text(entry, "CdtDbtInd")
    if said not in (_CREDIT, _DEBIT):
        raise UnreadableError(f"{said!r} is neither credit nor debit")
    return said


def _came_back(detail: etree._Element, entry: etree._Element) -> bool:
    codes = {text(place, "BkTxCd/Domn/Fmly/SubFmlyCd") for place in (detail, entry)}
    return detail.find("RtrInf") is not None or _RETURNED in codes or text(entry, "RvslInd") in _TRUE


def _balance(statement: etree._Element, kind: str) -> Money | None:
    for balance in statement.findall("Bal"):
        if text(balance, "Tp/CdOrPrtry/Cd", "Tp/Cd") == kind:
            return _signed(balance)
    return None


def _closing_day(statement: etree._Element) -> date | None:
    for balance in statement.findall("Bal"):
        if text(balance, "Tp/CdOrPrtry/Cd", "Tp/Cd") == "CLBD":
            return day(text(balance, "Dt/Dt", "Dt/DtTm", "Dt"))
    return None


def _signed(place: etree._Element) -> Money:
    amount = _amount(place)
    if amount is None:
        raise UnreadableError("an entry or a balance names no amount")
    return amount if _direction(place, place) == _CREDIT else -amount
