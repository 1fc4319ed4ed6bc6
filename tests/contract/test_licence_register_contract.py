"""What every licence register does: in memory, over a folder of extracts, and over a service."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.licence_registers import FolderLicences, LicenceService, RegisterSettingError, connect
from adapters.memory.credentials import MemoryLicences
from domain.credentials import LicenceQuestion, LicenceRecord
from domain.hire import LicenceClaim, PersonName
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError
from domain.ports.credentials import LicenceRegister

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = NOW.date()
URL = "https://licences.test/v1"
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def known(status: str = "active", **over: Any) -> LicenceRecord:
    given: dict[str, Any] = {"status": status, "number": "RN-4711", "state": "NY", "kind": "rn"}
    given |= {"name_on_record": "ROSEWATER, ELLEN", "expires_on": date(2027, 6, 30)}
    return LicenceRecord.model_validate({**given, **over})


def question(**over: str) -> LicenceQuestion:
    claim = LicenceClaim.model_validate({"kind": "rn", "state": "NY", "number": "RN-4711", **over})
    return LicenceQuestion(claim=claim, name=PersonName(family="Rosewater", given="Ellen"))


class Service:
    """A small primary-source service (ASGI). It covers the states of what it knows."""

    def __init__(self, *records: LicenceRecord) -> None:
        self.records = records
        self.asked: list[dict[str, Any]] = []
        self.headers: dict[str, str] = {}
        self.status, self.body = 200, b""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        message = await receive()
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        asked = json.loads(message["body"])
        self.asked.append(asked)
        self.headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        body = self.body or json.dumps(self.answer(asked), default=str).encode()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        there = [each for each in self.records if each.state == asked["jurisdiction"]]
        there = [each for each in there if each.kind.upper() == asked["licenseType"]]
        return {
            "covered": bool(there),
            "licenses": [
                {
                    "jurisdiction": each.state,
                    "licenseType": each.kind.upper(),
                    "licenseNumber": each.number,
                    "lastName": each.name_on_record.partition(", ")[0],
                    "firstName": each.name_on_record.partition(", ")[2],
                    "licenseStatus": each.status.upper(),
                    "expirationDate": each.expires_on,
                }
                for each in there
                if each.number == asked["licenseNumber"]
            ],
        }

    def answered(self) -> bytes:
        """What it says of the licence that the tests know."""
        asked = {"jurisdiction": "NY", "licenseType": "RN", "licenseNumber": "RN-4711"}
        return json.dumps(self.answer(asked), default=str).encode()


def service(app: Service) -> LicenceService:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))  # type: ignore[arg-type]  # a plain ASGI app
    return LicenceService(URL, client, SecretStr("s3cret"), lambda: NOW)


def write(folder: Path, *records: LicenceRecord, as_of: date = TODAY, state: str = "NY", kind: str = "rn") -> Path:
    lines = ["number,name,status,expiry,as_of"]
    lines += [
        f'{each.number},"{each.name_on_record}",{each.status},{each.expires_on or ""},{as_of}' for each in records
    ]
    path = folder / f"{state}-{kind}.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def registers(folder: Path, *records: LicenceRecord) -> dict[str, LicenceRegister]:
    write(folder, *records)
    return {
        "memory": MemoryLicences(records),
        "folder": FolderLicences(folder, lambda: NOW),
        "service": service(Service(*records)),
    }


KINDS = ["memory", "folder", "service"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", ["active", "expired", "suspended", "revoked"])
async def test_what_the_board_says_is_passed_on(tmp_path: Path, kind: str, status: str) -> None:
    found = await registers(tmp_path, known(status))[kind].look_up(question())
    assert (found.status, found.number, found.state, found.kind) == (status, "RN-4711", "NY", "rn")
    assert (found.name_on_record, found.expires_on) == ("ROSEWATER, ELLEN", date(2027, 6, 30))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("over", [{"state": "CA"}, {"kind": "md"}])
async def test_where_nothing_covers_the_state_and_kind_nothing_was_checked(
    tmp_path: Path, kind: str, over: dict[str, str]
) -> None:
    found = await registers(tmp_path, known())[kind].look_up(question(**over))
    assert (found.status, found.expires_on, found.name_on_record) == ("not-checked", None, "")
    assert found.number == "RN-4711"


@pytest.mark.parametrize("kind", ["folder", "service"])
async def test_a_number_that_a_covering_register_lacks_is_not_found(tmp_path: Path, kind: str) -> None:
    found = await registers(tmp_path, known())[kind].look_up(question(number="RN-9999"))
    assert (found.status, found.number, found.name_on_record) == ("not-found", "RN-9999", "")
    assert found.source


@pytest.mark.parametrize("kind", ["folder", "service"])
async def test_the_answer_says_where_it_comes_from_and_when_that_was_asked(tmp_path: Path, kind: str) -> None:
    found = await registers(tmp_path, known())[kind].look_up(question())
    assert found.checked_at is not None
    assert found.checked_at.date() == TODAY
    assert (
        found.source
        == {"folder": "extract of the NY board of 2026-11-21", "service": "primary source licences.test"}[kind]
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_is_there_says_so(tmp_path: Path, kind: str) -> None:
    await registers(tmp_path, known())[kind].health()


class TestFolder:
    async def test_numbers_are_found_as_people_write_them(self, tmp_path: Path) -> None:
        write(tmp_path, known(number="rn 004711"))
        found = await FolderLicences(tmp_path, lambda: NOW).look_up(question(number="RN-004711"))
        assert found.status == "active"

    async def test_an_old_extract_vouches_for_nothing(self, tmp_path: Path) -> None:
        write(tmp_path, known(), as_of=TODAY - timedelta(days=36))
        found = await FolderLicences(tmp_path, lambda: NOW).look_up(question())
        assert found.status == "not-checked"
        assert "too old" in found.source

    async def test_an_extract_without_a_day_is_of_the_day_on_which_it_came(self, tmp_path: Path) -> None:
        path = write(tmp_path, known())
        path.write_text(path.read_text().replace(f",{TODAY}", ","))
        for days, status in ((35, "active"), (36, "not-checked")):
            came = (NOW - timedelta(days=days)).timestamp()
            os.utime(path, (came, came))
            assert (await FolderLicences(tmp_path, lambda: NOW).look_up(question())).status == status

    async def test_a_new_extract_is_read_and_a_bad_one_leaves_the_earlier(self, tmp_path: Path) -> None:
        register = FolderLicences(tmp_path, lambda: NOW)
        path = write(tmp_path, known())
        assert (await register.look_up(question())).status == "active"
        write(tmp_path, known("suspended"))
        assert (await register.look_up(question())).status == "suspended"
        path.write_text(path.read_text()[:-5])
        assert (await register.look_up(question())).status == "suspended"

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "number,name\n1,x\n",
            "number,name,status,expiry,as_of\n",
            "number,name,status,expiry,as_of\nRN-1,x,good enough,2027-01-01,2026-11-21\n",
            "number,name,status,expiry,as_of\nRN-1,x,active,soon,2026-11-21\n",
            "number,name,status,expiry,as_of\nRN-1,x,active,,2026-11-21\nRN 1,z,active,,2026-11-21\n",
            "number,name,status,expiry,as_of\nRN-1,x,active,2027-01-01,2026-11-21",
            "number,name,status,expiry,as_of\nRN-1,x\x00,active,2027-01-01,2026-11-21\n",
        ],
    )
    async def test_an_extract_that_is_not_sound_is_refused_whole(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "NY-rn.csv").write_text(content)
        with pytest.raises(ContractDriftError) as refused:
            await FolderLicences(tmp_path, lambda: NOW).look_up(question())
        assert refused.value.code == "extract-refused"

    async def test_a_folder_that_is_gone_is_worth_trying_again(self, tmp_path: Path) -> None:
        with pytest.raises(TemporarilyUnavailableError):
            await FolderLicences(tmp_path / "gone", lambda: NOW).look_up(question())
        with pytest.raises(TemporarilyUnavailableError):
            await FolderLicences(tmp_path / "gone", lambda: NOW).health()


class TestService:
    async def test_it_is_asked_for_the_number_with_our_token(self) -> None:
        app = Service(known())
        await service(app).look_up(question())
        assert app.headers["authorization"] == "Bearer s3cret"
        assert app.asked == [
            {
                "jurisdiction": "NY",
                "licenseType": "RN",
                "licenseNumber": "RN-4711",
                "lastName": "Rosewater",
                "firstName": "Ellen",
            }
        ]

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (500, TemporarilyUnavailableError),
            (503, TemporarilyUnavailableError),
            (429, TemporarilyUnavailableError),
            (401, RefusedError),
            (404, RefusedError),
            (302, ContractDriftError),
            (204, ContractDriftError),
        ],
    )
    async def test_errors_are_classified(self, status: int, error: type[OutsideError]) -> None:
        app = Service(known())
        app.status = status
        with pytest.raises(error) as raised:
            await service(app).look_up(question())
        assert raised.value.code == f"http-{status}"

    @pytest.mark.parametrize(
        "body",
        [
            b"<html>",
            b"[]",
            b"{}",
            b'{"covered": true, "licenses": [{"licenseNumber": "RN-4711"}]}',
            b'{"covered": true, "licenses": "none"}',
            b'{"covered": true, "pad": "' + b"x" * 300_000 + b'"}',
            b"\xff\xfe",
        ],
    )
    async def test_answers_of_another_shape_are_no_answers(self, body: bytes) -> None:
        app = Service(known())
        app.body = body
        with pytest.raises(ContractDriftError):
            await service(app).look_up(question())

    async def test_two_answers_or_an_unknown_status_are_no_answer(self) -> None:
        with pytest.raises(ContractDriftError, match="several"):
            await service(Service(known(), known())).look_up(question())
        app = Service(known())
        app.body = app.answered().replace(b"ACTIVE", b"FINE, REALLY")
        with pytest.raises(ContractDriftError, match="explained"):
            await service(app).look_up(question())

    async def test_the_licence_of_another_number_is_not_this_one(self) -> None:
        app = Service(known())
        app.body = app.answered()
        assert (await service(app).look_up(question(number="RN-4712"))).status == "not-found"

    @pytest.mark.parametrize("fault", [httpx.ReadTimeout("slow"), httpx.ConnectError("down")])
    async def test_a_service_that_does_not_answer_is_worth_trying_again(self, fault: Exception) -> None:
        def fail(request: httpx.Request) -> httpx.Response:
            raise fault

        register = LicenceService(URL, httpx.AsyncClient(transport=httpx.MockTransport(fail)))
        with pytest.raises(TemporarilyUnavailableError) as raised:
            await register.look_up(question())
        assert "Rosewater" not in str(raised.value)
        with pytest.raises(TemporarilyUnavailableError):
            await register.health()

    @pytest.mark.parametrize(("status", "there"), [(204, True), (401, True), (405, True), (429, False), (503, False)])
    async def test_whatever_it_says_of_itself_it_is_there_and_learns_nobodys_name(
        self, status: int, there: bool
    ) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(status)

        register = LicenceService(URL, httpx.AsyncClient(transport=httpx.MockTransport(answer)))
        if there:
            await register.health()
        else:
            with pytest.raises(TemporarilyUnavailableError):
                await register.health()
        assert [(request.method, request.content) for request in seen] == [("OPTIONS", b"")]


class TestConnecting:
    def test_a_folder_or_an_https_address(self, tmp_path: Path) -> None:
        client = httpx.AsyncClient()
        assert isinstance(connect(str(tmp_path), client), FolderLicences)
        assert isinstance(connect(URL, client), LicenceService)

    @pytest.mark.parametrize("setting", ["http://licences.test", "ftp://licences.test", "/no/such/folder"])
    def test_anything_else_is_refused_at_once(self, setting: str) -> None:
        with pytest.raises(RegisterSettingError):
            connect(setting, httpx.AsyncClient())
