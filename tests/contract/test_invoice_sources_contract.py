"""What every place does in which invoices are left: each is taken once, whoever looks, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.capture import DocumentFinding
from domain.ports.invoice_sources import InvoiceSource, Taken
from tests.fixtures.invoices import as_pdf
from tests.fixtures.left_invoices import Place, drop_folder, mailbox_folder

FAULT = DocumentFinding(rule="BR-01", place="/number", message="There is no number.")


@pytest.fixture(params=[drop_folder, mailbox_folder], ids=["drop-folder", "maildir"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    make: Callable[[Path], Place] = request.param
    return make(tmp_path / "place")


def only(source: InvoiceSource) -> Taken:
    """What is taken of the one thing that waits."""
    (key,) = source.waiting(100)
    taken = source.take(key)
    assert taken is not None
    return taken


def test_what_was_left_is_taken_whole(place: Place) -> None:
    place.leave(as_pdf())
    source = place.settled()
    taken = only(source)
    assert [document.content for document in taken.documents] == [as_pdf()]
    assert not taken.faults
    source.done(taken)
    assert not source.waiting(100)
    assert not place.settled().waiting(100)


def test_of_many_that_look_one_takes(place: Place) -> None:
    for number in range(20):
        place.leave(as_pdf(number=f"INV-{number}"))
    sources = [place.settled() for _ in range(8)]
    keys = sources[0].waiting(100)
    assert len(keys) == 20

    def take_all(source: InvoiceSource) -> list[bytes]:
        taken = [source.take(key) for key in keys]
        return [each.documents[0].content for each in taken if each is not None]

    with ThreadPoolExecutor(8) as gateways:
        took = [content for each in gateways.map(take_all, sources) for content in each]
    assert sorted(took) == sorted(as_pdf(number=f"INV-{number}") for number in range(20))


def test_what_somebody_works_on_is_nobody_elses(place: Place) -> None:
    place.leave(as_pdf())
    working, other = place.settled(), place.settled()
    taken = only(working)
    assert [other.take(key) for key in other.waiting(100)] in ([], [None])
    assert working.waiting(100) == ()
    working.done(taken)
    assert not other.waiting(100)


def test_what_is_put_back_is_taken_again_as_often_as_needed(place: Place) -> None:
    place.leave(as_pdf())
    source = place.settled()
    for _ in range(10):
        taken = only(source)
        assert taken.documents[0].content == as_pdf()
        source.put_back(taken)
    assert only(place.settled()).documents


def test_a_process_that_dies_at_work_leaves_it_to_the_next(place: Place) -> None:
    """And one that dies of it again and again does not take all others with it."""
    place.leave(as_pdf())
    for _ in range(3):
        assert dies_while_taking(place) == "taken"
    last = only(place.settled())
    assert [fault.rule for fault in last.faults] == ["given-up"]
    assert not last.documents


def dies_while_taking(place: Place) -> str:
    kind = type(place.open())
    program = (
        f"import os; from {kind.__module__} import {kind.__name__} as Source; from pathlib import Path\n"
        f"source = Source(Path({str(place.folder)!r})); source.waiting(9); (key,) = source.waiting(9)\n"
        "taken = source.take(key); print('taken' if taken.documents else 'nothing', flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 9, done.stderr
    return done.stdout.strip()


def test_what_is_refused_lies_beside_what_is_wrong_with_it(place: Place) -> None:
    place.leave(as_pdf())
    source = place.settled()
    source.refused(only(source), (FAULT,))
    assert not place.settled().waiting(100)
    (problem,) = [name for name in place.files() if name.endswith(".problem.json")]
    told = json.loads((place.folder / problem).read_text())
    assert told["errors"] == [{"rule": "BR-01", "place": "/number", "message": "There is no number."}]
    assert told["file"]
    assert len(place.files()) == 2


def test_names_that_come_again_overwrite_nothing(place: Place) -> None:
    for number in range(3):
        place.leave(as_pdf(number=f"INV-{number}"))
        source = place.settled()
        source.done(only(source))
    assert len(place.files()) == 3


def test_the_oldest_come_first_and_no_more_than_asked_for(place: Place) -> None:
    for number in range(5):
        place.leave(as_pdf(number=f"INV-{number}"))
    source = place.settled()
    first = source.waiting(2)
    assert len(first) == 2
    assert set(first) <= set(source.waiting(100))


def test_what_is_gone_by_now_is_not_taken(place: Place) -> None:
    place.leave(as_pdf())
    source = place.settled()
    (key,) = source.waiting(100)
    (place.folder / key).unlink()
    assert source.take(key) is None
