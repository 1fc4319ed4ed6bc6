"""A token that was proven is not proven again, and yet counts no longer than without that memory."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from api.security import JwtVerifier, TokenError
from tests.http.fakes import AUDIENCE, ISSUER, FixedKeys, Gateway, new_keys


class Proofs:
    """Counts how many signatures are verified."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, self._decode = 0, jwt.decode
        monkeypatch.setattr(jwt, "decode", self._counted)

    def _counted(self, *given: Any, **named: Any) -> Any:
        self.count += 1
        return self._decode(*given, **named)


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> Proofs:
    return Proofs(monkeypatch)


@pytest.fixture
def keys(gateway: Gateway) -> FixedKeys:
    return FixedKeys(gateway.keys)


@pytest.fixture
def verifier(gateway: Gateway, keys: FixedKeys) -> JwtVerifier:
    return JwtVerifier(keys, ISSUER, AUDIENCE, gateway.clock)


async def test_a_signature_is_verified_once(gateway: Gateway, verifier: JwtVerifier, proofs: Proofs) -> None:
    nina, carla = gateway.token("nina"), gateway.token("carla")
    people = [(await verifier.verify(token)).person for token in (nina, carla, nina, carla, nina)]
    assert people == ["nina", "carla", "nina", "carla", "nina"]
    assert proofs.count == 2


async def test_a_remembered_token_expires(gateway: Gateway, verifier: JwtVerifier) -> None:
    token = gateway.token("nina", exp=int(gateway.now.timestamp()) + 60)
    await verifier.verify(token)
    gateway.now += timedelta(seconds=89)
    assert (await verifier.verify(token)).person == "nina"
    gateway.now += timedelta(seconds=1)
    with pytest.raises(TokenError, match="expired"):
        await verifier.verify(token)


async def test_it_counts_no_longer_when_its_key_is_withdrawn(
    gateway: Gateway, verifier: JwtVerifier, keys: FixedKeys
) -> None:
    token = gateway.token("nina")
    await verifier.verify(token)
    keys.set = new_keys()  # another key under the same id
    with pytest.raises(TokenError, match="not signed"):
        await verifier.verify(token)
    keys.set = KeySet([])
    with pytest.raises(TokenError, match="not signed"):
        await verifier.verify(token)


async def test_it_is_proven_anew_by_keys_that_were_read_anew(
    gateway: Gateway, verifier: JwtVerifier, keys: FixedKeys, proofs: Proofs
) -> None:
    token = gateway.token("nina")
    await verifier.verify(token)
    keys.set = KeySet(list(gateway.keys))
    for _ in range(3):
        assert (await verifier.verify(token)).person == "nina"
    assert proofs.count == 2


async def test_the_keys_are_asked_for_each_time_under_the_id_of_the_token(
    gateway: Gateway, verifier: JwtVerifier, keys: FixedKeys
) -> None:
    token = gateway.token("nina")
    for _ in range(3):
        await verifier.verify(token)
    assert keys.asked == ["key-1"] * 3


async def test_what_was_refused_is_refused_again(gateway: Gateway, verifier: JwtVerifier, proofs: Proofs) -> None:
    token = gateway.token("nina")
    await verifier.verify(token)
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"roles": ["auditor"]}).encode()).rstrip(b"=").decode()
    for _ in range(2):
        with pytest.raises(TokenError):
            await verifier.verify(f"{header}.{forged}.{signature}")
        with pytest.raises(TokenError):
            await verifier.verify(gateway.token("nina", aud="payroll"))
    assert proofs.count == 5
    assert (await verifier.verify(token)).person == "nina"
