"""A fresh gateway for each test; its issuer's key is made once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from joserfc.jwk import KeySet

from api.app import create_app
from tests.http.fakes import MOST_BYTES, Gateway, new_keys
from tests.http.link_desk import Desk


@pytest.fixture(scope="session")
def issuer_keys() -> KeySet:
    return new_keys()


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """Without a world of its own: an app prepares its routes for its first request, which takes ten times as long as
    the others.
    """
    return create_app(max_body_bytes=MOST_BYTES)


@pytest.fixture
async def gateway(issuer_keys: KeySet, app: FastAPI) -> AsyncIterator[Gateway]:
    gateway = Gateway(issuer_keys, app)
    async with gateway.http:
        yield gateway


@pytest.fixture
async def desk(issuer_keys: KeySet) -> AsyncIterator[Desk]:
    desk = Desk(issuer_keys)
    await desk.open()
    async with desk.http:
        yield desk
