"""`domain.ports.credentials.LicenceRegister` over a primary-source service that answers for many boards by HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr, ValidationError

from adapters.licence_registers.wire import FoundLicence, LookupAnswer, LookupRequest
from adapters.licence_registers.words import status_of
from domain.credentialing import plain_number
from domain.credentials import LicenceQuestion, LicenceRecord
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

SYSTEM = "licence-register"
TIMEOUT_SECONDS = 10.0
MOST_BYTES = 256_000
_PASSING = (408, 425, 429)


def _now() -> datetime:
    return datetime.now(UTC)


class LicenceService:
    """`url` is the service's base; `client` is shared and owned by the caller, `clock` gives the instant (UTC).

    Raises TemporarilyUnavailableError when it does not answer or is overloaded, RefusedError when it refuses us, and
    ContractDriftError for an answer of another shape. Nothing about the person is in any of them.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        token: SecretStr | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._url, self._client, self._clock = f"{url.rstrip('/')}/lookups", client, clock
        self._headers = {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._source = f"primary source {httpx.URL(url).host}"

    async def health(self) -> None:
        """Asks what may be asked (RFC 9110, OPTIONS): whatever is answered, even that this may not, it is there."""
        try:
            answer = await self._client.options(
                self._url, headers=self._headers, timeout=TIMEOUT_SECONDS, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise TemporarilyUnavailableError(SYSTEM, "unreachable", type(error).__name__) from error
        if isinstance(refusal := _classified(answer.status_code), TemporarilyUnavailableError):
            raise refusal

    async def look_up(self, question: LicenceQuestion) -> LicenceRecord:
        claim = question.claim
        answer = await self._ask(
            LookupRequest(
                jurisdiction=claim.state,
                licenseType=claim.kind.upper(),
                licenseNumber=claim.number,
                lastName=question.name.family,
                firstName=question.name.given,
            )
        )
        blank = LicenceRecord(
            status="not-found" if answer.covered else "not-checked",
            number=claim.number,
            state=claim.state,
            kind=claim.kind,
            source=self._source if answer.covered else "",
            checked_at=self._clock(),
        )
        theirs = [each for each in answer.licenses if plain_number(each.licenseNumber) == plain_number(claim.number)]
        theirs = [each for each in theirs if each.jurisdiction.upper() == claim.state]
        if not answer.covered or not theirs:
            return blank
        if len(theirs) > 1:
            raise ContractDriftError(SYSTEM, "several-answers", "the service has several licences with one number")
        return self._record(blank, theirs[0])

    def _record(self, blank: LicenceRecord, found: FoundLicence) -> LicenceRecord:
        status = status_of(found.licenseStatus)
        if status is None:
            raise ContractDriftError(SYSTEM, "status-unknown", "the service gave a status that nobody explained")
        name = f"{found.lastName}, {found.firstName}" if found.firstName else found.lastName
        return blank.model_copy(
            update={
                "status": status,
                "name_on_record": name,
                "number": found.licenseNumber,
                "kind": found.licenseType.lower(),
                "expires_on": found.expirationDate,
            }
        )

    async def _ask(self, request: LookupRequest) -> LookupAnswer:
        try:
            async with self._client.stream(
                "POST",
                self._url,
                json=request.model_dump(),
                headers=self._headers,
                timeout=TIMEOUT_SECONDS,
                follow_redirects=False,
            ) as response:
                if (refusal := _classified(response.status_code)) is not None:
                    raise refusal
                content = b""
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > MOST_BYTES:
                        raise ContractDriftError(SYSTEM, "answer-too-long", f"more than {MOST_BYTES:,} bytes")
        except httpx.HTTPError as error:
            raise TemporarilyUnavailableError(SYSTEM, "unreachable", type(error).__name__) from error
        try:
            return LookupAnswer.model_validate_json(content)
        except ValidationError as differs:
            # Only where it differs, for the values may name the person.
            places = "; ".join(".".join(map(str, each["loc"])) or "answer" for each in differs.errors()[:5])
            raise ContractDriftError(SYSTEM, "unknown-shape", f"the answer is not as agreed at: {places}") from None


def _classified(status: int) -> OutsideError | None:
    if status == 200:
        return None
    if status >= 500 or status in _PASSING:
        return TemporarilyUnavailableError(SYSTEM, f"http-{status}", f"answered {status}")
    if 200 <= status < 400:
        return ContractDriftError(SYSTEM, f"http-{status}", f"answered {status} where 200 was agreed")
    return RefusedError(SYSTEM, f"http-{status}", f"answered {status}")
