"""The record's lines are the same from either end, wherever a block, a file or a power cut ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.access import segments
from appliance.errors import RecordError

LONG = b"x" * 30_000  # two and a bit of them fill a block


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"one"],
        [b"one", b"two", b"three"],
        [LONG, LONG, LONG, b"short", LONG, LONG],
        [b"y" * 65_535, b"z" * 65_536, b"x" * 65_537],  # a block's end behind, on and before a line's
        [b"w" * 200_000],
    ],
)
@pytest.mark.parametrize("torn", [b"", b"half a li", b"v" * 150_000])
def test_backwards_is_the_other_way_round_and_what_was_torn_is_no_line(
    tmp_path: Path, lines: list[bytes], torn: bytes
) -> None:
    folder = tmp_path / segments.FOLDER
    folder.mkdir()
    (folder / "000001.jsonl").write_bytes(b"first\n")
    (folder / "000002.jsonl").write_bytes(b"".join(line + b"\n" for line in lines) + torn)
    assert list(segments.read(tmp_path)) == [b"first", *lines]
    assert list(segments.read_backwards(tmp_path)) == [b"first", *lines][::-1]
    assert segments.size(tmp_path) == 6 + sum(len(line) + 1 for line in lines) + len(torn)


def test_a_file_that_grew_too_old_in_this_moment_is_passed_over_and_one_that_cannot_be_read_is_told(
    tmp_path: Path,
) -> None:
    folder = tmp_path / segments.FOLDER
    (folder / "000001.jsonl").mkdir(parents=True)
    with pytest.raises(RecordError):
        list(segments.read_backwards(tmp_path))
    assert list(segments._backwards(folder / "000002.jsonl")) == []
