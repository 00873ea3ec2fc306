"""The record: what it holds is what was written, in order, signed; and whoever meddles with it is found."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest

from appliance.access import chain, record, segments, testimony
from appliance.access.chain import Break, Head
from appliance.access.record import Record
from appliance.clock import Trust
from appliance.deeds import Act, Deed
from appliance.errors import BadStorageError, NoRoomError
from appliance.store.age_file import open_identity
from appliance.store.keys import Identity
from appliance.store.primitives import SigningKey
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kept(tmp_path: Path, clock: FakeClock) -> Iterator[Record]:
    kept = Record(tmp_path, clock, segment=4)
    kept.open()
    yield kept
    kept.close()


def fill(kept: Record, count: int = 10) -> None:
    for number in range(count):
        kept.write(Deed(Act.LOOKED, "ana", f"{number:032x}", {"place": "page"}))


def lines(folder: Path) -> list[bytes]:
    return list(segments.read(folder))


def verdict(folder: Path, *anchors: Head) -> chain.Verdict:
    return chain.verify(segments.read(folder), segments.public_key(folder), anchors)


def troubles(folder: Path, *anchors: Head) -> list[tuple[int, Break]]:
    return [(flaw.sequence, flaw.trouble) for flaw in verdict(folder, *anchors).flaws]


def change(folder: Path, sequence: int, meddle: Callable[[dict[str, object]], object]) -> None:
    for file in segments.files(folder):
        found = [json.loads(line) for line in file.read_bytes().splitlines()]
        for line in found:
            if line["sequence"] == sequence:
                meddle(line)
        file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in found), encoding="ascii")


def keep_only(folder: Path, wanted: Callable[[int], bool]) -> None:
    for file in segments.files(folder):
        found = [line for line in file.read_bytes().splitlines(True) if wanted(json.loads(line)["sequence"])]
        file.write_bytes(b"".join(found))


def test_what_was_written_stands_there_in_order_and_whole(kept: Record, tmp_path: Path, clock: FakeClock) -> None:
    deed = Deed(Act.TAKEN, "ana", "a" * 32, {"as": "pdf", "odd": 'é"\n'}, b"sealed")
    fill(kept)
    line = kept.write(deed)
    found = chain.Line.from_bytes(lines(tmp_path)[-1])
    assert (found, found.deed, found.at, found.trusted) == (line, deed, clock.now(), True)
    assert verdict(tmp_path, kept.head) == chain.Verdict(11, 1, kept.head, [])
    assert len(segments.files(tmp_path)) == 3


def test_a_restart_goes_on_behind_the_last_line(kept: Record, tmp_path: Path, clock: FakeClock) -> None:
    fill(kept, 6)
    kept.close()
    again = Record(tmp_path, clock, segment=4)
    assert again.open() == 0
    fill(again, 6)
    again.close()
    assert verdict(tmp_path, again.head).whole
    assert again.head.sequence == 12


def test_a_line_that_a_power_cut_tore_is_cut_off_and_told_of(kept: Record, tmp_path: Path, clock: FakeClock) -> None:
    fill(kept, 3)
    kept.close()
    newest = segments.files(tmp_path)[-1]
    newest.write_bytes(newest.read_bytes() + b'{"sequence":4,"at":17')
    again = Record(tmp_path, clock)
    assert again.open() == 21
    fill(again, 1)
    again.close()
    assert verdict(tmp_path).whole
    assert again.head.sequence == 4


def test_an_untrusted_clock_is_marked(kept: Record, clock: FakeClock) -> None:
    clock.state = Trust.NOT_SYNCHRONISED
    assert not kept.write(Deed(Act.STARTED)).trusted


@pytest.mark.parametrize(
    "meddle",
    [
        lambda line: line.update(by="ben"),
        lambda line: line.update(at=1.0),
        lambda line: line["detail"].update(place="telephone"),
        lambda line: line.update(sealed=base64.b64encode(b"other").decode()),
        lambda line: line.update(trusted=False),
    ],
)
def test_a_changed_line_is_found(kept: Record, tmp_path: Path, meddle: Callable[[dict[str, object]], object]) -> None:
    fill(kept)
    change(tmp_path, 5, meddle)
    assert (5, Break.CHANGED) in troubles(tmp_path)


def test_a_line_that_was_taken_out_is_found(kept: Record, tmp_path: Path) -> None:
    fill(kept)
    keep_only(tmp_path, lambda sequence: sequence != 6)
    assert troubles(tmp_path) == [(7, Break.GAP)]


def test_lines_that_changed_places_are_found(kept: Record, tmp_path: Path) -> None:
    fill(kept, 4)
    file = segments.files(tmp_path)[0]
    one, two, three, four = file.read_bytes().splitlines(True)
    file.write_bytes(one + three + two + four)
    assert {trouble for _, trouble in troubles(tmp_path)} == {Break.GAP}


def test_lines_that_somebody_else_chained_anew_are_forged(kept: Record, tmp_path: Path) -> None:
    fill(kept, 4)
    file = segments.files(tmp_path)[0]
    head, key, forged = Head(), SigningKey.generate(), b""
    for octets in file.read_bytes().splitlines():
        line = chain.Line.from_bytes(octets)
        line = chain.add(head, line.at, True, line.deed, key)
        head, forged = line.head, forged + line.to_bytes()
    file.write_bytes(forged)
    assert troubles(tmp_path) == [(number, Break.FORGED) for number in (1, 2, 3, 4)]


def test_a_tail_that_was_cut_off_shows_against_what_is_remembered(kept: Record, tmp_path: Path) -> None:
    fill(kept)
    keep_only(tmp_path, lambda sequence: sequence <= 7)
    assert troubles(tmp_path) == []
    assert troubles(tmp_path, kept.head) == [(10, Break.CUT)]


def test_a_beginning_that_was_cut_off_is_found(kept: Record, tmp_path: Path) -> None:
    fill(kept)
    segments.files(tmp_path)[0].unlink()
    assert troubles(tmp_path) == [(5, Break.GAP)]


def test_an_older_record_put_back_and_gone_on_with_is_found_and_stays_found(
    kept: Record, tmp_path: Path, clock: FakeClock
) -> None:
    fill(kept)
    remembered = kept.head
    kept.close()
    keep_only(tmp_path, lambda sequence: sequence <= 7)
    again = Record(tmp_path, clock)
    again.open()
    assert not again.must_hold(remembered)
    fill(again)
    assert (10, Break.OTHER) in troubles(tmp_path, remembered)
    assert troubles(tmp_path) == [(8, Break.TOLD)]
    again.close()


def test_words_added_behind_a_lines_signature_are_found(kept: Record, tmp_path: Path) -> None:
    """Whoever reads the line takes the last word of a name, and the signature was over the first."""
    fill(kept, 4)
    file = segments.files(tmp_path)[0]
    one, two, *more = file.read_bytes().splitlines(True)
    ends = chain.Line.from_bytes(two)
    for added in (b',"by":"ben"}', f',"by":"ben","hash":"{ends.hash}","signature":"{ends.signature}"}}'.encode()):
        file.write_bytes(b"".join([one, two.rstrip()[:-1] + added + b"\n", *more]))
        assert chain.Line.from_bytes(file.read_bytes().splitlines()[1]).deed.by == "ben"
        assert troubles(tmp_path) == [(2, Break.CHANGED)]


def test_what_is_no_line_is_found_and_the_rest_still_compared(kept: Record, tmp_path: Path) -> None:
    fill(kept, 4)
    file = segments.files(tmp_path)[0]
    one, _, three, four = file.read_bytes().splitlines(True)
    file.write_bytes(one + b"no line\n" + three + four)
    assert troubles(tmp_path) == [(2, Break.UNREADABLE), (3, Break.GAP)]


def test_the_boxs_key_is_for_the_daemon_alone(kept: Record, tmp_path: Path) -> None:
    assert (tmp_path / record.KEY).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / segments.PUBLIC).stat().st_mode & 0o777 == 0o640


def test_a_card_that_refuses_a_line_is_bad_for_ever(kept: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(5, "input/output error")

    monkeypatch.setattr("os.fdatasync", refuse)
    with pytest.raises(BadStorageError):
        kept.write(Deed(Act.LOOKED, "ana"))
    monkeypatch.undo()
    with pytest.raises(BadStorageError):
        kept.write(Deed(Act.LOOKED, "ana"))


def test_many_who_write_at_once_keep_the_chain_whole(kept: Record, tmp_path: Path) -> None:
    threads = [threading.Thread(target=fill, args=(kept, 25)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdict(tmp_path, kept.head) == chain.Verdict(200, 1, kept.head, [])


def test_a_patients_words_open_for_the_practice_key_alone(kept: Record, tmp_path: Path) -> None:
    assert kept.seal(number="5550100777") == b""  # nobody could ever open it
    with Identity.generate() as practice:
        (tmp_path / "keys" / "practice.pub").write_text(f"{practice.recipient}\n", encoding="ascii")
        sealed = kept.seal(number="5550100777", name="Jane Canary", why="")
        kept.write(Deed(Act.DISCLOSED, "ana", sealed=sealed))
        with testimony.open_key(tmp_path, practice) as key:
            found = chain.Line.from_bytes(lines(tmp_path)[-1]).deed.sealed
            assert testimony.open_sealed(found, key) == {"number": "5550100777", "name": "Jane Canary"}
        assert testimony.open_sealed(found, Identity.generate()) == {}
        with pytest.raises(Exception, match=r"key|open"):
            open_identity((tmp_path / testimony.SEALED).read_bytes(), [Identity.generate()])
    assert b"Canary" not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_the_record_is_asked_whether_a_deed_stands_in_it(kept: Record) -> None:
    fill(kept)
    assert kept.has(Act.LOOKED, f"{3:032x}")
    assert not kept.has(Act.KEPT, f"{3:032x}")
    assert not kept.has(Act.LOOKED, f"{11:032x}")


def test_a_card_without_room_for_another_file_stops_the_record_only_for_as_long(
    kept: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(kept, 4)  # the first file is full
    with monkeypatch.context() as full:
        full.setattr(Record, "_begin_segment", mock.Mock(side_effect=NoRoomError))
        for _ in range(2):
            with pytest.raises(NoRoomError):
                fill(kept, 1)
    fill(kept, 5)
    assert verdict(tmp_path).whole
    assert len(lines(tmp_path)) == 9
