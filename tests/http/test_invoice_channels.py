"""Folders and mailboxes feed the intake of the API: what they bring becomes the same cases, under the same rules."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from adapters.drop_folder import DropFolder
from adapters.maildir import MaildirMailbox
from api.background import follow
from api.invoice_watch import InvoiceWatch
from domain.outside_errors import TemporarilyUnavailableError
from domain.ports.invoice_sources import InvoiceSource
from tests.fixtures.invoices import as_json, as_pdf, as_xml
from tests.fixtures.left_invoices import SENDER, a_mail, delivered
from tests.http.fakes import Gateway


class Counter:
    """The gateway, two places of its own, and how often each outcome was counted."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self.gateway, self.drop, self.mail = gateway, folder / "drop", folder / "mail"
        self.sources: list[InvoiceSource] = [DropFolder(self.drop), MaildirMailbox(self.mail)]
        self.metrics = CollectorRegistry()
        self.watch = InvoiceWatch(self.sources, gateway.services, self.metrics, timedelta(seconds=0.02))

    async def look(self, times: int = 2) -> None:
        for _ in range(times):
            await self.watch.look()

    def ended(self, channel: str, outcome: str) -> float:
        name = "corridor_invoice_deliveries_total"
        return self.metrics.get_sample_value(name, {"channel": channel, "outcome": outcome}) or 0

    def problems(self) -> list[dict[str, object]]:
        found = [*self.drop.rglob("*.problem.json"), *self.mail.rglob("*.problem.json")]
        return [json.loads(path.read_text()) for path in found]


@pytest.fixture
def counter(gateway: Gateway, tmp_path: Path) -> Counter:
    return Counter(gateway, tmp_path)


async def test_a_file_becomes_a_case_of_its_sub_folder(gateway: Gateway, counter: Counter) -> None:
    (counter.drop / "south").mkdir()
    (counter.drop / "south" / "May.xml").write_bytes(as_xml())
    await counter.look()
    (started,) = gateway.cases.invoices.values()
    assert (started.facility, started.submitted_by.person, started.submitted_by.roles) == ("south", "corridor", ())
    document = started.document
    assert (document.channel, document.sender, document.name) == ("drop-folder", "south", "May.xml")
    assert counter.ended("drop-folder", "done") == 1
    assert len(list((counter.drop / "done" / "south").iterdir())) == 1


async def test_a_mail_becomes_a_case_for_each_attachment(gateway: Gateway, counter: Counter) -> None:
    delivered(counter.mail, a_mail(as_pdf(), as_pdf(number="INV-43")))
    await counter.look()
    started = list(gateway.cases.invoices.values())
    assert [each.header.number for each in started] == ["INV-42", "INV-43"]
    assert {(each.document.channel, each.document.sender) for each in started} == {("mailbox", SENDER)}
    assert {each.facility for each in started} == {"north"}  # by the buyer's location number
    assert counter.ended("mailbox", "done") == 1


async def test_the_same_document_by_all_ways_is_one_case(gateway: Gateway, counter: Counter) -> None:
    headers = gateway.as_("ada", "portal") | {"content-type": "application/pdf"}
    (counter.drop / "a.pdf").write_bytes(as_pdf())
    (counter.drop / "b.pdf").write_bytes(as_pdf())
    delivered(counter.mail, a_mail(as_pdf()))
    post = gateway.http.post("/v1/invoices", content=as_pdf(), headers=headers)
    answer, _ = await asyncio.gather(post, counter.look())
    assert answer.status_code == 202
    assert set(gateway.cases.invoices) == {answer.json()["case_id"]}
    assert (counter.ended("drop-folder", "done"), counter.ended("mailbox", "done")) == (2, 1)


async def test_several_gateways_take_each_file_once(gateway: Gateway, counter: Counter) -> None:
    other = InvoiceWatch([DropFolder(counter.drop)], gateway.services, CollectorRegistry(), timedelta(seconds=0.02))
    for number in range(30):
        (counter.drop / f"{number}.json").write_bytes(as_json(number=f"INV-{number}"))
    await asyncio.gather(counter.look(), other.look())
    await asyncio.gather(counter.look(), other.look())
    assert len(gateway.cases.invoices) == 30
    assert gateway.reader.reads == 30
    assert len(list((counter.drop / "done").rglob("*.json"))) == 30


@pytest.mark.parametrize(
    ("place", "content", "rule"),
    [
        ("a.json", b'{"number": 7}', "missing"),
        ("a.xml", b"<nonsense/>", "json_invalid"),
        ("a.txt", b"Dear Sirs", "unknown-type"),
        ("empty.pdf", b"", "unknown-type"),
        ("atlantis/a.json", as_json(), "unknown-facility"),
        ("lost.json", as_json(buyer={"name": "somebody"}), "unknown-facility"),
    ],
)
async def test_what_cannot_be_taken_in_lies_aside_with_every_fault(
    gateway: Gateway, counter: Counter, place: str, content: bytes, rule: str
) -> None:
    (counter.drop / place).parent.mkdir(exist_ok=True)
    (counter.drop / place).write_bytes(content)
    await counter.look()
    (problem,) = counter.problems()
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert rule in {each["rule"] for each in errors}
    assert not gateway.cases.invoices
    assert counter.ended("drop-folder", "refused") == 1


async def test_of_a_mail_the_good_attachment_becomes_a_case_and_the_bad_one_is_named(
    gateway: Gateway, counter: Counter
) -> None:
    mail = a_mail(as_pdf())
    mail.add_attachment(b"%PDF-1.7\nscribble", maintype="application", subtype="pdf", filename="bad.pdf")
    delivered(counter.mail, mail)
    await counter.look()
    assert len(gateway.cases.invoices) == 1
    (problem,) = counter.problems()
    assert problem["sender"] == SENDER
    assert [each["message"].split(":")[0] for each in problem["errors"]] == ["bad.pdf"]  # type: ignore[attr-defined]  # parsed JSON
    assert counter.ended("mailbox", "refused") == 1


async def test_an_outage_delays_and_loses_nothing(
    gateway: Gateway, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    (counter.drop / "a.json").write_bytes(as_json())
    delivered(counter.mail, a_mail(as_pdf(number="B")))
    with monkeypatch.context() as outage:

        async def down(_: object) -> None:
            raise TemporarilyUnavailableError("temporal", "unavailable", "down")

        outage.setattr(gateway.cases, "start_invoice", down)
        await counter.look(6)
    assert not gateway.cases.invoices
    assert counter.ended("drop-folder", "delayed") >= 4
    await counter.look(1)
    assert len(gateway.cases.invoices) == 2
    assert not counter.problems()


async def test_a_break_of_ours_is_told_and_stops_no_other(
    gateway: Gateway, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = gateway.reader.read

    def breaks(content: bytes, media_type: object) -> object:
        if b"INV-666" in content:
            raise RuntimeError("a bug")
        return read(content, "application/json")

    monkeypatch.setattr(gateway.reader, "read", breaks)
    for number in ("INV-1", "INV-666", "INV-2"):
        (counter.drop / f"{number}.json").write_bytes(as_json(number=number))
    await counter.look()
    assert len(gateway.cases.invoices) == 2
    (problem,) = counter.problems()
    assert problem["errors"][0]["rule"] == "internal-error"  # type: ignore[index]  # parsed JSON


async def test_a_place_that_cannot_be_read_keeps_no_other_from_its_turn(gateway: Gateway, counter: Counter) -> None:
    await counter.look(1)
    counter.drop.rename(counter.drop.with_name("gone"))
    delivered(counter.mail, a_mail())
    await counter.look()
    assert len(gateway.cases.invoices) == 1


async def test_the_gateway_looks_by_itself_until_it_stops(gateway: Gateway, counter: Counter) -> None:
    (counter.drop / "a.json").write_bytes(as_json())
    done = asyncio.Event()
    start = gateway.cases.start_invoice

    async def started(request: object) -> None:
        await start(request)  # type: ignore[arg-type]  # passed on as it came
        done.set()

    gateway.cases.start_invoice = started  # type: ignore[method-assign]  # tells when it was called
    async with AsyncExitStack() as resources:
        follow(counter.watch, resources)
        await asyncio.wait_for(done.wait(), 10)
    (counter.drop / "b.json").write_bytes(as_json(number="B"))
    assert len(gateway.cases.invoices) == 1
