"""The data folder: held by one stack at a time, private, and refused with a reason."""

import os
from pathlib import Path

import pytest

from cli.stack import StackAddresses, StackError, find_running_stack
from cli.stack.addresses import announce, withdraw
from cli.stack.data_folder import hold_data_folder, write_private
from cli.stack.leftovers import end_leftovers, record_children, start_time
from cli.stack.postgres import SOCKET_NAME, socket_folder
from tests.fixtures.embedded_stack import stack_settings


def unwritable(tmp_path: Path) -> Path:
    """A folder in which nobody can create anything, not even root."""
    if os.getuid() == 0:
        return Path("/proc/corridor")
    tmp_path.chmod(0o500)
    return tmp_path / "corridor"


def test_a_folder_that_cannot_be_written_is_refused_with_its_setting(tmp_path: Path) -> None:
    folder = unwritable(tmp_path)
    with (
        pytest.raises(StackError, match=f"{folder} cannot be written: .*CORRIDOR_DATA_DIR"),
        hold_data_folder(stack_settings(folder)),
    ):
        pytest.fail("the folder was held")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StackError, match="cannot be written"), hold_data_folder(stack_settings(tmp_path / "data")):
        pytest.fail("the folder was held")


def test_the_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    message = rf"in use by another stack \(pid {os.getpid()}\)"
    with (
        hold_data_folder(settings),
        pytest.raises(StackError, match=message),
        hold_data_folder(settings),
    ):
        pytest.fail("the folder was held twice")
    with hold_data_folder(settings) as folder:
        assert folder == tmp_path


def test_the_lock_of_a_stack_that_was_killed_does_not_count(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    settings.run.mkdir()
    (settings.run / "lock").write_text(f"{os.getppid()}\n")
    with hold_data_folder(settings) as folder:
        assert folder == tmp_path


def test_private_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


async def test_only_processes_of_the_recorded_start_time_are_ended(tmp_path: Path) -> None:
    record_children(tmp_path, {"somebody": os.getpid()})
    record = tmp_path / "children.json"
    record.write_text(record.read_text().replace(str(start_time(os.getpid())), "1"))
    assert await end_leftovers(tmp_path, patience_seconds=0.1) == []  # and this test still runs


@pytest.mark.parametrize("content", ["", "{", "[]", '{"postgres": 7}', '{"postgres": {"pid": "x", "started": 1}}'])
async def test_a_record_cut_short_is_no_obstacle(tmp_path: Path, content: str) -> None:
    (tmp_path / "children.json").write_text(content)
    assert await end_leftovers(tmp_path, patience_seconds=0.1) == []


def test_the_socket_path_fits_the_kernel_however_deep_the_folder(tmp_path: Path) -> None:
    assert socket_folder(Path("/srv/corridor")) == Path("/srv/corridor/socket")
    deep = socket_folder(tmp_path / ("deep" * 30))
    assert len(str(deep / SOCKET_NAME)) < 107
    assert deep != socket_folder(tmp_path / ("deep" * 31))


def test_a_running_stack_is_found_and_a_dead_one_is_not(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    settings.run.mkdir()
    addresses = StackAddresses(
        data_folder=tmp_path,
        postgres_socket_folder=tmp_path / "socket",
        temporal="127.0.0.1:7233",
        temporal_ui_url="http://127.0.0.1:8233",
        gateway_url="http://127.0.0.1:8080",
        oidc_issuer="http://127.0.0.1:9000",
        oidc_audience="corridor",
        smtp_host="127.0.0.1",
        smtp_port=8025,
    )
    announce(settings, addresses, os.getpid())
    assert find_running_stack(settings) == addresses
    withdraw(settings)
    with pytest.raises(StackError, match="make up"):
        find_running_stack(settings)
