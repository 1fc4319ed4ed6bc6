"""Route classes that let nobody in before they have shown who they are: the body is not even parsed until then."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from api.event_sources import EventSource, signer_of
from api.limits import CallerLimits
from api.problems import ProblemError
from api.security import authenticate
from api.services import Services
from api.strict_json import StrictRequest, require_json
from domain.people import Actor

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def actor_of(request: Request) -> Actor:
    """Of a request to a `BearerRoute`."""
    actor: Actor = request.state.actor
    return actor


def limits_of(request: Request) -> CallerLimits:
    limits: CallerLimits = request.app.state.limits
    return limits


# Dependencies are coroutines even where they wait for nothing: FastAPI sends plain functions through a thread pool.
async def _services(request: Request) -> Services:
    return services_of(request)


async def _actor(request: Request) -> Actor:
    return actor_of(request)


async def _source(request: Request) -> EventSource:
    source: EventSource = request.state.event_source
    return source


TheServices = Annotated[Services, Depends(_services)]
TheActor = Annotated[Actor, Depends(_actor)]
TheSource = Annotated[EventSource, Depends(_source)]


class _Guarded(APIRoute):
    """A route whose `admit` runs before anything else looks at the request."""

    async def admit(self, request: Request) -> None:
        raise NotImplementedError

    def unguarded(self) -> Handler:
        """What answers a request that was admitted."""
        return super().get_route_handler()

    def get_route_handler(self) -> Handler:
        handle = self.unguarded()
        takes_body = self.body_field is not None

        async def guarded(request: Request) -> Response:
            strict, limits = StrictRequest(request.scope, request.receive), limits_of(request)
            limits.before(strict)
            try:
                await self.admit(strict)
                limits.admitted(strict)
                if takes_body:
                    require_json(strict.headers.get("content-type"))
                return await handle(strict)
            except ProblemError as problem:
                limits.refused(strict, problem)
                raise

        return guarded


class OpenRoute(_Guarded):
    """Open to everybody at first: the route itself asks who calls. Until then the address counts as the caller."""

    async def admit(self, _: Request) -> None:
        return None


class BearerRoute(_Guarded):
    """Open to callers with a valid bearer token."""

    async def admit(self, request: Request) -> None:
        services = services_of(request)
        request.state.actor = await authenticate(request.headers.get("authorization"), services.tokens)


class SignedRoute(_Guarded):
    """Open to systems that sign what they send."""

    async def admit(self, request: Request) -> None:
        services = services_of(request)
        body = await request.body()
        request.state.event_source = signer_of(services.event_sources, request.headers, body, services.now())
