"""What the content of a message is in clear: a WAV file or a TIFF file, put together from the parts as they came.

A voicemail's parts are sound (16-bit little-endian samples, 8 kHz, one channel: what AudioSocket delivers); its content is a WAV header and then the parts.
A fax's parts are the pieces of one TIFF file in their order. It grows page by page (FORMAT.md), so its last directory points at a page that may still come:
whoever ends the file, or reads one that was never ended, has it point nowhere.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from appliance.messages import Kind

SOUND_RATE: Final = 8000  # samples a second
SAMPLE_BYTES: Final = 2
SECOND_BYTES: Final = SOUND_RATE * SAMPLE_BYTES

MEDIA_TYPES: Final = {Kind.VOICEMAIL: "audio/wav", Kind.FAX: "image/tiff"}

_WAV: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")  # RIFF WAVE, one "fmt " chunk of 16 octets, one "data" chunk
_PCM: Final = 1

_TIFF_START: Final = b"II*\0\x08\0\0\0"  # little-endian, version, where the first directory is
_TIFF_HEADER: Final = len(_TIFF_START)
_TIFF_IMAGE: Final = (
    273  # the tag whose value is where the image is; a value that is longer than 4 octets stands elsewhere, too
)
_TIFF_FIELD: Final = struct.Struct("<HHLL")  # tag, type, count, value
_TIFF_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8}  # octets of a value of each type, TIFF 6.0 §2
_TIFF_FIRST: Final = 4
_TIFF_ENTRY: Final = 12
_SHORT: Final = struct.Struct("<H")
_LONG: Final = struct.Struct("<L")


def head(kind: Kind, parts_bytes: int, lacks_start: bool = False) -> bytes:
    """What stands before `parts_bytes` octets of parts in the content. `lacks_start`: the first part, with a TIFF file's header in it, was lost."""
    match kind:
        case Kind.VOICEMAIL:
            return _wav_header(parts_bytes)
        case Kind.FAX:
            return _TIFF_START if lacks_start else b""


def duration(kind: Kind, parts_bytes: int) -> float:
    """Seconds of sound in `parts_bytes` octets of parts; 0 for a fax."""
    match kind:
        case Kind.VOICEMAIL:
            return parts_bytes / SECOND_BYTES
        case Kind.FAX:
            return 0.0


def must_fit(kind: Kind, part: bytes) -> None:
    """Raises `ValueError` when `part` cannot be one: nothing at all, or half a sample, after which all sound would be noise."""
    if not part or (kind is Kind.VOICEMAIL and len(part) % SAMPLE_BYTES):
        raise ValueError("a part of a message is one octet or more, and sound comes in whole samples")


def end(kind: Kind, parts: list[bytes]) -> None:
    """No more parts come: what they say of each other is put right, in the list."""
    if kind is not Kind.FAX:
        return
    starts = [*accumulate(map(len, parts), initial=0)]

    def read(start: int, length: int) -> bytes:
        piece = b""
        for part, begin in zip(parts, starts, strict=False):
            piece += part[max(0, start - begin) : max(0, start + length - begin)]
        return piece

    for at, octets in corrections(kind, read, starts[-1]):
        for number, part in enumerate(parts):
            parts[number] = laid_over(part, starts[number], at, octets)


def corrections(kind: Kind, read: Callable[[int, int], bytes], size: int) -> list[tuple[int, bytes]]:
    """Places in a content of `size` octets, and what must stand there. `read(start, length)` gives its octets as they came."""
    if kind is not Kind.FAX:
        return []
    place = _TIFF_FIRST  # of the pointer to the next directory
    header = read(0, _TIFF_HEADER)
    if header[:place] != b"II*\0":
        return []
    while len(pointer := read(place, 4)) == 4:
        (directory,) = _LONG.unpack(pointer)
        if directory >= size:
            return [(place, bytes(4))] if place > _TIFF_FIRST else []  # a file without any page cannot be put right
        if directory <= place:
            break  # 0 is the end; backwards, no file of ours
        (entries,) = _SHORT.unpack(read(directory, 2).ljust(2, b"\0"))
        place = directory + 2 + _TIFF_ENTRY * entries
    return []


def relocations(read: Callable[[int, int], bytes], pages: Sequence[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """As `corrections`, for a fax of which whole pages are missing: those that are left are chained anew, and what they point at follows them.

    `pages`: where each page's octets begin in the content, and how many they are.
    """
    try:
        return _relocations(read, pages)
    except struct.error:
        return []  # no TIFF file of ours: it is shown as it came


def _relocations(read: Callable[[int, int], bytes], pages: Sequence[tuple[int, int]]) -> list[tuple[int, bytes]]:
    found = []
    for number, (start, length) in enumerate(pages, 1):
        directory = start + (0 if start else len(_TIFF_START))
        (entries,) = _SHORT.unpack(read(directory, 2))
        places = [directory + 2 + _TIFF_ENTRY * entry for entry in range(entries)]
        pointer = directory + 2 + _TIFF_ENTRY * entries
        end = start + length
        (end_before,) = _LONG.unpack(read(pointer, 4))
        found.append((pointer, _LONG.pack(end if number < len(pages) else 0)))
        for place in places if end != end_before else ():
            tag, form, count, value = _TIFF_FIELD.unpack(read(place, _TIFF_ENTRY))
            if tag == _TIFF_IMAGE or count * _TIFF_SIZES.get(form, 8) > 4:
                found.append((place + 8, _LONG.pack(value + end - end_before)))
    return found


def laid_over(piece: bytes, start: int, at: int, octets: bytes) -> bytes:
    """`piece` of a content, from `start`, with `octets` in place of what stands at `at` in the content."""
    begin, end = max(start, at), min(start + len(piece), at + len(octets))
    if begin >= end:
        return piece
    return piece[: begin - start] + octets[begin - at : end - at] + piece[end - start :]


def _wav_header(data_bytes: int) -> bytes:
    rate = SOUND_RATE * SAMPLE_BYTES
    form = (b"fmt ", 16, _PCM, 1, SOUND_RATE, rate, SAMPLE_BYTES, 8 * SAMPLE_BYTES)
    return _WAV.pack(b"RIFF", 36 + data_bytes, b"WAVE", *form, b"data", data_bytes)
