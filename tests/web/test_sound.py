"""What the browser's player gets: exactly the octets it asks for, straight from the sealed file."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest

from tests.web.practice import Practice, babble
from tests.web.staff import Staff

SOUND = babble(7.3, seed=5)
WHOLE = 44 + len(SOUND)


@pytest.fixture
def address(practice: Practice) -> str:
    """Where the sound of the one message is."""
    return f"/messages/{practice.leave(SOUND, '5551234567')}/content"


def samples(content: bytes) -> bytes:
    with wave.open(io.BytesIO(content)) as opened:
        assert (opened.getframerate(), opened.getsampwidth(), opened.getnchannels()) == (8000, 2, 1)
        frames: bytes = opened.readframes(opened.getnframes())
        return frames


def test_the_page_plays_exactly_the_samples_that_came_in(ana: Staff, address: str) -> None:
    answer = ana.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content_length == WHOLE == len(answer.data)
    assert samples(answer.data) == SOUND


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-", 0, WHOLE),
        ("bytes=44-1043", 44, 1044),
        ("bytes=-2", WHOLE - 2, WHOLE),
        ("bytes=65500-65600", 65500, 65601),
    ],
)
def test_a_range_is_answered_with_those_octets(ana: Staff, address: str, header: str, start: int, end: int) -> None:
    whole = ana.get(address).data
    answer = ana.get(address, Range=header)
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{WHOLE}"
    assert answer.content_length == end - start
    assert answer.data == whole[start:end]


def test_ranges_put_together_are_the_whole(ana: Staff, address: str) -> None:
    pieces = [ana.get(address, Range=f"bytes={start}-{start + 9_998}").data for start in range(0, WHOLE, 9_999)]
    assert b"".join(pieces) == ana.get(address).data


def test_a_range_outside_is_not_satisfiable(ana: Staff, address: str) -> None:
    answer = ana.get(address, Range=f"bytes={WHOLE}-")
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{WHOLE}"


def test_a_range_of_another_content_is_the_whole_of_this(ana: Staff, address: str) -> None:
    tag = ana.get(address).headers["ETag"]
    assert ana.get(address, Range="bytes=0-9", If_Range=tag).status_code == 206
    assert ana.get(address, Range="bytes=0-9", If_Range='"another"').status_code == 200
    assert ana.get(address, Range="bytes=0-9", If_Range=f"W/{tag}").status_code == 200
    assert ana.get(address, Range="bytes=0-9", If_Range="Fri, 21 Nov 2025 10:42:00 GMT").status_code == 200


def test_head_tells_the_length_and_sends_nothing(ana: Staff, address: str) -> None:
    for headers in ({}, {"Range": "bytes=0-9"}):
        answer = ana.ask("HEAD", address, headers=headers)
        assert (answer.status_code, answer.content_length, answer.data) == (200, WHOLE, b"")


def test_a_recovered_message_plays_as_far_as_it_came(practice: Practice, ana: Staff) -> None:
    practice.lose_power_during(SOUND)
    id = practice.inbox.list()[0].stamp.id
    whole = ana.get(f"/messages/{id}/content").data
    assert samples(whole) == SOUND
    assert ana.get(f"/messages/{id}/content", Range="bytes=20000-40000").data == whole[20000:40001]


def test_a_damaged_file_says_so_and_the_others_still_play(practice: Practice, ana: Staff, address: str) -> None:
    other = practice.leave(babble(1))
    damage(practice.folder / "vault" / f"{address.split('/')[2]}.age")
    answer = ana.get(address)
    assert answer.status_code == 410
    assert "cannot be opened" in answer.text
    assert ana.get(f"/messages/{other}/content").status_code == 200
    page = ana.get("/")
    assert page.status_code == 200


def test_a_play_in_progress_breaks_off_with_its_session(practice: Practice, ana: Staff, address: str) -> None:
    answer = ana.get(address)
    pieces = answer.iter_encoded()
    first = next(pieces)
    practice.sessions.close_all()
    assert len(first + b"".join(pieces)) < WHOLE


def test_nothing_in_clear_comes_near_the_disk(practice: Practice, ana: Staff, address: str, tmp_path: Path) -> None:
    ana.get(address)
    ana.get(address.removesuffix("/content"))
    canary = SOUND[20_000:20_064]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 5
    assert not [file for file in files if canary in file.read_bytes()]


def damage(file: Path) -> None:
    """One octet of the first sealed piece of sound."""
    content = bytearray(file.read_bytes())
    content[3000] ^= 1
    file.write_bytes(content)
