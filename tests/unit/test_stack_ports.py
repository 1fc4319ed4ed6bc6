"""Choosing ports, and telling who holds one that is taken."""

import os
import socket
from pathlib import Path

import pytest

from cli.stack import StackError
from cli.stack.ports import LISTENERS, choose_ports, holder_of
from tests.fixtures.embedded_stack import stack_settings

ALL = tuple(LISTENERS)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_ports_left_to_the_system_are_all_different(tmp_path: Path) -> None:
    chosen = choose_ports(stack_settings(tmp_path), ALL)
    assert len(set(chosen.values())) == len(ALL)


def test_a_given_port_is_kept(tmp_path: Path) -> None:
    port = free_port()
    assert choose_ports(stack_settings(tmp_path, oidc_port=port), ("oidc_port",)) == {"oidc_port": port}


def test_the_same_port_twice_is_refused_before_anything_starts(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, oidc_port=8080, gateway_port=8080)
    with pytest.raises(StackError, match="CORRIDOR_GATEWAY_PORT and CORRIDOR_OIDC_PORT are both 8080"):
        choose_ports(settings, ALL)


@pytest.mark.parametrize("address", ["127.0.0.1", ""])
def test_a_taken_port_names_holder_and_setting(tmp_path: Path, address: str) -> None:
    with socket.create_server((address, 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StackError) as refusal:
            choose_ports(stack_settings(tmp_path, temporal_port=port), ALL)
        assert (holder_of(port) or "").endswith(f"(pid {os.getpid()})")
    message = str(refusal.value)
    assert f"Port {port} for Temporal is taken by" in message
    assert f"(pid {os.getpid()})" in message
    assert "CORRIDOR_TEMPORAL_PORT" in message


def test_a_free_port_has_no_holder() -> None:
    assert holder_of(free_port()) is None
