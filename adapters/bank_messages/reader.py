"""Any message of a bank, told by its content and not by its name, which differs from bank to bank."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from adapters.bank_messages import ach_acknowledgements, ach_returns, bai2_statements
from adapters.bank_messages.accounts import KnownAccounts
from adapters.bank_messages.entries import read_balance, read_entries
from adapters.bank_messages.errors import UnreadableError
from adapters.bank_messages.facts import Facts
from adapters.bank_messages.reasons import plain
from adapters.bank_messages.returns import read_payment_return
from adapters.bank_messages.status_reports import read_status_report
from adapters.bank_messages.trees import text, tree, without_namespaces
from domain.payment import BankMessage, DebtorAccount, ReadBankMessage, StatementBalance

MAX_CHARACTERS = 20_000_000
_ISO = {
    "CstmrPmtStsRpt": "pain.002",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "BkToCstmrAcctRpt": "camt.052",
    "PmtRtr": "pacs.004",
}
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_LOST_CHARACTER = "\ufffd"


class BankMessages:
    """Implements BankMessageReader. `debtors` are the accounts that statements are about."""

    def __init__(self, debtors: Iterable[DebtorAccount] = ()) -> None:
        self._accounts = KnownAccounts(debtors)

    def read(self, message: BankMessage) -> ReadBankMessage:
        """Reading twice gives the same facts. Messages of one bank in one order give the same set in any other."""
        content = message.content.lstrip("\ufeff \t\r\n")
        try:
            return self._read(message.key, content)
        except (UnreadableError, ValueError) as error:
            fault = plain(f"{message.name} cannot be read: {error}")
            return ReadBankMessage(key=message.key, format=_format(content), fault=fault)

    def _read(self, key: str, content: str) -> ReadBankMessage:
        if len(content) > MAX_CHARACTERS:
            raise UnreadableError(f"it is longer than {MAX_CHARACTERS:,} characters")
        if _LOST_CHARACTER in content or "\0" in content:
            raise UnreadableError("it holds bytes that are no text in the encoding that it claims")
        if content.startswith("<"):
            return self._read_xml(key, content)
        if content.startswith("01,"):
            facts = Facts("bai2", bai2_statements.statement_id(content), content)
            balances = bai2_statements.read_bai2(content, self._accounts, facts)
            return _result(key, "bai2", facts, balances)
        if content.startswith("101"):
            facts = Facts("nacha-return", ach_returns.file_name(content), content)
            note = ach_returns.read_return_file(content, facts)
            return _result(key, "nacha-return", facts, note=note)
        if content.startswith(ach_acknowledgements.START):
            facts = Facts("nacha-acknowledgement", ach_acknowledgements.acknowledgement_id(content), content)
            ach_acknowledgements.read_acknowledgement(content, facts)
            return _result(key, "nacha-acknowledgement", facts)
        raise UnreadableError("it is empty" if not content else "its format is not one that is known")

    def _read_xml(self, key: str, content: str) -> ReadBankMessage:
        root = tree(content)
        name = _namespace(root).removeprefix(_NAMESPACE)
        without_namespaces(root)
        message = next(root.iter(*_ISO), None)
        if message is None:
            raise UnreadableError(f"it is XML, and no message of a bank: <{root.tag}>")
        form = _ISO[str(message.tag)]
        facts = Facts(form, text(message, "GrpHdr/MsgId"), content)
        return self._read_iso(key, form, name if name.startswith(form) else form, message, facts)

    def _read_iso(self, key: str, form: str, name: str, message: etree._Element, facts: Facts) -> ReadBankMessage:
        balances: list[StatementBalance | None] = []
        note = ""
        if form == "pain.002":
            read_status_report(message, facts)
        elif form == "pacs.004":
            read_payment_return(message, facts)
        elif form == "camt.052":
            note = "an intraday report: the day's statement repeats it, so nothing is taken from it"
        else:
            for report in (*message.findall("Stmt"), *message.findall("Ntfctn")):
                read_entries(report, facts)
                if form == "camt.053":
                    balances.append(read_balance(report, self._accounts))
        return _result(key, name, facts, [each for each in balances if each is not None], note)


def _result(
    key: str, form: str, facts: Facts, balances: Iterable[StatementBalance] = (), note: str = ""
) -> ReadBankMessage:
    return ReadBankMessage(key=key, format=form, facts=facts.found, balances=tuple(balances), note=note)


def _namespace(root: etree._Element) -> str:
    """That of the message, which an envelope may be around."""
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if name.localname in _ISO:
            return name.namespace or ""
    return ""


def _format(content: str) -> str:
    """As much as can be said of a message that cannot be read."""
    for start, name in (("<", "xml"), ("01,", "bai2"), ("101", "nacha"), (ach_acknowledgements.START, "nacha")):
        if content.startswith(start):
            return name
    return "unknown"
