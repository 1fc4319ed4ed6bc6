"""Transport: a few connections, each used by one thread at a time, so that nothing waits on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPOperationResult

from adapters.identity.ldap.errors import NO_SUCH_OBJECT, result_of, translated
from adapters.identity.ldap.settings import LdapSettings
from domain.outside_errors import OutsideError, TemporarilyUnavailableError

T = TypeVar("T")

_IDLE_SECONDS = 30
"""A connection that was not used for longer is opened anew: servers and firewalls close them without a word."""
_LOGIN_REFUSED = frozenset({19, 32, 48, 49, 50, 53})
"""Answers to a bind that mean 'no'. Anything but these and success says nothing about the login."""


class Entry(NamedTuple):
    """`values` are as they came, by attribute in lower case."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def texts(self, attribute: str) -> tuple[str, ...]:
        return tuple(value.decode("utf-8", "replace") for value in self.values.get(attribute.lower(), ()))

    def text(self, attribute: str) -> str:
        return next(iter(self.texts(attribute)), "")


class Change(NamedTuple):
    """Of one attribute: 'replace' by the values, 'add' them or 'delete' them. No values at all: it is removed."""

    kind: str
    attribute: str
    values: Sequence[str | bytes] = ()


_KINDS = {"replace": ldap3.MODIFY_REPLACE, "add": ldap3.MODIFY_ADD, "delete": ldap3.MODIFY_DELETE}


class LdapClient:
    """Raises the errors of `domain.outside_errors`, and no others. Close it when it is done with."""

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        self._idle: queue.LifoQueue[tuple[ldap3.Connection, float]] = queue.LifoQueue()
        self._threads = ThreadPoolExecutor(settings.connections, thread_name_prefix=f"ldap-{settings.system}")

    async def search(self, base: str, where: str, attributes: Sequence[str], only_base: bool = False) -> list[Entry]:
        """Entries under `base`, or `base` alone; none when it is not there. Referrals are not followed."""
        scope = ldap3.BASE if only_base else ldap3.SUBTREE

        def ask(connection: ldap3.Connection) -> list[Entry]:
            connection.search(base, where, scope, attributes=list(attributes))
            return [_entry(each) for each in connection.response or () if each["type"] == "searchResEntry"]

        try:
            return await self._run(ask)
        except OutsideError as error:
            if only_base and result_of(error) == NO_SUCH_OBJECT:
                return []
            raise

    async def add(self, dn: str, classes: Sequence[str], values: Mapping[str, Sequence[str | bytes]]) -> None:
        def add(connection: Any) -> None:  # whose writing methods have no types
            connection.add(dn, list(classes), dict(values))

        await self._run(add)

    async def modify(self, dn: str, changes: Sequence[Change]) -> None:
        """All of the changes, in their order, or none."""
        request: dict[str, list[tuple[str, list[str | bytes]]]] = {}
        for each in changes:
            request.setdefault(each.attribute, []).append((_KINDS[each.kind], list(each.values)))

        def modify(connection: Any) -> None:
            connection.modify(dn, request)

        await self._run(modify)

    async def delete(self, dn: str) -> None:
        def delete(connection: Any) -> None:
            connection.delete(dn)

        await self._run(delete)

    async def login_possible(self, dn: str, password: str) -> bool:
        """Try to log in as somebody, on a connection of its own."""

        def attempt() -> bool:
            with translated(self._settings.system):
                try:
                    _close(self._open(dn, password))
                except LDAPOperationResult as error:
                    if error.result in _LOGIN_REFUSED:
                        return False
                    raise
            return True

        return await self._in_thread(attempt)

    async def close(self) -> None:
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._threads.shutdown(wait=True)
        with contextlib.suppress(queue.Empty):
            while True:
                _close(self._idle.get_nowait()[0])

    async def _run(self, act: Callable[[ldap3.Connection], T]) -> T:
        def work() -> T:
            with translated(self._settings.system), self._connection() as connection:
                return act(connection)

        return await self._in_thread(work)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """What is begun is finished, and its connection given back, also when the caller is gone."""
        settings, loop = self._settings, asyncio.get_running_loop()
        seconds = settings.turn_seconds + settings.connect_seconds + 2 * settings.answer_seconds
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._threads, work), seconds)
        except TimeoutError:
            message = f"no answer within {seconds} seconds"
            raise TemporarilyUnavailableError(settings.system, "timeout", message) from None

    @contextlib.contextmanager
    def _connection(self) -> Iterator[ldap3.Connection]:
        connection = self._fresh_idle() or self._open(
            self._settings.bind_dn, self._settings.password.get_secret_value()
        )
        try:
            yield connection
        except LDAPOperationResult:
            self._idle.put((connection, time.monotonic()))  # it answered: the connection is sound
            raise
        except BaseException:
            _close(connection)
            raise
        self._idle.put((connection, time.monotonic()))

    def _fresh_idle(self) -> ldap3.Connection | None:
        while True:
            try:
                connection, used_at = self._idle.get_nowait()
            except queue.Empty:
                return None
            if time.monotonic() - used_at < _IDLE_SECONDS:
                return connection
            _close(connection)

    def _open(self, dn: str, password: str) -> ldap3.Connection:
        settings = self._settings
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(settings.ca_file) if settings.ca_file else None)
        # A server object of its own: a shared one would remember for seconds that the server was away.
        server = ldap3.Server(settings.url, get_info=ldap3.NONE, tls=tls, connect_timeout=settings.connect_seconds)
        connection = ldap3.Connection(
            server,
            dn,
            password,
            receive_timeout=settings.answer_seconds,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=True,
        )
        try:
            connection.open(read_server_info=False)
            if settings.url.startswith("ldap:") and not settings.plain:
                connection.start_tls(read_server_info=False)
            connection.bind(read_server_info=False)
        except BaseException:
            _close(connection)
            raise
        return connection


def _close(connection: ldap3.Connection) -> None:
    """Also a connection that never came to be: its socket is open until somebody closes it."""
    socket: Any = connection.socket
    with contextlib.suppress(LDAPException, OSError):
        connection.unbind()
    if socket is not None:
        socket.close()


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["dn"], {name.lower(): values for name, values in row["raw_attributes"].items()})
