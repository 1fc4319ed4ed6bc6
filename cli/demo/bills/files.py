"""What a payment file says is paid, read from the file itself: pain.001 or NACHA."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

_ENTRY, _CENTS = "6", Decimal(100)


def amounts_of(content: str) -> dict[str, Decimal]:
    """The amount of each payment by its end-to-end id. Raises ValueError for what is neither format."""
    if content.lstrip().startswith("<"):
        return _pain001(content)
    if content.startswith("1"):
        return _nacha(content)
    raise ValueError("this is no payment file that is read here")


def _pain001(content: str) -> dict[str, Decimal]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(content.encode(), parser)
    found = {}
    for transfer in root.iterfind(".//{*}CdtTrfTxInf"):
        payment = transfer.findtext("{*}PmtId/{*}EndToEndId") or ""
        found[payment] = Decimal(transfer.findtext("{*}Amt/{*}InstdAmt") or "0")
    return found


def _nacha(content: str) -> dict[str, Decimal]:
    """Entry detail records: the amount in cents at 30-39, the identification number at 40-54."""
    entries = [record for record in content.splitlines() if record.startswith(_ENTRY)]
    return {record[39:54].strip(): Decimal(int(record[29:39])) / _CENTS for record in entries}
