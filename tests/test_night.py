"""What the daemon does of itself for the record: compares, sums up, lets old lines go, notices clocks and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance import settings
from appliance.access import audit, chain, segments
from appliance.access.chain import Line
from appliance.access.record import Record
from appliance.chronicle import Chronicle
from appliance.clock import Trust
from appliance.console import pin
from appliance.deeds import Act, Deed
from appliance.night import AFTER_START, KEPT_FOR, Night
from tests.fakes.clock import FakeClock
from tests.store.boxes import Box, box_in

ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with box_in(tmp_path / "store") as made:
        yield made


@pytest.fixture
def night(box: Box) -> Night:
    return Night(box.folder, box.inbox, box.record, box.clock, ZONE, 2)


def told(box: Box, act: Act) -> list[Line]:
    return [line for line in map(Line.from_bytes, segments.read(box.folder)) if line.deed.act is act]


def compared(night: Night) -> None:
    night.watch()
    if night._work is not None:
        night._work.join(20)


def test_soon_after_the_start_and_then_each_night_the_store_is_compared(box: Box, night: Night) -> None:
    box.deliver()
    compared(night)
    assert told(box, Act.CHECKED) == []
    box.clock.advance(AFTER_START)
    compared(night)
    assert len(told(box, Act.CHECKED)) == 1
    compared(night)
    assert len(told(box, Act.CHECKED)) == 1
    now = datetime.fromtimestamp(box.clock.now(), ZONE)
    box.clock.advance((26 - now.hour) * 3600 - now.minute * 60 - now.second)
    compared(night)
    checked = told(box, Act.CHECKED)
    assert [line.deed.detail["found"] for line in checked] == ["0", "0"]
    assert datetime.fromtimestamp(checked[-1].at, ZONE).hour == 2


def test_what_does_not_fit_is_a_fault_that_says_what(box: Box, night: Night) -> None:
    row = box.deliver()
    (box.folder / "vault" / f"{row.stamp.id}.age").unlink()
    night.run()
    assert night.audit is not None
    assert night.audit.found == 1
    assert "is missing" in night.audit.first
    assert told(box, Act.CHECKED)[-1].deed.detail["found"] == "1"


def test_the_log_tells_how_much_does_not_fit_and_names_nobody(
    box: Box, night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    row = box.deliver()
    (box.folder / "vault" / f"{row.stamp.id}.age").unlink()
    for name in ("maria", "nora"):
        for file in (Path("keys/people", f"{name}.json"), Path("keys/factors", name, "factors.json")):
            (box.folder / file).parent.mkdir(parents=True, exist_ok=True)
            (box.folder / file).write_bytes(b"damaged")
    assert {"maria", "nora"} <= set(re.findall(r"\w+", " ".join(item.place for item in night.run().found)))
    lines = [record.getMessage() for record in caplog.records if "does_not_fit" in record.getMessage()]
    counted = dict(re.findall(r"kind=(\S+) count=(\d+)$", line)[0] for line in lines)
    assert counted == {"vault": "1", "keys/people": "2", "keys/factors": "2"}
    assert not re.search(rf"maria|nora|{row.stamp.id}", caplog.text)


def test_the_day_is_summed_up_in_the_practices_zone(box: Box, night: Night) -> None:
    box.clock.wall = datetime(2026, 3, 2, 4, 59, tzinfo=UTC).timestamp()  # still 1 March in New York
    box.record.write(Deed(Act.LOGGED_IN, "ana"))
    box.clock.wall = datetime(2026, 3, 2, 5, 1, tzinfo=UTC).timestamp()
    row = box.deliver()
    box.record.write(Deed(Act.LOGGED_IN, "ana"))
    details: tuple[dict[str, str], ...] = ({}, {"further": "40"}, {"refused": "300"})
    for detail in details:
        box.record.write(Deed(Act.LOG_IN_FAILED, detail=detail))
    box.record.write(Deed(Act.LOOKED, "ana", row.stamp.id))
    box.inbox.remove(row.stamp.id, "erased")
    day = night.sum_up(date(2026, 3, 2))
    assert (day.voicemails, day.faxes, day.log_ins, day.failed, day.opened, day.removed) == (1, 0, 1, 341, 1, 1)
    assert night.sum_up(date(2026, 3, 1)).log_ins == 1


def old_record(folder: Path, clock: FakeClock) -> Record:
    kept = Record(folder, clock, segment=5)
    kept.open()
    return kept


def test_lines_older_than_six_years_go_and_the_record_stays_whole(tmp_path: Path) -> None:
    clock = FakeClock()
    kept = old_record(tmp_path, clock)
    for number in range(12):
        kept.write(Deed(Act.KEPT if number == 3 else Act.LOOKED, "ana", f"{number:032x}"))
    clock.advance(KEPT_FOR + 1)
    for number in range(6):
        kept.write(Deed(Act.LOOKED, "ben", f"{number:032x}"))
    went = kept.shorten(clock.now() - KEPT_FOR, lambda line: line.deed.act is Act.KEPT)
    assert went == 2
    verdict = chain.verify(segments.read(tmp_path), segments.public_key(tmp_path), [kept.head])
    assert verdict.flaws == []
    assert verdict.first == 11
    assert kept.has(Act.KEPT, f"{3:032x}"), "what is still needed of them was written again"
    assert kept.shorten(clock.now() - KEPT_FOR, lambda _: False) == 0
    segments.files(tmp_path)[0].unlink()
    assert not chain.verify(segments.read(tmp_path), segments.public_key(tmp_path)).whole
    kept.close()


def test_who_put_a_message_on_hold_and_why_outlives_the_six_years_of_the_record(box: Box, night: Night) -> None:
    box.record._segment = 5  # lines a file
    held, free = box.deliver(seed=1), box.deliver(seed=2)
    for row in (held, free):
        box.record.write(Deed(Act.HELD, "ana", row.stamp.id, sealed=b"why"))
        box.inbox.hold(row.stamp.id, True)
    box.record.write(Deed(Act.RELEASED, "ana", free.stamp.id))
    box.inbox.hold(free.stamp.id, False)
    box.clock.advance(KEPT_FOR + 1)
    for number in range(6):
        box.record.write(Deed(Act.LOOKED, "ben", f"{number:032x}"))
    night.run()
    assert len(told(box, Act.SHORTENED)) == 1
    (line,) = told(box, Act.HELD)
    assert (line.deed.by, line.deed.subject, line.deed.sealed) == ("ana", held.stamp.id, b"why")
    assert audit.compare(box.folder).good


def test_nothing_of_the_record_goes_on_a_clock_that_cannot_be_trusted(
    box: Box, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise AssertionError("it was shortened")

    monkeypatch.setattr(box.record, "shorten", refuse)
    box.clock.state = Trust.NOT_SYNCHRONISED
    night.run()
    assert audit.compare(box.folder).good


@pytest.mark.parametrize("seconds", [-86_400.0, -3.0, 3.0, 1_000_000.0])
def test_a_step_of_the_clock_is_told_with_its_seconds(box: Box, seconds: float) -> None:
    chronicle = Chronicle(box.record, box.clock)
    assert chronicle.look_at_clock() == 0.0
    box.clock.advance(1)
    assert chronicle.look_at_clock() == 0.0
    box.clock.wall += seconds
    chronicle.look_at_clock()
    (line,) = told(box, Act.CLOCK_STEPPED)
    assert line.deed.detail == {"seconds": f"{seconds:+.0f}"}


def test_being_kept_from_the_processor_between_two_clocks_is_no_step(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    chronicle, calm = Chronicle(box.record, box.clock), FakeClock.now
    assert chronicle.look_at_clock() == 0.0

    def kept_waiting(clock: FakeClock) -> float:
        seen = calm(clock)
        clock.advance(30.0)
        return seen

    monkeypatch.setattr(FakeClock, "now", kept_waiting)
    assert chronicle.look_at_clock() == 0.0
    monkeypatch.setattr(FakeClock, "now", calm)
    assert chronicle.look_at_clock() == 0.0
    assert told(box, Act.CLOCK_STEPPED) == []
    box.clock.wall += 30.0
    assert chronicle.look_at_clock() == pytest.approx(30.0)


def test_a_pin_that_was_set_while_the_daemon_did_not_run_is_told_at_its_start(box: Box) -> None:
    before = settings.Settings()
    Chronicle(box.record, box.clock).settings(box.folder, before)
    pin.write(box.folder, "271828")
    assert Chronicle(box.record, box.clock).settings(box.folder, before) == ("console.pin",)
    assert Chronicle(box.record, box.clock).settings(box.folder, before) == ()
    assert b"271828" not in b"".join(file.read_bytes() for file in (box.folder / "record").iterdir())


def test_a_changed_setting_is_told_by_its_name_and_never_its_value(box: Box) -> None:
    chronicle, before = Chronicle(box.record, box.clock), settings.Settings()
    assert chronicle.settings(box.folder, before) == ()
    assert chronicle.settings(box.folder, before) == ()
    after = replace(before, fax=replace(before.fax, identity="5550109988"))
    assert chronicle.settings(box.folder, after) == ("fax.identity",)
    assert chronicle.settings(box.folder, after) == ()
    (line,) = told(box, Act.SETTING_CHANGED)
    assert line.deed.subject == "fax.identity"
    assert b"5550109988" not in b"".join(file.read_bytes() for file in (box.folder / "record").iterdir())
