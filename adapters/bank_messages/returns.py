"""pacs.004, the payment return: a payment that had settled comes back."""

from __future__ import annotations

from lxml import etree

from adapters.bank_messages.errors import UnreadableError
from adapters.bank_messages.facts import Facts, day, given, money
from adapters.bank_messages.reasons import in_words, plain
from adapters.bank_messages.trees import text


def read_payment_return(message: etree._Element, facts: Facts) -> None:
    """Raises UnreadableError when a return names no amount."""
    for number, returned in enumerate(message.findall("TxInf"), 1):
        amount = returned.find("RtrdIntrBkSttlmAmt")
        if amount is None:
            raise UnreadableError("a return names no amount")
        settled = text(returned, "IntrBkSttlmDt") or text(message, "GrpHdr/IntrBkSttlmDt", "GrpHdr/CreDtTm")
        code = plain(text(returned, "RtrRsnInf/Rsn/Cd", "RtrRsnInf/RtrRsn/Cd", "RtrRsnInf/Rsn/Prtry"))
        words = " ".join(each.text or "" for each in returned.findall("RtrRsnInf/AddtlInf"))
        facts.add(
            "payment-returned",
            file=given(text(returned, "OrgnlGrpInf/OrgnlMsgId") or text(message, "OrgnlGrpInf/OrgnlMsgId")),
            payment=text(returned, "OrgnlEndToEndId"),
            reference=text(returned, "RtrId") or f"{number}",
            amount=money(amount.text, amount.get("Ccy")),
            on=day(settled),
            reason=code,
            text=in_words(code, words),
        )
