"""The wall clock is believed only when it can be: files as timesyncd leaves them, steps by real libfaketime."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from appliance.clock import FRESH, JUMP, SystemClock, Trust
from tests.fakes import faketime

STEPS = """
import sys
from pathlib import Path
from appliance.clock import SystemClock
offset, marker, *steps = sys.argv[1:]
clock = SystemClock(Path(marker))
for step in steps:
    match step:
        case "look":
            print(clock.trust(0.0).name)
        case "touch":
            now = clock.now()
            import os
            Path(marker).touch()
            os.utime(marker, (now, now))
        case _:
            Path(offset).write_text(step + "\\n")
"""


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "synchronized"


def answers(tmp_path: Path, marker: Path, start: str, *steps: str) -> list[str]:
    offset = tmp_path / "offset"
    offset.write_text(start + "\n")
    return faketime.run(STEPS, offset, str(marker), *steps).split()


def test_a_clock_that_was_never_synchronised_is_not_trusted(marker: Path) -> None:
    assert SystemClock(marker).trust(0.0) is Trust.NOT_SYNCHRONISED


def test_a_synchronised_clock_is_trusted(marker: Path) -> None:
    marker.touch()
    assert SystemClock(marker).trust(0.0) is Trust.TRUSTED


def test_a_clock_synchronised_while_we_run_is_trusted_from_then_on(marker: Path) -> None:
    clock = SystemClock(marker)
    assert clock.trust(0.0) is Trust.NOT_SYNCHRONISED
    marker.touch()
    assert clock.trust(0.0) is Trust.TRUSTED


def test_a_clock_earlier_than_the_last_event_is_not_trusted(marker: Path) -> None:
    marker.touch()
    clock = SystemClock(marker)
    assert clock.trust(time.time() + 3600) is Trust.BEFORE_LAST_EVENT
    assert clock.trust(time.time() - 1) is Trust.TRUSTED


def test_a_marker_from_before_the_box_started_proves_nothing(marker: Path) -> None:
    marker.touch()
    before_boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) - 2 * JUMP
    os.utime(marker, (before_boot, before_boot))
    assert SystemClock(marker).trust(0.0) is Trust.NOT_SYNCHRONISED


def test_a_marker_of_days_ago_proves_nothing_to_a_program_that_starts_now(marker: Path) -> None:
    marker.touch()
    old = time.time() - FRESH - 2 * JUMP
    os.utime(marker, (old, old))
    assert SystemClock(marker).trust(0.0) is Trust.NOT_SYNCHRONISED


def test_a_marker_from_the_future_proves_nothing(marker: Path) -> None:
    marker.touch()
    later = time.time() + 2 * JUMP
    os.utime(marker, (later, later))
    assert SystemClock(marker).trust(0.0) is Trust.NOT_SYNCHRONISED


def test_a_clock_years_ahead_and_never_synchronised_is_not_trusted(tmp_path: Path, marker: Path) -> None:
    assert answers(tmp_path, marker, "+5y", "look", "look") == ["NOT_SYNCHRONISED"] * 2


@pytest.mark.parametrize("start", ["+5y", "+2d", "-5y"])
def test_a_clock_stepped_after_it_was_synchronised_is_not_trusted_by_a_program_that_starts(
    tmp_path: Path, marker: Path, start: str
) -> None:
    marker.touch()
    assert answers(tmp_path, marker, start, "look") == ["NOT_SYNCHRONISED"]


@pytest.mark.parametrize("step", ["+5y", "+120s", "-120s", "-5y"])
def test_a_clock_that_steps_while_we_run_is_not_trusted_until_synchronised_anew(
    tmp_path: Path, marker: Path, step: str
) -> None:
    marker.touch()
    said = answers(tmp_path, marker, "+0s", "look", step, "look", "look", "touch", "look")
    assert said == ["TRUSTED", "JUMPED", "JUMPED", "TRUSTED"]


def test_a_clock_stepped_right_after_a_synchronisation_is_not_trusted(tmp_path: Path, marker: Path) -> None:
    marker.touch()
    assert answers(tmp_path, marker, "+0s", "look", "touch", "+5y", "look") == ["TRUSTED", "JUMPED"]


def test_many_small_steps_are_one_large_one(tmp_path: Path, marker: Path) -> None:
    marker.touch()
    said = answers(tmp_path, marker, "+0s", "look", "+40s", "look", "+80s", "look", "+120s", "look")
    assert said == ["TRUSTED", "TRUSTED", "JUMPED", "JUMPED"]


def test_a_slewed_clock_stays_trusted(tmp_path: Path, marker: Path) -> None:
    marker.touch()
    assert answers(tmp_path, marker, "+0s", "look", "+2s", "look") == ["TRUSTED"] * 2


def test_a_clock_that_goes_back_where_it_was_is_trusted_again(tmp_path: Path, marker: Path) -> None:
    marker.touch()
    assert answers(tmp_path, marker, "+0s", "look", "+5y", "look", "+0s", "look") == ["TRUSTED", "JUMPED", "TRUSTED"]


def test_a_clock_that_stepped_and_was_put_right_is_trusted_until_its_next_step(tmp_path: Path, marker: Path) -> None:
    marker.touch()
    said = answers(tmp_path, marker, "+0s", "look", "-1d", "look", "touch", "look", "+5y", "look")
    assert said == ["TRUSTED", "JUMPED", "TRUSTED", "JUMPED"]
