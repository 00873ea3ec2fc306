"""What is remembered of each call on the fax line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import CallNotFoundError, TranscriptError
from appliance.fax import records
from appliance.fax.records import CallRecord, Outcome

CALL = CallRecord(
    arrived_at=1_772_500_000.25,
    outcome=Outcome.PARTIAL,
    pages=2,
    seconds=63.5,
    error="CallerHungUpError",
    transcript=("> PickUp", "< Done", "> HangUp", "< Done"),
)


def test_a_call_is_read_as_it_was_written(tmp_path: Path) -> None:
    added = records.add(tmp_path, CALL)
    assert added == replace(CALL, name="000001")
    assert records.read(tmp_path, "000001") == added
    assert records.latest(tmp_path) == (added,)


def test_the_file_is_text_with_a_header_a_person_can_read(tmp_path: Path) -> None:
    records.add(tmp_path, CALL)
    assert (tmp_path / "calls" / "000001.t30").read_text(encoding="utf-8") == (
        "# arrived: 2026-03-03T01:06:40.250+00:00\n# outcome: partial\n# pages: 2\n# seconds: 63.5\n# error: CallerHungUpError\n"
        "> PickUp\n< Done\n> HangUp\n< Done\n"
    )


def test_a_call_says_what_went_wrong_and_what_to_do() -> None:
    assert CALL.sentence.startswith("The sending fax ended the call")
    assert replace(CALL, error="").sentence == ""
    assert replace(CALL, error="logs").sentence == "logs"


def test_the_newest_stands_first_and_the_last_hundred_stay(tmp_path: Path) -> None:
    for number in range(103):
        records.add(tmp_path, replace(CALL, pages=number))
    kept = records.latest(tmp_path)
    assert [call.name for call in kept] == [f"{number:06}" for number in range(103, 3, -1)]
    assert [call.pages for call in kept] == list(range(102, 2, -1))
    with pytest.raises(CallNotFoundError):
        records.read(tmp_path, "000001")


def test_the_group_reads_and_others_nothing(tmp_path: Path) -> None:
    records.add(tmp_path, CALL)
    assert (tmp_path / "calls" / "000001.t30").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "calls").stat().st_mode & 0o777 == 0o750


def test_without_any_call_there_is_none(tmp_path: Path) -> None:
    assert records.latest(tmp_path) == ()


@pytest.mark.parametrize("name", ["", "1", "../../etc", "000001.t30", "٠٠٠٠٠١", "000001\n"])
def test_what_is_no_name_is_not_found(tmp_path: Path, name: str) -> None:
    records.add(tmp_path, CALL)
    with pytest.raises(CallNotFoundError):
        records.read(tmp_path, name)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff\xfe",
        b"# arrived: yesterday\n# outcome: partial\n# pages: 2\n# seconds: 1\n# error:\n",
        b"# arrived: 2026-03-03T01:06:40+00:00\n# outcome: great\n# pages: 2\n# seconds: 1\n# error:\n",
        b"# arrived: 2026-03-03T01:06:40+00:00\n# outcome: partial\n# seconds: 1\n# error:\n",
        bytes(records.LONGEST + 1),
    ],
)
def test_a_file_that_is_no_record_is_named_and_hides_no_other(tmp_path: Path, octets: bytes) -> None:
    added = records.add(tmp_path, CALL)
    (tmp_path / "calls" / "000009.t30").write_bytes(octets)
    with pytest.raises(TranscriptError):
        records.read(tmp_path, "000009")
    assert records.latest(tmp_path) == (added,)
    assert records.add(tmp_path, CALL).name == "000010"


def test_header_lines_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "calls" / f"{records.add(tmp_path, CALL).name}.t30"
    file.write_text("# rate: 14400\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert records.read(tmp_path, "000001") == replace(CALL, name="000001")


def test_a_transcript_without_end_is_cut(tmp_path: Path) -> None:
    endless = replace(CALL, transcript=("< Garbled",) * 200_000)
    name = records.add(tmp_path, endless).name
    assert (tmp_path / "calls" / f"{name}.t30").stat().st_size <= records.LONGEST
    kept = records.read(tmp_path, name).transcript
    assert set(kept[:-1]) == {"< Garbled"}
    assert kept[-1] == "# ... more than is kept"


def test_what_a_power_cut_left_half_is_removed(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / ".000001.t30.tmp").write_bytes(b"# arr")
    records.add(tmp_path, CALL)
    assert [file.name for file in (tmp_path / "calls").iterdir()] == ["000001.t30"]
