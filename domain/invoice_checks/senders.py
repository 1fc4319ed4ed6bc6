"""Whether a document came from where its supplier sends from."""

from __future__ import annotations

import re

from domain.capture import CapturedDocument
from domain.invoice_checks.log import ControlLog
from domain.payables import PayableSupplier

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


def check_sender(document: CapturedDocument, supplier: PayableSupplier, log: ControlLog) -> None:
    """Only mail can come from anybody: folders and tokens are given to known senders, who are checked before."""
    if document.channel != "mailbox" or is_sender(document.sender, supplier):
        return
    log.ask(
        "sender-unverified",
        f"{document.sender or 'An unknown address'} is no sender that {supplier.code} ({supplier.name}) uses.",
        sender=document.sender,
        channel=document.channel,
        supplier=supplier.code,
        known_senders=list(supplier.senders[:20]),
    )


def is_sender(address: str, supplier: PayableSupplier) -> bool:
    """The whole address, or its whole domain: neither a part of a name nor a domain below one that is known."""
    plain = address.strip().casefold()
    if not _ADDRESS.fullmatch(plain):
        return False
    known = {each.strip().casefold() for each in supplier.senders}
    return plain in known or "@" + plain.rpartition("@")[2] in known
