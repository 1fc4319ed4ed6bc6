"""The plain acknowledgement of a NACHA file.

Nacha defines none, so each bank has its own. This is the one that mock-bank writes, a fact to a line:

    ACKNOWLEDGEMENT <id of the acknowledgement>
    CREATED <instant>
    FILE <origin>-<creation date and time><modifier>
    STATUS ACCP | PART | RJCT <code> <words>
    ENTRY <trace> <individual identification> <dollars> ACCEPTED <day> | REJECTED <code> <words>

A bank with another shape gets a module of its own beside this one.
"""

from __future__ import annotations

from adapters.bank_messages.errors import UnreadableError
from adapters.bank_messages.facts import Facts, given, money
from adapters.bank_messages.reasons import in_words, plain
from adapters.bank_messages.status_reports import ACCEPTED, PARTLY, REJECTED, refusal

START = "ACKNOWLEDGEMENT "
_ENTRY_WORDS = 6


def acknowledgement_id(content: str) -> str:
    return plain(content.lstrip().split("\n", 1)[0].removeprefix(START))


def read_acknowledgement(content: str, facts: Facts) -> None:
    """Raises UnreadableError for one without a status, or with an entry in another shape."""
    said = [line.partition(" ") for line in content.splitlines() if line.strip()]
    values = {name: value.strip() for name, _, value in said if name != "ENTRY"}
    file = given(values.get("FILE"))
    status, _, rest = values.get("STATUS", "").partition(" ")
    code, _, words = rest.partition(" ")
    if status in ACCEPTED or status == PARTLY:
        partly = "accepted in part: each payment that is not is named" if status == PARTLY else ""
        facts.add("file-accepted", file=file, text=partly)
    elif status in REJECTED:
        facts.add(refusal(code), file=file, reason=plain(code), text=in_words(code, words))
    else:
        raise UnreadableError(f"{plain(status)!r} is no status of a file")
    for name, _, value in said:
        if name == "ENTRY":
            _read_entry(value, file, facts)


def _read_entry(line: str, file: str, facts: Facts) -> None:
    words = line.split(" ", _ENTRY_WORDS - 1)
    if len(words) < _ENTRY_WORDS - 1:
        raise UnreadableError(f"{plain(line)!r} is no entry")
    trace, payment, dollars, outcome, code = words[:5]
    amount = money(dollars, "USD")
    if outcome == "ACCEPTED":
        text = f"to be booked on {plain(code)}"
        facts.add("payment-accepted", file=file, payment=payment, reference=trace, amount=amount, text=text)
    elif outcome == "REJECTED":
        facts.add(
            "payment-rejected",
            file=file,
            payment=payment,
            reference=trace,
            amount=amount,
            reason=plain(code),
            text=in_words(code, words[5] if len(words) == _ENTRY_WORDS else ""),
        )
    else:
        raise UnreadableError(f"{plain(outcome)!r} is no outcome of an entry")
