"""Whether the document keeps to its standard, and whether it was read with certainty."""

from __future__ import annotations

from domain.capture import FieldReading, InvoiceCopy
from domain.invoice_checks.log import ControlLog
from domain.policy.model import CaptureRule

MAX_SHOWN = 20


def check_document(copy: InvoiceCopy, log: ControlLog) -> None:
    fatal = [finding for finding in copy.findings if finding.severity == "fatal"]
    if fatal:
        rules = list(dict.fromkeys(finding.rule for finding in fatal))
        log.ask(
            "document-invalid",
            _broken(rules, fatal[0].message),
            format=copy.format,
            rules=[
                {"rule": each.rule, "place": each.place[:300], "message": each.message[:300]}
                for each in fatal[:MAX_SHOWN]
            ],
            count=len(fatal),
        )
    for warning in [finding for finding in copy.findings if finding.severity == "warning"][:MAX_SHOWN]:
        log.note(f"{warning.rule}: {warning.message[:300]}")


def _broken(rules: list[str], first: str) -> str:
    """In words, since nobody knows rules by their numbers: "BR-10: the buyer's postal address (BG-8) is missing." """
    others = f" It breaks {len(rules) - 1} more of its standard's rules." if len(rules) > 1 else ""
    return f"{rules[0]}: {first[:300].removesuffix('.')}.{others}"


def check_capture(copy: InvoiceCopy, rule: CaptureRule, log: ControlLog) -> None:
    """What was read is not shown: it could be a bank account, and the page itself is beside the task."""
    unsure = [field for field in copy.fields if field.confidence < rule.confidence]
    if unsure:
        log.ask(
            "capture-uncertain",
            f"{len(unsure)} of {len(copy.fields)} fields were read with less than {rule.confidence:f} confidence.",
            threshold=f"{rule.confidence:f}",
            fields=[_shown(field) for field in sorted(unsure, key=lambda each: each.confidence)[:MAX_SHOWN]],
            count=len(unsure),
        )


def _shown(field: FieldReading) -> dict[str, object]:
    shown: dict[str, object] = {"pointer": field.pointer, "confidence": f"{field.confidence:f}"}
    if field.place is not None:
        shown["place"] = field.place.model_dump(mode="json")
    return shown
