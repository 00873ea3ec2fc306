"""Our fax codings beside libtiff's and efax's: what either writes, the other reads, every picture element the same."""

from __future__ import annotations

import io
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from appliance.fax.t4 import Coding, Decoder, turn_octets
from appliance.fax.t4_encoder import Encoder
from tests.fax.pictures import LENGTHS, WIDTHS, Rows, letter, odd, photograph, to_picture, to_rows, wrapped
from tests.rig.efax import write_pbm

LINE_TIME = 60.0  # s a dense fine page is on the line at 14400 bit/s


def written(coding: Coding, rows: Rows, width: int) -> bytes:
    encoder = Encoder(coding, width)
    for row in rows:
        encoder.add(row)
    return encoder.finish()


def by_libtiff(coding: Coding, rows: Rows, width: int) -> bytes:
    """The page as libtiff codes it, in the line's order of bits."""
    file = io.BytesIO()
    options = {262: 0, 278: len(rows)} | ({292: 1} if coding is Coding.MR else {})
    how = "group4" if coding is Coding.MMR else "group3"
    to_picture(rows, width).save(file, "TIFF", compression=how, tiffinfo=options)
    picture = Image.open(file)
    (start,), (size,) = picture.tag_v2[273], picture.tag_v2[279]  # type: ignore[attr-defined]  # a TIFF has them
    return turn_octets(file.getvalue()[start : start + size])


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("picture", [odd, photograph])
def test_libtiff_reads_exactly_what_we_write_and_so_do_we(
    coding: Coding, width: int, picture: Callable[[int], Rows]
) -> None:
    rows = picture(width)
    octets = written(coding, rows, width)
    assert to_rows(Image.open(io.BytesIO(wrapped(octets, coding, width, len(rows))))) == rows
    decoder = Decoder(coding, width)
    decoder.add(octets)
    decoder.finish()
    assert decoder.rows == rows
    assert (decoder.damaged, decoder.worst_run, decoder.ended, decoder.broken) == (0, 0, True, False)


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("picture", [odd, photograph])
def test_we_read_exactly_what_libtiff_writes(coding: Coding, width: int, picture: Callable[[int], Rows]) -> None:
    rows = picture(width)
    decoder = Decoder(coding, width)
    decoder.add(by_libtiff(coding, rows, width))
    decoder.finish()
    assert decoder.rows == rows
    assert (decoder.damaged, decoder.broken) == (0, False)


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("down", LENGTHS)
def test_a_dense_page_is_read_exactly_and_before_the_line_is_done(coding: Coding, down: int) -> None:
    rows = letter(1728, LENGTHS[down])
    octets = written(coding, rows, 1728)
    decoder = Decoder(coding, 1728)
    start = time.process_time()
    for place in range(0, len(octets), 64):
        decoder.add(octets[place : place + 64])
    decoder.finish()
    assert (
        time.process_time() - start < LINE_TIME / 2  # measured: 0.26 s
    )  # the slowest machine that it may run on, emulated, is five times as slow as it may be
    assert decoder.rows == rows
    assert decoder.ended


@pytest.mark.rig
def test_efax_and_we_read_each_others_pages(tmp_path: Path) -> None:
    rows = letter()[:400] + odd()
    write_pbm(tmp_path / "page.pbm", rows)
    (tmp_path / "ours.fax").write_bytes(turn_octets(written(Coding.MH, rows, 1728)))  # its files have TIFF's order
    efix(tmp_path, "-ipbm", "-ofax", "-n", "theirs.%d", "page.pbm")
    efix(tmp_path, "-ifax", "-opbm", "-n", "read.%d", "ours.fax")
    decoder = Decoder(Coding.MH, 1728)
    decoder.add(turn_octets((tmp_path / "theirs.1").read_bytes()))
    decoder.finish()
    assert (decoder.rows, decoder.damaged, decoder.ended) == (rows, 0, True)
    read = (tmp_path / "read.1").read_bytes()
    assert read.split(b"\n", 1)[1].startswith(b"".join(rows))  # it fills the page up with white


def efix(folder: Path, *options: str) -> None:
    """efax's converter of files."""
    subprocess.run(["efix", *options], cwd=folder, check=True, capture_output=True)
