"""Our own shape of an invoice as JSON: strict, and with all of its faults at once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from pydantic import ValidationError

from adapters.invoice_documents.faults import bounded, finding, refuse, shape_faults
from domain.capture import DocumentFinding, Reading, UnreadableDocumentError
from domain.en16931 import check_calculation
from domain.invoice import Invoice

_MAX_DEPTH = 20  # the deepest value of an invoice lies at seven


def read_json(content: bytes) -> Reading:
    """Raises UnreadableDocumentError for what is not JSON, or not of the shape of `Invoice`."""
    document = _document(content)
    faults: list[DocumentFinding] = []
    invoice: Invoice | None = None
    try:
        invoice = Invoice.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        faults += shape_faults(error)
    faults += _repeated_lines(document)
    if faults or invoice is None:
        raise UnreadableDocumentError(bounded(faults))
    return Reading(format="json", invoice=invoice, findings=bounded(check_calculation(invoice)))


def _document(content: bytes) -> Any:
    try:
        document = json.loads(content, object_pairs_hook=_each_name_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        refuse("encoding", f"the document is not in {error.encoding}: byte {error.start} does not fit")
    except (ValueError, RecursionError) as error:
        refuse("malformed", f"the document is not JSON: {error}")
    if _deeper_than(document, _MAX_DEPTH):
        refuse("malformed", f"the document is nested deeper than {_MAX_DEPTH} levels")
    return document


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two amounts under one name another reader might take the other."""
    names = Counter(name for name, _ in pairs)
    repeated = sorted(name[:60] for name, count in names.items() if count > 1)
    if repeated:
        raise ValueError(f"the names {', '.join(repeated)} occur twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for each in layer
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return False
    return True


def _repeated_lines(document: Any) -> list[DocumentFinding]:
    """Line numbers name lines to people and in matching, so each may occur once."""
    lines = document.get("lines") if isinstance(document, dict) else None
    if not isinstance(lines, list):
        return []
    numbers = [each.get("line") if isinstance(each, dict) else None for each in lines]
    seen = Counter(number for number in numbers if isinstance(number, int))
    return [
        finding("duplicate-line", f"line number {number} occurs {seen[number]} times", f"/lines/{index}/line")
        for index, number in enumerate(numbers)
        if isinstance(number, int) and seen[number] > 1
    ]
