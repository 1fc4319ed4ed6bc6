"""Whether the supplier is known, may be booked, and may be dealt with at all."""

from __future__ import annotations

from domain.invoice_checks.facts import ControlFacts
from domain.invoice_checks.identifiers import candidates, identify, resembles
from domain.invoice_checks.log import ControlLog
from domain.invoice_checks.senders import is_sender
from domain.payables import PayableSupplier


def find_supplier(facts: ControlFacts, log: ControlLog) -> PayableSupplier | None:
    """The supplier that a person chose, or the one that the document names.

    A choice that the document contradicts is noted: the master's account is paid, whatever the document says.
    """
    found = identify(facts.invoice, facts.suppliers)
    code = facts.chosen_supplier or found.supplier
    supplier = next((each for each in facts.suppliers if each.code == code), None) if code else None
    if supplier is None:
        return None
    if facts.chosen_supplier and found.supplier != facts.chosen_supplier:
        said = f"the document itself names {found.supplier}" if found.supplier else "the document alone names nobody"
        log.note(f"A person chose supplier {facts.chosen_supplier}; {said}.")
    name = facts.invoice.seller.name
    if name and not resembles(name, supplier.name):
        log.note(f"The document calls its seller {name}; the master calls {supplier.code} {supplier.name}.")
    return supplier


def ask_for_supplier(facts: ControlFacts, log: ControlLog) -> tuple[str, ...]:
    """Ask which supplier it is, and return the codes of the candidates."""
    found, seller = identify(facts.invoice, facts.suppliers), facts.invoice.seller
    similar = candidates(seller.name, facts.suppliers)
    senders = [each for each in facts.suppliers if is_sender(facts.document.sender, each)]
    codes = tuple(dict.fromkeys([*(each.code for each, _ in similar), *(each.code for each in senders)]))
    if facts.chosen_supplier:
        message = f"The master has no supplier {facts.chosen_supplier}."
    elif found.contradiction:
        message = found.contradiction
    elif found.named:
        message = f"What the document of {seller.name or 'nobody'} names does not lead to one supplier."
    else:
        message = f"No tax number, location number or account of {seller.name or 'the seller'} is in the master."
    log.ask(
        "supplier-unknown",
        message,
        seller=seller.name,
        tax_id=seller.tax_id,
        gln=seller.gln,
        country=seller.country,
        named={kind: list(each[:10]) for kind, each in found.named.items()},
        candidates=[{"code": each.code, "name": each.name, "similarity_percent": percent} for each, percent in similar],
        sends_for=[each.code for each in senders[:10]],
    )
    return codes


def check_standing(supplier: PayableSupplier, log: ControlLog) -> None:
    """A block for payment stops no booking: the bill is owed, and proposals leave it out until the block is gone."""
    if "posting" in supplier.blocked_for:
        log.ask(
            "supplier-blocked",
            f"Supplier {supplier.code} ({supplier.name}) is blocked for posting.",
            supplier=supplier.code,
            name=supplier.name,
            blocked_for=list(supplier.blocked_for),
        )
    if supplier.excluded:
        log.ask(
            "supplier-excluded",
            f"Supplier {supplier.code} ({supplier.name}) is on an exclusion list.",
            supplier=supplier.code,
            name=supplier.name,
            tax_id=supplier.tax_id,
        )
    if "payment" in supplier.blocked_for:
        log.note(f"Supplier {supplier.code} is blocked for payment: proposals leave its invoices out.")
