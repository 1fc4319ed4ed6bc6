"""Policy files that change while they are served: the last good policy is never lost."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

import adapters.policy_files.watched
from adapters.policy_files import WatchedPolicyStore
from domain.policy.source import PolicyFilesError
from domain.ports.policies import PolicyStore
from tests.fixtures.policies import PolicyFiles

DAY = date(2026, 11, 23)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def store(policy_files: PolicyFiles) -> WatchedPolicyStore:
    return WatchedPolicyStore(policy_files.folder, Clock())


def looked(store: WatchedPolicyStore) -> None:
    """Two looks: the first sees that the files changed, the second that they came to rest."""
    store.look()
    store.look()


def cap(store: PolicyStore) -> Decimal:
    policy = store.effective("north", DAY)
    assert policy is not None
    return policy.emergency.cap


def test_a_sound_change_takes_over(store: WatchedPolicyStore, policy_files: PolicyFiles) -> None:
    before, loaded = store.effective("north", DAY), store.loaded_at
    looked(store)
    assert store.effective("north", DAY) is before
    policy_files.replace("system.yaml", ("cap: 5000", "cap: 4500"))
    looked(store)
    assert cap(store) == 4500
    assert store.loaded_at > loaded
    assert before is not None
    assert before.emergency.cap == 5000  # what a case froze stays as it is
    assert len(store.facilities()) == 11
    assert "linen" in store.categories(DAY)


def test_files_that_are_being_copied_are_left_alone(store: WatchedPolicyStore, policy_files: PolicyFiles) -> None:
    policy_files.replace("system.yaml", ("cap: 5000", "cap: 4500"))
    store.look()
    policy_files.replace("system.yaml", ("cap: 4500", "cap: [half"))
    store.look()
    policy_files.replace("system.yaml", ("cap: [half", "cap: 4400"))
    looked(store)
    assert cap(store) == 4400
    assert store.refusal is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("cap: 5000", "cap: lots"), "emergency.cap"),
        (("cap: 5000", "cap: [5000"), "system.yaml"),
        (
            ("levels: [cost-centre-owner]\n", "levels: [cost-centre-owner]\n          amount_below: 900\n"),
            "nobody approves",
        ),
        (("escalate_to: department-director", "escalate_to: janitor"), "janitor"),
    ],
)
def test_an_unsound_change_is_refused_and_the_last_good_policy_stays(
    store: WatchedPolicyStore, policy_files: PolicyFiles, change: tuple[str, str], reason: str
) -> None:
    policy_files.replace("system.yaml", change)
    looked(store)
    assert store.refusal is not None
    assert reason in store.refusal.text
    assert cap(store) == 5000
    policy_files.replace("system.yaml", (change[1], change[0]), ("cap: 5000", "cap: 4800"))
    looked(store)
    assert store.refusal is None
    assert cap(store) == 4800


def test_every_fault_is_told_and_the_time_is_that_of_the_first_refusal(
    store: WatchedPolicyStore, policy_files: PolicyFiles
) -> None:
    policy_files.replace("shared.yaml", ("value: ignore", "value: shrug"))
    policy_files.replace("west.yaml", ("kind: hospital", "kind: castle"))
    looked(store)
    first = store.refusal
    assert first is not None
    assert {fault.file for fault in first.faults} == {"shared.yaml", "west.yaml"}
    assert first.text.count("\n") == len(first.faults) - 1
    store.look()
    assert store.refusal is first  # the same files are not read again
    policy_files.replace("west.yaml", ("kind: castle", "kind: hospital"))
    looked(store)
    assert store.refusal is not None
    assert (store.refusal.since, len(store.refusal.faults)) == (first.since, 1)


def test_files_that_are_gone_or_unreadable_take_nothing_away(
    store: WatchedPolicyStore, policy_files: PolicyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (policy_files.folder / "north.yaml").rename(policy_files.folder / "north.yaml.away")
    (policy_files.folder / "north.yaml").symlink_to("nowhere.yaml")
    looked(store)
    assert store.refusal is not None
    shutil.rmtree(policy_files.folder)
    looked(store)
    assert "system.yaml" in store.refusal.text
    assert cap(store) == 5000

    def broken(_: object) -> None:
        raise RecursionError

    policy_files.folder.mkdir()
    monkeypatch.setattr(adapters.policy_files.watched, "FilePolicyStore", broken)
    (policy_files.folder / "system.yaml").write_text("document: system\n")
    looked(store)
    assert "cannot be read: RecursionError" in store.refusal.text
    assert cap(store) == 5000


def test_a_change_within_one_tick_and_of_the_same_length_is_seen(
    store: WatchedPolicyStore, policy_files: PolicyFiles
) -> None:
    path = policy_files.folder / "system.yaml"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    replaced = path.with_name("next")
    replaced.write_text(path.read_text("utf-8").replace("cap: 5000", "cap: 4999"), "utf-8")
    os.utime(replaced, ns=times)
    replaced.replace(path)  # as deployments do: a new file takes the place of the old one
    looked(store)
    assert cap(store) == 4999


def test_without_a_good_policy_there_is_no_store(policy_files: PolicyFiles) -> None:
    policy_files.replace("shared.yaml", ("value: ignore", "value: shrug"))
    with pytest.raises(PolicyFilesError, match="shrug"):
        WatchedPolicyStore(policy_files.folder, Clock())
