"""Temporal's remote codec: the Web UI shows plain text to operators who have signed in here, and to nobody else.

Decoding only. An endpoint that encodes would let whoever uses the Web UI make up signals that only the gateway may
send.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.common.v1 import Payloads

from api import codec_pages as pages
from api import codec_session as session
from api.codec_desk import READERS, CodecDesk, may_read
from api.codec_login import OidcLogin
from api.gatekeeping import OpenRoute, services_of
from api.logs import security
from api.problems import ProblemDetail, ProblemError, forbidden, invalid_request, not_found
from api.security import TokenError, authenticate, unauthenticated
from api.strict_json import parse, require_json
from domain.people import Actor

router = APIRouter(route_class=OpenRoute, include_in_schema=False)
MAX_PAYLOADS = 2_000
MAX_NAMED_CASES = 20
PATH = "/codec/session"


@router.post("/codec/decode")
async def decode(request: Request) -> JSONResponse:
    """As Temporal's Web UI and command line ask it: payloads in, the same payloads out, plain where allowed."""
    desk = _desk(request)
    actor = await _reader(request, desk)
    request.state.actor = actor
    require_json(request.headers.get("content-type"))
    payloads = _payloads(parse(await request.body()))
    answer = await desk.open(actor, payloads.payloads)
    security.info(
        "codec.decoded",
        person=actor.person,
        payloads=len(payloads.payloads),
        opened=answer.opened,
        cases=answer.cases[:MAX_NAMED_CASES],
        namespace=request.headers.get("x-namespace", "")[:100],
    )
    return JSONResponse(MessageToDict(Payloads(payloads=answer.payloads)))


@router.get(PATH)
async def show(request: Request) -> Response:
    """Who is signed in, until when, and how the Web UI is told to use it."""
    desk = _desk(request)
    try:
        actor, ends = session.read(desk.ring(), request.cookies.get(session.COOKIE, ""), services_of(request).now())
    except TokenError:
        return _page(pages.sign_in(READERS, login=desk.login is not None))
    return _signed_in_page(request, actor, ends)


@router.post(PATH)
async def sign_in(request: Request) -> Response:
    """Take an access token once, and give a session for it."""
    desk, services = _desk(request), services_of(request)
    _require_own_page(request)
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    actor = await authenticate(f"Bearer {form.get('token', [''])[0].strip()}", services.tokens)
    return _admit(request, desk, actor, RedirectResponse(PATH, 303))


@router.get("/codec/login")
async def log_in(request: Request) -> Response:
    """On to the identity provider."""
    desk = _desk(request)
    page, pending = await _login(desk).begin()
    answer = RedirectResponse(page, 303)
    cookie = session.keep(desk.ring(), pending, services_of(request).now())
    # Lax, because the browser comes back from another site.
    _set(answer, desk, session.LOGIN_COOKIE, cookie, session.LOGIN_LIFETIME, "lax")
    return answer


@router.get("/codec/callback")
async def logged_in(request: Request) -> Response:
    """Back from the identity provider, whose token proves who signed in."""
    desk, services = _desk(request), services_of(request)
    login = _login(desk)
    try:
        pending = session.kept(desk.ring(), request.cookies.get(session.LOGIN_COOKIE, ""), services.now())
        token = await login.finish(dict(request.query_params), pending)
    except TokenError as error:
        raise unauthenticated(str(error)) from None
    actor = await authenticate(f"Bearer {token}", services.tokens)
    # A page rather than a redirect: on the way back from another site a strict cookie would not be sent again.
    answer = _admit(request, desk, actor, _signed_in_page(request, actor, services.now() + session.LIFETIME))
    _set(answer, desk, session.LOGIN_COOKIE, "", timedelta(), "lax")
    return answer


@router.post(f"{PATH}/end")
async def sign_out(request: Request) -> Response:
    """Forget the session in this browser."""
    desk = _desk(request)
    _require_own_page(request)
    answer = RedirectResponse(PATH, 303)
    _set(answer, desk, session.COOKIE, "", timedelta())
    return answer


def _admit(request: Request, desk: CodecDesk, actor: Actor, answer: Response) -> Response:
    """Give a session along with the answer. Raises the 403 problem for who may not have one."""
    request.state.actor = actor
    if not may_read(actor):
        raise _role_required()
    try:
        cookie = session.issue(desk.ring(), actor, services_of(request).now())
    except TokenError as error:
        raise forbidden("session-too-large", str(error)) from None
    _set(answer, desk, session.COOKIE, cookie, session.LIFETIME)
    security.info("codec.session_opened", person=actor.person, roles=[role for role in READERS if actor.has_role(role)])
    return answer


def _desk(request: Request) -> CodecDesk:
    desk = services_of(request).codec_desk
    if desk is None:
        raise not_found()
    return desk


def _login(desk: CodecDesk) -> OidcLogin:
    if desk.login is None:
        raise not_found()
    return desk.login


async def _reader(request: Request, desk: CodecDesk) -> Actor:
    """Who asks: by bearer token, or by a session that a page of the Web UI sends along. Raises 401 and 403."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        actor = await authenticate(authorization, services_of(request).tokens)
    else:
        actor = _of_session(request, desk)
    if not may_read(actor):
        request.state.actor = actor
        raise _role_required()
    return actor


def _of_session(request: Request, desk: CodecDesk) -> Actor:
    cookie = request.cookies.get(session.COOKIE)
    if cookie is None:
        raise unauthenticated(None)
    if request.headers.get("origin") not in desk.web_ui_origins:
        raise forbidden("foreign-origin", "A session is good for pages of the Web UI only.")
    try:
        return session.read(desk.ring(), cookie, services_of(request).now())[0]
    except TokenError as error:
        # As if there were none: a Web UI that stays open over its session's end guesses nothing.
        ended = unauthenticated(None)
        ended.detail = f"{str(error).capitalize()}."
        raise ended from None


def _payloads(document: Any) -> Payloads:
    try:
        payloads = ParseDict({"payloads": document["payloads"]}, Payloads(), ignore_unknown_fields=True)
    except (ParseError, AttributeError, KeyError, TypeError):
        fault = ProblemDetail(pointer="/payloads", code="payloads-unreadable", message="Send Temporal's payloads.")
        raise invalid_request((fault,)) from None
    if len(payloads.payloads) > MAX_PAYLOADS:
        fault = ProblemDetail(pointer="/payloads", code="too_long", message=f"Send at most {MAX_PAYLOADS} at once.")
        raise invalid_request((fault,))
    return payloads


def _require_own_page(request: Request) -> None:
    """Another site's page must not sign anybody in or out (RFC 6749, 10.12). Browsers say where a form comes from."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site is not None and site not in ("same-origin", "none")
    if foreign or (site is None and origin is not None and urlsplit(origin).netloc != request.headers.get("host")):
        raise forbidden("foreign-origin", "Use the page of this gateway.")


def _role_required() -> ProblemError:
    return forbidden("role-required", f"Reading payloads needs one of these roles: {', '.join(READERS)}.")


def _set(
    answer: Response,
    desk: CodecDesk,
    name: str,
    cookie: str,
    lifetime: timedelta,
    samesite: Literal["lax", "strict"] = "strict",
) -> None:
    seconds = int(lifetime.total_seconds())
    answer.set_cookie(
        name, cookie, max_age=seconds, path="/codec", secure=desk.secure, httponly=True, samesite=samesite
    )


def _signed_in_page(request: Request, actor: Actor, ends: datetime) -> HTMLResponse:
    return _page(pages.signed_in(actor, ends, str(request.url_for("decode")).removesuffix("/decode")))


def _page(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers={"content-security-policy": pages.CONTENT_SECURITY_POLICY})
