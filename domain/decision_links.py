"""Links in mails from which one person may answer one task: what they claim, and how that is signed and checked.

A link proves who was written to and nothing more. Whoever opens it decides with the authority that the people directory
gives that person at that moment, and the case checks the decision like any other.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from domain.keys import KeyRing, UnknownKeyError
from domain.model import Value
from domain.money import Money
from domain.people import PersonId
from domain.tasks import Action, Task

MAX_TOKEN_CHARACTERS = 1500
DEFAULT_VALIDITY = timedelta(hours=72)
ISSUER = "e-mail link"
"""What the evidence names as the issuer of the identity behind such a decision."""

# Each use of a key signs under its own words: a signature of one kind can never pass for one of another.
_LINK_WORDS = b"corridor decision link 1\0"
_ID_WORDS = b"corridor decision link id 1\0"
_FORM_WORDS = b"corridor decision form 1\0"
_CLOCKS_DIFFER = timedelta(minutes=1)  # between two gateways
_TOKEN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.([A-Za-z0-9_-]{1,1200})\.([A-Za-z0-9_-]{43})", re.ASCII)
_FORM = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{8,40})\.([A-Za-z0-9_-]{43})", re.ASCII)
# These need more than a comment: which line, which item, which price, which worker, until when.
_NOT_FROM_A_MAIL: frozenset[Action] = frozenset({"correct", "substitute", "amend-order", "link", "revive", "mitigate"})

LinkFault = Literal["malformed", "unknown-key", "bad-signature", "expired"]
FormFault = Literal["malformed", "bad-signature", "expired"]


class LinkClaims(Value):
    """Who may answer which version of which task, for whom, and until when (UTC, whole seconds, the end exclusive)."""

    link_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    task_id: Annotated[str, Field(min_length=1, max_length=300)]
    case_id: Annotated[str, Field(min_length=1, max_length=160)]
    person: PersonId
    on_behalf_of: PersonId | None = None
    subject_version: Annotated[int, Field(ge=1, le=1_000_000)]
    expires_at: AwareDatetime

    @property
    def decision_id(self) -> str:
        """The id of the one decision that this link can ever make: the case takes no other under it."""
        return f"link-{self.link_id}"


class LinkError(Exception):
    """A token that is not to be trusted, or not any more. `claims` are known only of one that has merely expired."""

    def __init__(self, fault: LinkFault, claims: LinkClaims | None = None) -> None:
        super().__init__(fault)
        self.fault, self.claims = fault, claims


class FormError(Exception):
    """A form that was not filled in on a page that this gateway showed for this link, or too long ago."""

    def __init__(self, fault: FormFault) -> None:
        super().__init__(fault)
        self.fault = fault


def link_id(ring: KeyRing, notice_id: str, person: str, on_behalf_of: str | None = None) -> str:
    """The same for the same notice and person, however often the mail is sent while the ring has its current key.

    Nobody else can foretell it: the id of a decision is taken once, and so nobody can take this one first.
    """
    named = json.dumps([notice_id, person, on_behalf_of])
    return hmac.digest(ring.current_key, _ID_WORDS + named.encode(), "sha256").hex()[:32]


def expiry(now: datetime, validity: timedelta) -> datetime:
    """When a link made at `now` ends: at the full hour after its validity, so that a mail that is sent again within
    the hour carries the very same link.
    """
    end = now.astimezone(UTC) + validity
    full = end.replace(minute=0, second=0, microsecond=0)
    return full if full == end else full + timedelta(hours=1)


def sign(claims: LinkClaims, ring: KeyRing) -> str:
    """The token: key id, claims and signature, in characters that need no escaping in an address."""
    body = _text(_packed(claims))
    return f"{ring.current}.{body}.{_signature(ring.current_key, _LINK_WORDS, f'{ring.current}.{body}')}"


def verify(token: str, ring: KeyRing, now: datetime) -> LinkClaims:
    """What the token claims. Raises LinkError; signatures are compared in constant time and before anything is read."""
    parts = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
    if parts is None:
        raise LinkError("malformed")
    key_id, body, signature = parts.groups()
    try:
        key = ring.key(key_id)
    except UnknownKeyError:
        raise LinkError("unknown-key") from None
    if not hmac.compare_digest(signature, _signature(key, _LINK_WORDS, f"{key_id}.{body}")):
        raise LinkError("bad-signature")
    claims = _unpacked(body)
    if now >= claims.expires_at:
        raise LinkError("expired", claims)
    return claims


def sign_form(token: str, subject_version: int, now: datetime, ring: KeyRing, page: str) -> str:
    """What proves that a form was on a page which showed this version to a reader of this link. `page` is a random word
    (8 to 40 characters of A-Z, a-z, 0-9, '-' and '_') of this one page.
    """
    stamp = f"{int(now.timestamp())}.{page}"
    return f"{stamp}.{_signature(ring.current_key, _FORM_WORDS, f'{stamp} {subject_version} {token}')}"


def check_form(proof: str, token: str, subject_version: int, now: datetime, ring: KeyRing, max_age: timedelta) -> None:
    """Raises FormError unless the proof was made for this link and version, at most `max_age` ago."""
    parts = _FORM.fullmatch(proof)
    if parts is None:
        raise FormError("malformed")
    shown_at, page, signature = parts.groups()
    signed = f"{shown_at}.{page} {subject_version} {token}"
    if not any(hmac.compare_digest(signature, _signature(key, _FORM_WORDS, signed)) for key in ring.keys.values()):
        raise FormError("bad-signature")
    if not -_CLOCKS_DIFFER <= now - datetime.fromtimestamp(int(shown_at), UTC) <= max_age:
        raise FormError("expired")


def offered(task: Task) -> tuple[Action, ...]:
    """The actions that a page with nothing but a comment field can take."""
    return tuple(action for action in task.actions if action not in _NOT_FROM_A_MAIL)


def amount_of(task: Task) -> Money | None:
    """What the task is about, in money: its own amount, else the one that its subject shows, else None."""
    if task.amount is not None:
        return task.amount
    amount, _, currency = str(task.subject.get("amount", "")).replace(",", "").partition(" ")
    try:
        return Money.model_validate({"amount": amount, "currency": currency})
    except ValidationError:
        return None


def asking(task: Task) -> dict[str, Any]:
    """What a notice that asks people to answer `task` must carry so that their mails can have links."""
    return {"task_id": task.task_id, "subject_version": task.subject_version, "excluded": list(task.excluded)}


def _packed(claims: LinkClaims) -> bytes:
    shared = len(claims.case_id) if claims.task_id.startswith(claims.case_id) else 0  # most task ids begin so
    fields: Sequence[object] = [
        claims.link_id,
        claims.case_id,
        shared,
        claims.task_id[shared:],
        claims.person,
        claims.on_behalf_of,
        claims.subject_version,
        int(claims.expires_at.timestamp()),
    ]
    return json.dumps(fields, separators=(",", ":")).encode()


def _unpacked(body: str) -> LinkClaims:
    """Raises LinkError 'malformed': signed by us, but by another release of us."""
    try:
        link, case_id, shared, rest, person, on_behalf_of, version, expires = json.loads(_bytes(body))
        return LinkClaims(
            link_id=link,
            task_id=case_id[:shared] + rest,
            case_id=case_id,
            person=person,
            on_behalf_of=on_behalf_of,
            subject_version=version,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
    except (ValueError, TypeError, OverflowError):
        raise LinkError("malformed") from None


def _signature(key: bytes, words: bytes, signed: str) -> str:
    return _text(hmac.digest(key, words + signed.encode(), "sha256"))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
