"""One document for each external id, and buttons by state: against a Tryton that answers as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.erp.tryton import encoding
from adapters.erp.tryton.calls import TrytonCalls
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from adapters.memory.erp_claims import MemoryErpClaims
from domain.outside_errors import ContractDriftError, RefusedError
from domain.reference_system import ReferenceSystem

LOGIN = TrytonLogin(user="corridor", password=SecretStr("a made-up one"))
SETTINGS = TrytonSettings(url="http://127.0.0.1:8000", database="tryton", bot=LOGIN)
REFUSED = {"error": ["UserError", ["No.", "", None]]}


class Script:
    """Answers each method by what stands for it, in turn; the last answer stays."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers, self.asked = answers, list[str]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = encoding.decode(request.content)
        method = asked["method"].rpartition(".")[2]
        if method in {"login", "get_preferences"}:
            return self._said([7, "token", None] if method == "login" else {})
        self.asked.append(method)
        waiting = self.answers[method]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return self._said(answer)

    def _said(self, answer: Any) -> httpx.Response:
        body = answer if isinstance(answer, dict) and "error" in answer else {"result": answer}
        return httpx.Response(200, content=encoding.encode({"id": 1, **body}))


class Calls(TrytonCalls):
    """The two walks that all documents take, for tests."""

    async def ensure(self) -> int:
        return await self._ensure("purchase.purchase", "reference", "order-1", {"party": 1})

    async def drive(self, buttons: Mapping[str, str]) -> str:
        return await self._drive("purchase.purchase", 5, buttons)


def calls(script: Script, extension: bool | None = None) -> Calls:
    http = httpx.AsyncClient(transport=httpx.MockTransport(script), base_url=SETTINGS.url)
    return Calls(TrytonClient(http, SETTINGS, LOGIN), MemoryErpClaims(), ReferenceSystem(), extension)


def state(*states: str) -> list[Any]:
    return [[{"id": 5, "state": each}] for each in states]


class TestOneDocument:
    async def test_without_the_extension_it_is_looked_for_first(self) -> None:
        script = Script(search_read=[[], [{"id": 5}]], create=[[5]])
        erp = calls(script, extension=False)
        assert [await erp.ensure(), await erp.ensure()] == [5, 5]
        assert script.asked == ["search_read", "create", "search_read"]

    async def test_with_the_extension_tryton_makes_or_finds_it(self) -> None:
        script = Script(ensure=[[5, True], [5, False]])
        erp = calls(script, extension=True)
        assert [await erp.ensure(), await erp.ensure()] == [5, 5]
        assert script.asked == ["ensure", "ensure"]

    async def test_who_lost_the_race_takes_the_winner_s(self) -> None:
        script = Script(ensure=[REFUSED], search_read=[[{"id": 5}]])
        assert await calls(script, extension=True).ensure() == 5

    async def test_a_refusal_that_made_nothing_is_one(self) -> None:
        script = Script(ensure=[REFUSED], search_read=[[]])
        with pytest.raises(RefusedError, match="No"):
            await calls(script, extension=True).ensure()

    @pytest.mark.parametrize(("modules", "way"), [([9], "ensure"), ([], "create")])
    async def test_tryton_is_asked_once_whether_it_has_the_extension(self, modules: list[int], way: str) -> None:
        script = Script(search=[modules], ensure=[[5, True]], create=[[5]], search_read=[[]])
        erp = calls(script)
        await erp.ensure()
        await erp.ensure()
        assert (script.asked.count("search"), script.asked.count(way)) == (1, 2)

    @pytest.mark.parametrize("answer", [None, [], ["5", True], [5]])
    async def test_another_answer_is_drift(self, answer: Any) -> None:
        with pytest.raises(ContractDriftError):
            await calls(Script(ensure=[answer]), extension=True).ensure()


class TestButtons:
    BUTTONS = {"draft": "quote", "quotation": "confirm"}

    async def test_are_pressed_until_the_document_is_where_none_is(self) -> None:
        script = Script(read=state("draft", "quotation", "processing"), quote=[None], confirm=[None])
        assert await calls(script).drive(self.BUTTONS) == "processing"
        assert script.asked == ["read", "quote", "read", "confirm", "read"]

    async def test_are_not_pressed_where_they_do_not_fit(self) -> None:
        script = Script(read=state("done"))
        assert await calls(script).drive(self.BUTTONS) == "done"

    async def test_that_somebody_else_pressed_first_are_no_refusal(self) -> None:
        script = Script(read=state("draft", "processing"), quote=[REFUSED])
        assert await calls(script).drive(self.BUTTONS) == "processing"

    async def test_that_tryton_refuses_are(self) -> None:
        script = Script(read=state("draft"), quote=[REFUSED])
        with pytest.raises(RefusedError):
            await calls(script).drive(self.BUTTONS)
        assert script.asked == ["read", "quote", "read"]

    async def test_that_change_nothing_are_pressed_once(self) -> None:
        script = Script(read=state("waiting"), assign_try=[None])
        assert await calls(script).drive({"waiting": "assign_try"}) == "waiting"
        assert script.asked == ["read", "assign_try", "read"]

    async def test_of_a_document_that_is_gone_are_drift(self) -> None:
        with pytest.raises(ContractDriftError):
            await calls(Script(read=[[]])).drive(self.BUTTONS)
