"""A fresh gateway for each test; its issuer's key is made once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from joserfc.jwk import KeySet

from tests.http.fakes import Gateway, new_keys
from tests.http.link_desk import Desk


@pytest.fixture(scope="session")
def issuer_keys() -> KeySet:
    return new_keys()


@pytest.fixture
async def gateway(issuer_keys: KeySet) -> AsyncIterator[Gateway]:
    gateway = Gateway(issuer_keys)
    async with gateway.http:
        yield gateway


@pytest.fixture
async def desk(issuer_keys: KeySet) -> AsyncIterator[Desk]:
    desk = Desk(issuer_keys)
    await desk.open()
    async with desk.http:
        yield desk
