"""A directory that is away, silent, or loses its answers; and one that is reached through TLS."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.identity.ldap.adapter import LdapDirectory
from domain.accounts import AccountDraft
from domain.hire import PersonName
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError
from tests.fixtures.slapd import GROUP_NAMES, USERS, Slapd, require_slapd, running_slapd

T = TypeVar("T")

ADD, MODIFY, DELETE = 0x68, 0x66, 0x4A
"""Tags of LDAP requests (RFC 4511, 4.2)."""
DRAFT = AccountDraft(worker_id="W-1", worker_number="E1", user_name="jdoe", name=PersonName(family="Doe", given="Jane"))


class Wire:
    """Between the adapter and the server. `lose` names requests whose next answer is lost after it took effect."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.port = 0
        self.lose: list[int] = []
        self.away = self.silent = False
        self.most = self._open = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._open += 1
        self.most = max(self.most, self._open)
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._relay(reader, writer)
        self._open -= 1
        self._writers.discard(writer)
        writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.away:
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        losing = asyncio.Event()
        answers = asyncio.create_task(self._answer(there, writer, losing))
        try:
            while request := await reader.read(65536):
                if _tag(request) in self.lose:
                    self.lose.remove(_tag(request))
                    losing.set()
                back.write(request)
        finally:
            answers.cancel()
            back.close()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        while answer := await there.read(65536):
            if losing.is_set():
                break
            if not self.silent:
                writer.write(answer)
        writer.close()

    def cut(self) -> None:
        for writer in list(self._writers):
            writer.close()


def _tag(request: bytes) -> int:
    """Of the request inside the message: after the length of the message, and its number."""
    start = 2 + (request[1] & 0x7F if request[1] & 0x80 else 0)
    return request[start + 2 + request[start + 1]]


@pytest.fixture
async def wire(slapd: Slapd) -> AsyncIterator[Wire]:
    wire = Wire(slapd.port)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        wire.cut()
        server.close()
        await server.wait_closed()


@pytest.fixture
async def directory(slapd: Slapd, wire: Wire) -> AsyncIterator[LdapDirectory]:
    settings = slapd.settings(
        url=f"ldap://127.0.0.1:{wire.port}", connections=2, connect_seconds=1, answer_seconds=1, turn_seconds=1
    )
    async with LdapDirectory.connect(settings) as port:
        yield port


async def _insist(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat it as Temporal would."""
    for _ in range(5):
        with suppress(TemporarilyUnavailableError):
            return await call()
    return await call()


class TestLostAnswers:
    async def test_a_new_account_is_looked_up_before_anything_is_concluded(
        self, slapd: Slapd, directory: LdapDirectory, wire: Wire
    ) -> None:
        wire.lose = [ADD]
        made = await directory.create(DRAFT)
        assert wire.lose == []
        assert made == await directory.create(DRAFT)
        slapd.raw.search(USERS, "(employeeNumber=E1)", attributes=["1.1"])
        assert len(slapd.raw.response) == 1

    async def test_whatever_was_lost_may_be_asked_for_again(
        self, slapd: Slapd, directory: LdapDirectory, wire: Wire
    ) -> None:
        made = (await directory.create(DRAFT)).account_id
        group = GROUP_NAMES[0]
        for lost in ([MODIFY], [MODIFY, MODIFY], [MODIFY] * 3):
            for call in (directory.enable, directory.disable):
                wire.lose = list(lost)
                active = call == directory.enable
                assert (await _insist(partial(call, made))).active == active
                assert wire.lose == []
            wire.lose = list(lost)
            await _insist(lambda: directory.join(made, group))
            wire.lose += lost
            await _insist(lambda: directory.leave(made, group))
            assert wire.lose == []
        await directory.join(made, group)
        wire.lose = [MODIFY, DELETE]
        await _insist(lambda: directory.delete(made))
        assert wire.lose == []
        assert slapd.entry("jdoe") is None
        assert slapd.members(group) == ["cn=nobody"]


class TestOutages:
    async def test_away_and_back_again(self, directory: LdapDirectory, wire: Wire) -> None:
        await directory.health()
        wire.away = True
        wire.cut()
        for _ in range(2):
            with pytest.raises(TemporarilyUnavailableError):
                await directory.health()
        wire.away = False
        await directory.health()

    async def test_silence_ends_and_holds_up_nobody_else(self, directory: LdapDirectory, wire: Wire) -> None:
        wire.silent = True
        ticks = 0

        async def others() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        beside = asyncio.create_task(others())
        answers = await asyncio.gather(*(directory.health() for _ in range(6)), return_exceptions=True)
        beside.cancel()
        assert all(isinstance(each, TemporarilyUnavailableError) for each in answers)
        assert ticks > 30
        wire.silent = False
        wire.cut()
        await directory.health()

    async def test_many_callers_share_a_few_connections(self, directory: LdapDirectory, wire: Wire) -> None:
        await directory.create(DRAFT)
        await asyncio.gather(*(directory.find("E1", "jdoe") for _ in range(40)))
        assert wire.most <= 2

    async def test_nobody_listens(self, slapd: Slapd) -> None:
        async with LdapDirectory.connect(slapd.settings(url="ldap://127.0.0.1:1")) as directory:
            with pytest.raises(TemporarilyUnavailableError) as caught:
                await directory.find("E1", "jdoe")
        assert caught.value.code == "unreachable"


def _certificate(folder: Path, name: str) -> None:
    """A certificate that signs itself, for this machine, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(key.private_bytes(*forms))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("directory", "another"):
        _certificate(folder, name)
    return folder


@pytest.fixture(scope="module")
def secure(folder: Path) -> Iterator[Slapd]:
    require_slapd()
    files = f"TLSCertificateFile {folder}/directory.pem\nTLSCertificateKeyFile {folder}/directory.key"
    with running_slapd(files, "ldaps") as server:
        yield server


class TestTls:
    async def test_the_certificate_must_be_trusted(self, secure: Slapd, folder: Path) -> None:
        url = f"ldaps://localhost:{secure.port}"
        for trusted, reached in (("directory.pem", True), ("another.pem", False), (None, False)):
            settings = secure.settings(url=url, plain=False, ca_file=folder / trusted if trusted else None)
            async with LdapDirectory.connect(settings) as directory:
                if reached:
                    await directory.create(DRAFT)
                else:
                    with pytest.raises(TemporarilyUnavailableError):
                        await directory.health()

    async def test_no_password_travels_in_the_clear_unless_it_is_allowed(
        self, slapd: Slapd, secure: Slapd, folder: Path
    ) -> None:
        async with LdapDirectory.connect(slapd.settings(plain=False)) as directory:  # this one offers no StartTLS
            with pytest.raises(ContractDriftError):
                await directory.health()
        upgraded = secure.settings(
            url=f"ldap://localhost:{secure.plain_port}", plain=False, ca_file=folder / "directory.pem"
        )
        async with LdapDirectory.connect(upgraded) as directory:
            await directory.health()
