"""What suppliers are told, in the codes of the standard."""

from __future__ import annotations

import pytest

from domain.exceptions import CATALOGUE
from domain.invoice_exceptions import INVOICE_EXCEPTIONS
from domain.supplier_responses import TOLD, clarifications_for, response_status

REASONS = {"REF", "LEG", "REC", "QUA", "DEL", "PRI", "QTY", "ITM", "PAY", "UNR", "FIN", "PPD", "OTH"}
ACTIONS = {"NOA", "PIN", "NIN", "CNF", "CNP", "CNA", "OTH"}


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_exception_has_an_answer_in_known_codes(code: str) -> None:
    answer = clarifications_for(code)
    assert answer.reason in REASONS
    assert answer.action in ACTIONS
    assert answer.text.endswith(".")


def test_what_can_be_returned_to_the_supplier_is_told_with_a_reason_of_its_own() -> None:
    returned = {each.code for each in INVOICE_EXCEPTIONS if "return-to-supplier" in each.actions}
    assert returned <= TOLD
    assert set(CATALOGUE) >= TOLD


def test_an_unknown_code_has_none() -> None:
    with pytest.raises(KeyError):
        clarifications_for("no-such-code")


def test_the_price_is_answered_by_a_partial_credit() -> None:
    answer = clarifications_for("price-variance")
    assert (answer.reason, answer.action) == ("PRI", "CNP")


def test_states() -> None:
    assert response_status("received") == "AB"
    assert response_status("in-process", ("coding-required",)) == "IP"
    assert response_status("in-process", ("coding-required", "price-variance")) == "UQ"
    assert response_status("approved") == "AP"
    assert response_status("approved", withheld=True) == "CA"
    assert response_status("paid", withheld=True) == "CA"
    assert response_status("paid") == "PD"
    assert response_status("rejected", ("price-variance",), withheld=True) == "RE"
