"""How we speak with Tryton, and what its failures are: against a transport that answers as it was recorded to."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from adapters.erp.tryton import encoding
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.errors import UserWarningError
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

LOGIN = TrytonLogin(user="corridor", password=SecretStr("a made-up one"))
SETTINGS = TrytonSettings(url="http://127.0.0.1:8000", database="tryton", bot=LOGIN)
PREFERENCES = {"company": 1, "employee": 2, "language": "en"}
Answer = httpx.Response | Exception
Script = Callable[[str, list[Any]], Answer]


def result(value: Any) -> httpx.Response:
    return httpx.Response(200, content=encoding.encode({"id": 1, "result": value}))


def failure(*said: Any) -> httpx.Response:
    return httpx.Response(200, json={"id": 1, "error": list(said)})


class FakeTryton:
    """Logs everybody in and answers other calls by `script`; keeps what it was asked."""

    def __init__(self, script: Script) -> None:
        self.script, self.logins = script, 0
        self.calls: list[tuple[str, list[Any], str]] = []
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url=SETTINGS.url)
        self.client = TrytonClient(http, SETTINGS, LOGIN)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/tryton/rpc/"
        asked = encoding.decode(request.content)
        method, params = asked["method"], asked["params"]
        if method == "common.db.login":
            assert params == ["corridor", {"password": "a made-up one"}]
            self.logins += 1
            return result([7, f"token{self.logins}", None])
        if method == "model.res.user.get_preferences" and params[-1] == {}:
            return result(PREFERENCES)
        self.calls.append((method, params, request.headers["Authorization"]))
        answer = self.script(method, params)
        if isinstance(answer, Exception):
            raise answer
        return answer


def always(answer: Answer) -> FakeTryton:
    return FakeTryton(lambda _method, _params: answer)


def in_turn(*answers: Answer) -> FakeTryton:
    waiting = list(answers)
    return FakeTryton(lambda _method, _params: waiting.pop(0))


class TestCalling:
    async def test_logs_in_once_and_sends_the_context_of_the_user_last(self) -> None:
        tryton = always(result([{"id": 3}]))
        for _ in range(2):
            rows = await tryton.client.search_read("party.party", [["code", "=", "MEDIX"]], ["name"], limit=2)
            assert rows == [{"id": 3}]
        method, params, authorization = tryton.calls[1]
        assert (tryton.logins, method) == (1, "model.party.party.search_read")
        assert params == [[["code", "=", "MEDIX"]], 0, 2, None, ["name"], {**PREFERENCES, "active_test": False}]
        assert base64.b64decode(authorization.removeprefix("Session ")) == b"corridor:7:token1"

    async def test_many_at_once_share_one_login(self) -> None:
        tryton = always(result([]))
        await asyncio.gather(*(tryton.client.search_read("party.party", [], []) for _ in range(6)))
        assert tryton.logins == 1

    async def test_a_read_of_no_ids_asks_nobody(self) -> None:
        tryton = always(result([]))
        assert await tryton.client.read("party.party", [], ["name"]) == []
        assert tryton.calls == []

    async def test_values_travel_with_their_classes(self) -> None:
        sent = {
            "price": Decimal("12.50"),
            "day": date(2026, 3, 10),
            "at": datetime(2026, 3, 10, 23, 30),  # noqa: DTZ001 - as Tryton has them
            "span": timedelta(hours=2),
            "file": b"<xml/>",
        }
        assert encoding.decode(encoding.encode(sent)) == sent
        assert json.loads(encoding.encode(sent))["price"] == {"__class__": "Decimal", "decimal": "12.5"}
        assert [
            json.loads(encoding.encode(Decimal(each)))["decimal"] for each in ("0.100000", "100", "1E+2", "-0.00")
        ] == [
            "0.1",
            "100",
            "100",
            "-0",
        ]
        assert encoding.decode('{"quantity": 2.10}') == {"quantity": Decimal("2.10")}
        with pytest.raises(ValueError, match="time zone"):
            encoding.encode(datetime.now().astimezone())
        with pytest.raises(TypeError):
            encoding.encode(object())


class TestSessions:
    async def test_a_session_that_is_over_is_replaced_and_a_read_repeated(self) -> None:
        tryton = in_turn(httpx.Response(401), result([]))
        assert await tryton.client.search_read("party.party", [], []) == []
        assert (tryton.logins, len(tryton.calls)) == (2, 2)

    async def test_what_may_not_be_repeated_is_left_to_the_next_try(self) -> None:
        tryton = in_turn(httpx.Response(401), result([1]), result([2]))
        with pytest.raises(TemporarilyUnavailableError) as over:
            await tryton.client.call("model.purchase.purchase.create", [{}])
        assert over.value.code == "session-over"
        assert len(tryton.calls) == 1
        assert await tryton.client.call("model.purchase.purchase.create", [{}]) == [1]
        assert tryton.logins == 2

    async def test_a_button_is_pressed_again(self) -> None:
        tryton = in_turn(httpx.Response(401), result(None))
        await tryton.client.press("purchase.purchase", "quote", [1])
        assert len(tryton.calls) == 2

    async def test_only_once(self) -> None:
        tryton = always(httpx.Response(401))
        with pytest.raises(TemporarilyUnavailableError):
            await tryton.client.press("purchase.purchase", "quote", [1])
        assert (tryton.logins, len(tryton.calls)) == (2, 2)

    async def test_an_approval_begins_a_session_of_its_own(self) -> None:
        tryton = always(result(None))
        await tryton.client.probe()
        await tryton.client.press("account.payment", "approve", [1], fresh=True)
        assert tryton.logins == 2
        assert base64.b64decode(tryton.calls[-1][2].removeprefix("Session ")) == b"corridor:7:token2"

    @pytest.mark.parametrize(
        ("status", "kind", "code"),
        [
            (401, ContractDriftError, "login-refused"),
            (429, TemporarilyUnavailableError, "throttled"),
            (404, TemporarilyUnavailableError, "database-away"),
        ],
    )
    async def test_a_login_that_is_refused(self, status: int, kind: type[OutsideError], code: str) -> None:
        http = httpx.AsyncClient(
            transport=httpx.MockTransport(lambda _request: httpx.Response(status)), base_url=SETTINGS.url
        )
        with pytest.raises(kind) as refused:
            await TrytonClient(http, SETTINGS, LOGIN).probe()
        assert (refused.value.system, refused.value.code) == ("erp", code)
        assert "made-up" not in str(refused.value)


class TestFailures:
    @pytest.mark.parametrize(
        ("answer", "kind", "code"),
        [
            (failure("UserError", ["No price.", "Give one.", None]), RefusedError, "erp-refused"),
            (
                failure("UserWarning", ["5e88ccd6.invoice_similar", "Seen.", ""]),
                UserWarningError,
                "duplicate-suspected",
            ),
            (failure("UserWarning", ["5e88ccd6.overpay", "Too much.", ""]), UserWarningError, "payment-over-open"),
            (failure("UserWarning", ["5e88ccd6.no_stock", "None.", ""]), UserWarningError, "erp-warning"),
            (failure("ConcurrencyException", "Modified."), TemporarilyUnavailableError, "changed-meanwhile"),
            (failure("LoginException", ["password", "?", "password"]), ContractDriftError, "login-refused"),
            (failure("'nonsense'", ""), ContractDriftError, "unexpected"),
            (failure("duplicate key value (reference)=(X)", "Traceback"), ContractDriftError, "unexpected"),
            (failure("one thing"), ContractDriftError, "unexpected"),
            (httpx.Response(503), TemporarilyUnavailableError, "locked"),
            (httpx.Response(429), TemporarilyUnavailableError, "throttled"),
            (httpx.Response(504), TemporarilyUnavailableError, "timeout"),
            (httpx.Response(502), TemporarilyUnavailableError, "unreachable"),
            (httpx.Response(500), TemporarilyUnavailableError, "http-500"),
            (httpx.Response(403), ContractDriftError, "interface-unknown"),
            (httpx.Response(422), ContractDriftError, "interface-unknown"),
            (httpx.Response(307), ContractDriftError, "interface-unknown"),
            (httpx.Response(200, content=b"<html>"), ContractDriftError, "answer-unknown"),
            (httpx.Response(200, json=[1]), ContractDriftError, "answer-unknown"),
            (httpx.Response(200, json={"id": 1}), ContractDriftError, "answer-unknown"),
            (httpx.ReadTimeout("slow"), TemporarilyUnavailableError, "timeout"),
            (httpx.PoolTimeout("busy"), TemporarilyUnavailableError, "timeout"),
            (httpx.ConnectError("down"), TemporarilyUnavailableError, "unreachable"),
        ],
    )
    async def test_each_is_classified_once(self, answer: Answer, kind: type[OutsideError], code: str) -> None:
        tryton = always(answer)
        with pytest.raises(kind) as failed:
            await tryton.client.call("model.account.invoice.post", [1])
        assert (failed.value.system, failed.value.code) == ("erp", code)
        assert len(tryton.calls) == 1

    async def test_a_refusal_has_trytons_words_and_no_field_definitions(self) -> None:
        tryton = always(failure("UserError", ["No price.", "Give one.", [["a", "b"], {"fields": {}}]]))
        with pytest.raises(RefusedError) as refused:
            await tryton.client.press("purchase.purchase", "quote", [1])
        assert refused.value.message == "No price. Give one."

    async def test_a_warning_keeps_the_name_by_which_a_person_may_skip_it(self) -> None:
        tryton = always(failure("UserWarning", ["5e88ccd6.invoice_similar", "It looks like INV-1.", ""]))
        with pytest.raises(UserWarningError) as warned:
            await tryton.client.press("account.invoice", "post", [7])
        assert warned.value.name == "5e88ccd6.invoice_similar"
        assert "5e88ccd6.invoice_similar" in warned.value.message
        assert [method for method, _, _ in tryton.calls] == ["model.account.invoice.post"]

    async def test_unexpected_failures_keep_rows_and_traces_to_themselves(self) -> None:
        tryton = always(failure("duplicate key value (iban)=(DE89)", 'Traceback ... "/srv/tryton"'))
        with pytest.raises(ContractDriftError) as failed:
            await tryton.client.call("model.party.party.create", [{}])
        assert "DE89" not in str(failed.value)
        assert "Traceback" not in str(failed.value)

    async def test_rows_in_an_unknown_shape_are_drift(self) -> None:
        with pytest.raises(ContractDriftError, match="search_read"):
            await always(result({"rows": []})).client.search_read("party.party", [], [])
        with pytest.raises(ContractDriftError, match="read"):
            await always(result([1])).client.read("party.party", [1], [])


def test_passwords_travel_over_https_only_except_to_this_machine() -> None:
    with pytest.raises(ValidationError):
        TrytonSettings(url="http://tryton.example", database="tryton", bot=LOGIN)
    assert TrytonSettings(url="https://tryton.example/", database="tryton", bot=LOGIN).url == "https://tryton.example"
