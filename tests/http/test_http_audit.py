"""The evidence over HTTP: taken out, held, redacted, purged, and by whom."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from api.bundle import verify
from domain.chain import HOLD_LIFTED, HOLD_SET, PURGED, REDACTED
from tests.fixtures.evidence import CASE, START, a_journal, a_task, an_entry
from tests.http.fakes import Gateway, pointers, slug

OFFICER = ("cleo", "compliance-officer")
HOLD = {"matter": "LIT-1", "reason": "Claim of the supplier"}
REDACTION = {"text": "Mrs. Smith", "reason": "A patient was named"}
PURGE = {"reason": "Yearly clearing"}
CLOSED = START + timedelta(days=1)


@pytest.fixture
async def closed(gateway: Gateway) -> Gateway:
    """A closed case of two entries, and one that runs."""
    entries = (an_entry(1, summary="Gloves for Mrs. Smith"), an_entry(2))
    tasks = (a_task("T-1", status="done"),)
    await gateway.evidence.record(a_journal(CASE, 1, *entries, tasks=tasks, status="completed", closed_at=CLOSED))
    await gateway.evidence.record(a_journal("procure-to-pay.north.REQ-2", 1, an_entry(1)))
    await gateway.checkpoints.seal(gateway.now)
    return gateway


async def post(gateway: Gateway, path: str, body: Any, *who: str, **claims: Any) -> httpx.Response:
    headers = gateway.as_(*(who or OFFICER), **claims)
    return await gateway.http.post(place(path), json=body, headers=headers)


def place(path: str) -> str:
    return "/v1/purges" if path == "purge" else f"/v1/audit/{path}"


async def get(gateway: Gateway, path: str, *who: str, **claims: Any) -> httpx.Response:
    return await gateway.http.get(f"/v1/audit/{path}", headers=gateway.as_(*(who or OFFICER), **claims))


def kinds(gateway: Gateway, case_id: str = CASE) -> list[str]:
    return [row.entry().kind for row in gateway.evidence.rows(case_id)]


def later(gateway: Gateway, years: int) -> None:
    gateway.now = datetime(gateway.now.year + years, 12, 1, tzinfo=gateway.now.tzinfo)


# Taking it out


async def test_an_exported_bundle_is_checked_without_the_gateway(closed: Gateway) -> None:
    answer = await get(closed, f"{CASE}/export", "ada", "auditor")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{CASE}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    faults, notes = verify.check(files, (await get(closed, "keys")).json())
    assert (faults, notes) == ([], [])
    assert b"Gloves for Mrs. Smith" in files["story.html"]


async def test_the_published_keys_are_public_ones(closed: Gateway) -> None:
    answer = (await get(closed, "keys", "ada", "auditor")).json()
    assert answer["algorithm"] == "Ed25519"
    assert [len(base64.b64decode(key)) for key in answer["keys"].values()] == [32]
    assert answer["keys"] != {"k1": base64.b64encode(b"k" * 32).decode()}  # the seed itself


@pytest.mark.parametrize(
    ("path", "who", "claims", "status", "problem"),
    [
        (f"{CASE}/export", ("bo", "buyer"), {}, 403, "role-required"),
        ("keys", ("bo", "buyer"), {}, 403, "role-required"),
        (f"{CASE}/export", OFFICER, {"facilities": ["south"]}, 404, "case-not-found"),
        ("procure-to-pay.north.NONE/export", OFFICER, {}, 404, "case-not-found"),
    ],
)
async def test_who_may_not_take_evidence_out(
    closed: Gateway, path: str, who: tuple[str, ...], claims: dict[str, Any], status: int, problem: str
) -> None:
    answer = await get(closed, path, *who, **claims)
    assert (answer.status_code, slug(answer)) == (status, problem)


# Holds


async def test_a_case_is_held_once_and_released_once(closed: Gateway) -> None:
    first = (await post(closed, f"{CASE}/hold", HOLD)).json()
    assert first["holds"] == ["LIT-1"]
    assert (first["recorded"]["position"], first["recorded"]["entry"]["actor"]) == (3, "cleo")
    assert first["recorded"]["entry"]["detail"]["reason"] == "Claim of the supplier"
    again = (await post(closed, f"{CASE}/hold", HOLD)).json()
    assert (again["recorded"], again["holds"]) == (None, ["LIT-1"])
    await post(closed, f"{CASE}/hold", HOLD | {"matter": "LIT-2"})
    lifted = (await post(closed, f"{CASE}/lift-hold", HOLD)).json()
    assert lifted["holds"] == ["LIT-2"]
    assert (await post(closed, f"{CASE}/lift-hold", HOLD)).json()["recorded"] is None
    assert kinds(closed)[2:] == [HOLD_SET, HOLD_SET, HOLD_LIFTED]
    assert (await get(closed, f"verify?case_id={CASE}")).json()["intact"] is True


async def test_a_hold_that_never_was_cannot_be_lifted(closed: Gateway) -> None:
    answer = await post(closed, f"{CASE}/lift-hold", HOLD)
    assert (answer.status_code, slug(answer)) == (409, "not-held")


# Redaction


async def test_a_redaction_is_recorded_and_the_evidence_holds(closed: Gateway) -> None:
    answer = (await post(closed, f"{CASE}/redact", REDACTION)).json()
    assert answer["recorded"]["entry"]["kind"] == REDACTED
    assert [place["position"] for place in answer["recorded"]["entry"]["detail"]["entries"]] == [1]
    trail = (await get(closed, CASE)).text
    assert "Smith" not in trail
    assert (await get(closed, f"verify?case_id={CASE}")).json()["intact"] is True
    assert (await post(closed, f"{CASE}/redact", REDACTION)).json()["recorded"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"text": "ab", "reason": "A patient was named"}, "/text"),
        ({"text": "Mrs. Smith", "reason": "Mrs. Smith was named"}, "/reason"),
        ({"text": "Mrs. Smith"}, "/reason"),
        ({"reason": "A patient was named"}, "/text"),
        (REDACTION | {"where": 1}, "/where"),
    ],
)
async def test_a_redaction_that_makes_no_sense(closed: Gateway, body: dict[str, Any], pointer: str) -> None:
    answer = await post(closed, f"{CASE}/redact", body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert pointers(answer) == {pointer}
    assert len(kinds(closed)) == 2


# Purging


async def test_old_cases_are_purged_and_young_ones_stay(closed: Gateway) -> None:
    assert (await post(closed, "purge", PURGE)).json() == {
        "dry_run": False,
        "purged": [],
        "kept": [],
        "next_cursor": None,
    }
    later(closed, 7)
    trial = (await post(closed, "purge", PURGE | {"dry_run": True})).json()
    assert (trial["purged"], len(kinds(closed))) == ([CASE], 2)
    assert (await post(closed, "purge", PURGE)).json()["purged"] == [CASE]
    assert kinds(closed) == [PURGED]
    detail = closed.evidence.rows(CASE)[0].entry().detail
    assert (detail["rule"], detail["reason"]) == ("retention: 7 years after closing (policy test-1)", "Yearly clearing")
    assert (await closed.http.get(f"/v1/cases/{CASE}", headers=closed.as_(*OFFICER))).status_code == 404
    trail = (await get(closed, CASE)).json()["items"]
    assert [item["entry"]["kind"] for item in trail] == [PURGED]
    verdict = (await get(closed, "verify", facilities=["*"])).json()
    assert (verdict["intact"], verdict["faults"]) == (True, [])
    assert (await post(closed, "purge", PURGE)).json()["purged"] == []


async def test_what_is_held_or_not_sealed_is_kept_and_said_to_be(closed: Gateway) -> None:
    await post(closed, f"{CASE}/hold", HOLD)
    later(closed, 7)
    for dry_run in (True, False):
        answer = (await post(closed, "purge", PURGE | {"dry_run": dry_run})).json()
        assert answer["kept"] == [{"case_id": CASE, "because": "held"}]
    await post(closed, f"{CASE}/lift-hold", HOLD)
    answer = (await post(closed, "purge", PURGE)).json()
    assert answer["kept"] == [{"case_id": CASE, "because": "not-sealed"}]
    await closed.checkpoints.seal(closed.now)
    assert (await post(closed, "purge", PURGE)).json()["purged"] == [CASE]


async def test_a_purge_reaches_only_the_facilities_of_the_caller(closed: Gateway) -> None:
    later(closed, 7)
    assert (await post(closed, "purge", PURGE, facilities=["south"])).json()["purged"] == []
    answer = await post(closed, "purge", PURGE | {"facility": "south"})
    assert (answer.status_code, slug(answer)) == (404, "facility-not-found")
    everywhere = await post(closed, "purge", PURGE | {"facility": "south"}, facilities=["*"])
    assert everywhere.json()["purged"] == []
    assert (await post(closed, "purge", PURGE | {"facility": "north"}, facilities=["*"])).json()["purged"] == [CASE]


async def test_a_large_purge_goes_on_where_it_stopped(closed: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        case_id = f"procure-to-pay.north.OLD-{number}"
        await closed.evidence.record(a_journal(case_id, 1, an_entry(1), status="completed", closed_at=CLOSED))
    await closed.checkpoints.seal(closed.now)
    await post(closed, "procure-to-pay.north.OLD-1/hold", HOLD)
    later(closed, 7)
    monkeypatch.setattr("api.routes.keeping._LOOKED_AT", 2)
    monkeypatch.setattr("api.routes.keeping._PAGE", 3)
    purged, kept, cursor = [], [], None
    while True:
        body = PURGE | ({"cursor": cursor} if cursor else {})
        page = (await post(closed, "purge", body)).json()
        purged += page["purged"]
        kept += page["kept"]
        assert len(page["purged"]) + len(page["kept"]) <= 2
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [case[-1] for case in purged] == ["0", "2", "3", "4", "1"]
    assert [case["case_id"][-5:] for case in kept] == ["OLD-1"]


async def test_a_cursor_of_another_list_is_refused(closed: Gateway) -> None:
    answer = await post(closed, "purge", PURGE | {"cursor": "nonsense"})
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")


# Who may


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{CASE}/hold", HOLD),
        (f"{CASE}/lift-hold", HOLD),
        (f"{CASE}/redact", REDACTION),
        ("purge", PURGE),
    ],
)
async def test_only_a_compliance_officer_of_the_facility_keeps_evidence(
    closed: Gateway, path: str, body: dict[str, Any]
) -> None:
    for role in ("auditor", "process-owner", "requester"):
        answer = await post(closed, path, body, "ada", role)
        assert (answer.status_code, slug(answer)) == (403, "role-required")
    if path != "purge":
        answer = await post(closed, path, body, facilities=["south"])
        assert (answer.status_code, slug(answer)) == (404, "case-not-found")
    assert (await closed.http.post(place(path), json=body)).status_code == 401
    assert len(kinds(closed)) == 2


async def test_nobody_redacts_or_releases_their_own_request(closed: Gateway) -> None:
    requester = ("n.adams", "compliance-officer")
    assert (await post(closed, f"{CASE}/hold", HOLD, *requester)).status_code == 200
    for path, body in ((f"{CASE}/lift-hold", HOLD), (f"{CASE}/redact", REDACTION)):
        answer = await post(closed, path, body, *requester)
        assert (answer.status_code, slug(answer)) == (403, "own-case")
