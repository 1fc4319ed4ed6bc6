"""Reason codes of banks, in words.

ISO 20022: external code sets ExternalStatusReason1Code and ExternalReturnReason1Code. ACH: Nacha Operating Rules,
Appendix Four, return reason codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ISO_REASONS: Mapping[str, str] = {
    "AB05": "the creditor's bank did not answer in time",
    "AB06": "the transfer was not completed in time",
    "AB07": "the creditor's bank is offline",
    "AB08": "the creditor's bank is offline",
    "AC01": "the account number is wrong",
    "AC02": "the debtor account is wrong",
    "AC03": "the creditor account is wrong",
    "AC04": "the account is closed",
    "AC05": "the debtor account is closed",
    "AC06": "the account is blocked",
    "AC07": "the creditor account is closed",
    "AC13": "the kind of the debtor account is wrong",
    "AC14": "the kind of the creditor account is wrong",
    "AG01": "the account does not allow such a transaction",
    "AG02": "the transaction code does not fit",
    "AG03": "the kind of transaction is not supported",
    "AM01": "the amount is zero",
    "AM02": "the amount is higher than allowed",
    "AM03": "the account cannot take this currency",
    "AM04": "the funds are insufficient",
    "AM05": "the payment is a duplicate",
    "AM06": "the amount is too low",
    "AM07": "the amount is blocked",
    "AM09": "the amount is not the one agreed",
    "AM10": "the control sum does not agree",
    "AM11": "the currency is not valid",
    "AM12": "the amount is not valid",
    "AM14": "the amount exceeds what was agreed with the bank",
    "AM18": "the number of transactions does not agree",
    "BE01": "the name and the account do not belong together",
    "BE04": "the creditor's address is missing",
    "BE05": "the initiating party is not known",
    "BE06": "the customer is not known at this bank",
    "BE07": "the debtor's address is missing",
    "BE08": "the debtor's name is missing",
    "BE22": "the creditor's name is missing",
    "CN01": "the authorisation was cancelled",
    "CNOR": "the creditor's bank is not registered",
    "CUST": "the customer asked for it",
    "DNOR": "the debtor's bank is not registered",
    "DS02": "the order was cancelled",
    "DS04": "the order was rejected",
    "DT01": "the date is not valid",
    "DU01": "the message id was used before",
    "DU02": "the payment information id was used before",
    "DU03": "the transaction was sent before",
    "DU04": "the end-to-end id was used before",
    "DU05": "the instruction id was used before",
    "DUPL": "the file was received before",
    "ED05": "the settlement failed",
    "FF01": "the file format is wrong or incomplete",
    "FF03": "the payment type information is wrong",
    "FF05": "the local instrument is wrong",
    "FOCR": "the payment comes back after a recall",
    "FR01": "the payment comes back because of fraud",
    "FRAD": "the payment is said to be fraudulent",
    "LEGL": "a law or a court forbids it",
    "MD01": "there is no mandate",
    "MD06": "the debtor asked for the money back",
    "MD07": "the account holder is deceased",
    "MS02": "the creditor gave no reason",
    "MS03": "the bank gave no reason",
    "NARR": "the reason is in the text",
    "NOAS": "the customer did not answer",
    "RC01": "the bank identifier is wrong",
    "RC03": "the debtor's bank identifier is wrong",
    "RC04": "the creditor's bank identifier is wrong",
    "RF01": "the transaction reference is not unique",
    "RR01": "the debtor's account or identification is missing, which a regulator asks for",
    "RR02": "the debtor's name or address is missing, which a regulator asks for",
    "RR03": "the creditor's name or address is missing, which a regulator asks for",
    "RR04": "a regulator's rule forbids it",
    "SL01": "the service of the debtor's bank does not allow it",
    "SL02": "the service of the creditor's bank does not allow it",
    "TD01": "the transmission of the file failed",
    "TM01": "the file came after the cut-off time",
    "UPAY": "the payment is not owed",
}
ACH_REASONS: Mapping[str, str] = {
    "R01": "the funds are insufficient",
    "R02": "the account is closed",
    "R03": "there is no such account, or it cannot be found",
    "R04": "the account number is not valid",
    "R05": "a consumer account was debited without authorisation",
    "R06": "the sending bank asked for it back",
    "R07": "the customer revoked the authorisation",
    "R08": "the payment was stopped",
    "R09": "the funds are not collected yet",
    "R10": "the customer says that it was not authorised",
    "R11": "the entry is not in keeping with the authorisation",
    "R12": "the account was sold to another bank",
    "R13": "the receiving bank cannot take part in ACH",
    "R14": "the representative payee is deceased or unable to continue",
    "R15": "the account holder is deceased",
    "R16": "the account is frozen",
    "R17": "the fields of the entry could not be processed",
    "R18": "the effective date is not valid",
    "R19": "the amount is wrong",
    "R20": "the account does not allow such a transaction",
    "R21": "the company identification is not valid",
    "R22": "the individual identification is not valid",
    "R23": "the receiver refused the credit",
    "R24": "the entry is a duplicate",
    "R25": "the addenda record is wrong",
    "R26": "a mandatory field is wrong",
    "R27": "the trace number is wrong",
    "R28": "the check digit of the routing number is wrong",
    "R29": "the corporate customer says that it was not authorised",
    "R30": "the receiving bank takes no part in truncated checks",
    "R31": "the sending bank allows the return",
    "R32": "the receiving bank does not settle",
    "R33": "the receiving bank returns a destroyed check entry",
    "R34": "the receiving bank's participation is limited",
    "R61": "the return was sent to the wrong bank",
    "R67": "the return is a duplicate",
    "R68": "the return came too late",
    "R69": "fields of the return are wrong",
    "R70": "the return was not permitted",
}
DUPLICATES = frozenset({"DUPL", "DU01"})
"""With these the bank says that it has the file already."""


_ACCOUNT_NUMBER = re.compile(r"\b(?=[A-Z]*(?:\d[A-Z]*){6})[A-Z0-9]{8,42}\b")


def in_words(code: str, said: str = "") -> str:
    """What a code means, and what the bank said besides; never more than 300 characters, on one line.

    Banks name whole account numbers in their texts; of those only the last four characters remain.
    """
    meaning = ISO_REASONS.get(code) or ACH_REASONS.get(code) or (f"the bank's reason is {code}" if code else "")
    masked = _ACCOUNT_NUMBER.sub(lambda found: f"…{found.group()[-4:]}", said[:2000])
    return plain(": ".join(part for part in (meaning, masked) if part))


def plain(text: str) -> str:
    """Printable text on one line, at most 300 characters: it is shown to people and kept in the evidence."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:300]
