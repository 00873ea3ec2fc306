"""Sealed files of any size, written in any pieces, read anywhere; and what is done to them is noticed."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import (
    KeyFormatError,
    SealError,
    SealHeaderError,
    SealKeyError,
    SealMacError,
    SealPayloadError,
)
from appliance.store.age_file import (
    SealedFile,
    Sealer,
    choose_work_factor,
    open_bytes,
    open_identity,
    open_with_password,
    seal,
    seal_identity,
    seal_with_password,
)
from appliance.store.keys import Identity, Recipient

CHUNK = 65536
EDGES = (0, 1, 65519, 65520, 65521, 65535, 65536, 65537, 131071, 131072, 131073, 1048575, 1048576, 1048577)
IDENTITY = Identity.generate()
TO = [IDENTITY.recipient]

sizes = st.one_of(st.integers(0, 300), st.sampled_from(EDGES), st.integers(0, 4 * CHUNK))
every_edge = pytest.mark.parametrize("size", EDGES)


def plaintext_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


class Dribble(io.RawIOBase):
    """A file that gives and takes as little at a time as a pipe may."""

    def __init__(self, content: bytes, most: int) -> None:
        self.content = bytearray(content)
        self._most = most
        self._place = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than typeshed's Buffer, which is not in Python 3.11
        part = self.content[self._place : self._place + min(self._most, len(buffer))]
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: len(self.content)}[whence]
        return self._place

    def write(self, data: memoryview) -> int:  # type: ignore[override]  # as above
        self.content += data[: self._most]
        return min(self._most, len(data))


@every_edge
def test_every_reader_opens_every_writers_file(size: int) -> None:
    plaintext, out = plaintext_of(size), io.BytesIO()
    with Sealer(out, TO) as sealer:
        assert sealer.write(plaintext) == size
    for sealed in (seal(plaintext, TO), out.getvalue()):
        assert len(sealed) == size + 184 + 16 * max(1, -(-size // CHUNK))
        assert open_bytes(sealed, [IDENTITY]) == plaintext
        with SealedFile(io.BytesIO(sealed), [IDENTITY]) as file:
            assert file.size == size
            assert file.read() == plaintext


@given(sizes, st.lists(st.integers(0, 3 * CHUNK), max_size=8))
@settings(deadline=None)
def test_it_does_not_matter_in_what_pieces_it_is_written(size: int, cuts: list[int]) -> None:
    plaintext, out = plaintext_of(size), io.BytesIO()
    with Sealer(out, TO) as sealer:
        for start, end in pairwise([0, *sorted(min(cut, size) for cut in cuts), size]):
            sealer.write(memoryview(plaintext)[start:end])
    assert open_bytes(out.getvalue(), [IDENTITY]) == plaintext


@given(sizes, st.lists(st.tuples(st.integers(0, 4 * CHUNK + 100), st.integers(0, 2 * CHUNK + 100)), max_size=12))
@settings(deadline=None)
def test_it_is_read_anywhere_as_the_file_in_clear_would_be(size: int, looks: list[tuple[int, int]]) -> None:
    plaintext = plaintext_of(size)
    clear = io.BytesIO(plaintext)
    with SealedFile(io.BytesIO(seal(plaintext, TO)), [IDENTITY]) as file:
        for place, length in looks:
            assert file.seek(place) == clear.seek(place)
            assert file.read(length) == clear.read(length)
            assert file.tell() == clear.tell()
        assert file.seek(-min(5, size), io.SEEK_END) == clear.seek(-min(5, size), io.SEEK_END)
        assert file.seek(min(2, size), io.SEEK_CUR) == clear.seek(min(2, size), io.SEEK_CUR)
        assert file.read() == clear.read()


@given(st.sampled_from(EDGES), st.integers(1, 200_000))
@settings(deadline=None, max_examples=25)
def test_files_that_give_and_take_little_at_a_time_will_do(size: int, most: int) -> None:
    most = max(most, size // 500)
    plaintext, out = plaintext_of(size), Dribble(b"", most)
    with Sealer(out, TO) as sealer:
        sealer.write(plaintext)
    with SealedFile(Dribble(bytes(out.content), most), [IDENTITY]) as file:
        assert file.read() == plaintext


@given(sizes, st.data())
@settings(deadline=None)
def test_a_changed_octet_anywhere_is_noticed_and_only_what_stands_before_it_is_released(
    size: int, draw: st.DataObject
) -> None:
    plaintext = plaintext_of(size)
    changed = bytearray(seal(plaintext, TO))
    changed[draw.draw(st.integers(0, len(changed) - 1))] ^= draw.draw(st.integers(1, 255))
    released = assert_refused(bytes(changed))
    assert plaintext.startswith(released)


@given(sizes, st.data())
@settings(deadline=None)
def test_a_file_cut_anywhere_or_with_something_behind_is_refused(size: int, draw: st.DataObject) -> None:
    plaintext = plaintext_of(size)
    sealed = seal(plaintext, TO)
    for damaged in (
        sealed[: draw.draw(st.integers(0, len(sealed) - 1))],
        sealed[: -draw.draw(st.integers(1, min(len(sealed), CHUNK + 20)))],
        sealed + draw.draw(st.binary(min_size=1, max_size=40)),
    ):
        assert plaintext.startswith(assert_refused(damaged))


def assert_refused(sealed: bytes) -> bytes:
    """Every reader refuses it; returns what was released before, read from front to back."""
    with pytest.raises(SealError):
        open_bytes(sealed, [IDENTITY])
    released = bytearray()

    def read_on() -> None:
        with SealedFile(io.BytesIO(sealed), [IDENTITY]) as file:
            while piece := file.read(CHUNK // 2):
                released.extend(piece)

    with pytest.raises(SealError):
        read_on()
    return bytes(released)


def test_exchanged_and_dropped_chunks_are_noticed() -> None:
    plaintext = bytes(3 * CHUNK)
    sealed, sealed_chunk = seal(plaintext, TO), CHUNK + 16
    start = len(sealed) - 3 * sealed_chunk
    first, second, third = (sealed[start + at * sealed_chunk : start + (at + 1) * sealed_chunk] for at in range(3))
    for order in ((second, first, third), (first, third), (first, second), (third,), (first, second, third, third)):
        with pytest.raises(SealPayloadError):
            open_bytes(sealed[:start] + b"".join(order), [IDENTITY])


def test_around_a_damaged_chunk_the_rest_can_be_read_and_nothing_unproven_goes_out() -> None:
    plaintext = plaintext_of(3 * CHUNK)
    sealed = bytearray(seal(plaintext, TO))
    sealed[-2 * (CHUNK + 16) + 5] ^= 1  # in the second of three
    file = SealedFile(io.BytesIO(sealed), [IDENTITY])
    for length in (10, CHUNK):  # by way of the chunk that is kept, and straight
        buffer = bytearray(length)
        file.seek(CHUNK)
        with pytest.raises(SealPayloadError):
            file.readinto(buffer)
        assert not any(buffer)
        assert file.tell() == CHUNK
    file.seek(2 * CHUNK)
    assert file.read() == plaintext[2 * CHUNK :]
    file.seek(0)
    assert file.read(CHUNK) == plaintext[:CHUNK]


def test_each_of_several_people_opens_it_and_nobody_else_does() -> None:
    people = [Identity.generate() for _ in range(4)]
    sealed = seal(b"sound", [person.recipient for person in people])
    for person in people:
        assert open_bytes(sealed, [person]) == b"sound"
        assert open_bytes(sealed, [IDENTITY, person]) == b"sound"
    for strangers in ([IDENTITY], []):
        with pytest.raises(SealKeyError):
            open_bytes(sealed, strangers)


def test_the_same_sound_is_sealed_differently_each_time() -> None:
    assert seal(b"sound", TO) != seal(b"sound", TO)


def test_nothing_is_sealed_to_nobody_or_to_a_point_that_keeps_no_secret() -> None:
    for recipients in ([], [Recipient(bytes(32))]):
        with pytest.raises(KeyFormatError):
            seal(b"sound", recipients)


def test_a_header_changed_by_somebody_without_the_file_key_is_refused() -> None:
    sealed = seal(b"sound", TO)
    other = b"-> extra\n\n--- "
    with pytest.raises(SealMacError):
        open_bytes(sealed.replace(b"--- ", other), [IDENTITY])


def test_an_error_while_writing_leaves_nothing_that_opens() -> None:
    out = io.BytesIO()

    def write() -> None:
        with Sealer(out, TO) as sealer:
            sealer.write(bytes(5 * CHUNK))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert_refused(out.getvalue())


def test_a_closed_seal_takes_no_more_and_closing_twice_is_harmless() -> None:
    out = io.BytesIO()
    sealer = Sealer(out, TO)
    sealer.close()
    sealer.close()
    with pytest.raises(ValueError, match="closed"):
        sealer.write(b"more")
    assert open_bytes(out.getvalue(), [IDENTITY]) == b""


def test_a_closed_file_reads_no_more_and_closes_what_is_under_it() -> None:
    under = io.BytesIO(seal(b"sound", TO))
    file = SealedFile(under, [IDENTITY])
    file.close()
    file.close()
    assert under.closed
    with pytest.raises(ValueError, match="closed"):
        file.read(1)
    with pytest.raises(ValueError, match="start"):
        SealedFile(io.BytesIO(seal(b"sound", TO)), [IDENTITY]).seek(-1)


def test_a_file_that_cannot_be_opened_is_closed_too() -> None:
    under = io.BytesIO(seal(b"sound", TO)[:-1])
    with pytest.raises(SealPayloadError):
        SealedFile(under, [IDENTITY])
    assert under.closed


def test_a_password_opens_what_it_sealed() -> None:
    for plaintext in (b"", b"AGE-SECRET-KEY-1", plaintext_of(CHUNK + 1)):
        assert (
            open_with_password(seal_with_password(plaintext, "correct hörse battery", 4), "correct hörse battery")
            == plaintext
        )


def test_another_password_opens_nothing() -> None:
    sealed = seal_with_password(b"key", "correct horse battery", 4)
    for password in ("", "Correct horse battery", "correct horse battery "):
        with pytest.raises(SealKeyError):
            open_with_password(sealed, password)


def test_keys_and_passwords_do_not_open_each_others_files() -> None:
    with pytest.raises(SealKeyError):
        open_bytes(seal_with_password(b"key", "correct horse battery", 4), [IDENTITY])
    with pytest.raises(SealKeyError):
        open_with_password(seal(b"sound", TO), "correct horse battery")


def test_more_work_than_is_allowed_is_refused_before_it_is_done() -> None:
    sealed = seal_with_password(b"key", "correct horse battery", 6)
    with pytest.raises(SealHeaderError):
        open_with_password(sealed, "correct horse battery", max_work_factor=5)
    with pytest.raises(SealHeaderError):
        open_with_password(sealed.replace(b" 6\n", b" 40\n"), "correct horse battery")


@pytest.mark.parametrize(
    ("megabytes", "work_factor"), [(0, 15), (128, 15), (511, 15), (512, 16), (1024, 17), (2048, 18), (65536, 18)]
)
def test_the_work_factor_follows_the_machines_memory(megabytes: int, work_factor: int) -> None:
    assert choose_work_factor(megabytes << 20) == work_factor


def test_a_sealed_identity_comes_back_as_itself() -> None:
    epoch = Identity.generate()
    sealed = seal_identity(epoch, TO)
    assert open_identity(sealed, [IDENTITY]).recipient == epoch.recipient
    assert open_bytes(sealed, [IDENTITY]).decode() == epoch.encode()
    with pytest.raises(KeyFormatError):
        open_identity(seal(b"sound", TO), [IDENTITY])


@pytest.mark.parametrize(
    "opening", [open_bytes, open_identity, lambda sealed, keys: SealedFile(io.BytesIO(sealed), keys)]
)
def test_errors_say_what_to_think_of_the_file_and_nothing_of_what_is_in_it(
    opening: Callable[[bytes, list[Identity]], object],
) -> None:
    sealed = seal(b"sound", TO)
    with pytest.raises(SealError) as refused:
        opening(sealed[:-1], [IDENTITY])
    assert str(refused.value) == "The sealed file's content is damaged or cut short."
