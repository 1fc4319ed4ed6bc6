"""The short drill from outside: cases of all processes while parts are killed, frozen and cut off, and the count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 900
PORTS = ("TEMPORAL", "TEMPORAL_UI", "GATEWAY", "OIDC", "SMTP", "BANK", "IDENTITY")
SHORT = ("--duration", "1s", "--cases", "20", "--kills", "5", "--purchases", "10", "--hires", "5", "--seed", "5")
QUICK = ("--pause", "6", "--lasts", "2", "--workers", "1")


def environment(folder: Path) -> dict[str, str]:
    """Ports that the operating system chooses, and data of its own."""
    ports = {f"CORRIDOR_{name}_PORT": "auto" for name in PORTS}
    return os.environ | ports | {"CORRIDOR_DATA_DIR": str(folder), "COLUMNS": "160", "PYTHONPATH": str(REPOSITORY)}


@pytest.mark.skipif(not os.environ.get("CORRIDOR_TEST_CHAOS"), reason="strikes for minutes: make test-chaos")
@pytest.mark.timeout(DEADLINE_SECONDS + 60)
def test_every_effect_is_there_once_whatever_is_struck(tmp_path: Path) -> None:
    run = subprocess.run(  # noqa: S603 - the arguments are ours
        [sys.executable, "-m", "chaos", *SHORT, *QUICK],
        cwd=REPOSITORY,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    report = json.loads((tmp_path / "chaos" / "report.json").read_text())
    struck = {each["target"] for each in report["strikes"] if each["blow"] == "kill"}
    assert {"worker", "gateway"} <= struck
    assert sum(sum(each.values()) for each in report["faults"].values()) > 0
    assert report["wrong"] == []
    assert {"purchases", "bills", "hires", "payment runs"} <= {name for name, count in report["cases"].items() if count}
    effects = report["effects"]
    assert effects["orders"] == effects["orders sent by mail"] > 0
    assert effects["payments in files"] == effects["payments booked by the bank"] > 0
    assert effects["workers"] > 0 and effects["accounts"] > 0
