"""The content of a message, straight from its sealed file to the browser: whole or a range of it, never onto a disk."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Final

from flask import Request, Response

from appliance.messages import Row
from appliance.store.reader import OpenMessage
from web import words
from web.requests import ByteRange, UnsatisfiableRangeError, byte_range
from web.services import here

PIECE: Final = 64 * 1024  # octets; the size of an age chunk


class Content(io.RawIOBase):
    """An open message as a file to read and seek in."""

    def __init__(self, message: OpenMessage) -> None:
        super().__init__()
        self._message = message
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type] # any writable buffer, as RawIOBase promises
        part = self._message.read(self._place, min(len(view), max(0, self._message.size - self._place)))
        view[: len(part)] = part
        self._place += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._message.size}[whence]
        self._place = max(0, start + offset)
        return self._place


def answer(request: Request, row: Row, message: OpenMessage, may_go_on: Callable[[], bool]) -> Response:
    """`message` as `request` asks for it: 200, 206 or 416 (RFC 9110 §14). Closes `message` when the answer has gone.

    `may_go_on` is asked before each piece: when the session ends, an answer under way breaks off.
    """
    tag = f'"{row.sha256[:32]}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Content-Disposition": "inline"}
    try:
        wanted = byte_range(_range_header(request, tag), message.size)
        part = wanted or ByteRange(0, message.size - 1)
        pieces = _pieces(message, part, may_go_on)
        first = next(pieces, b"")  # a damaged file shows here, before anything was promised
    except UnsatisfiableRangeError:
        message.close()
        return Response(status=416, headers=headers | {"Content-Range": f"bytes */{message.size}"})
    except BaseException:
        message.close()
        raise
    response = Response(
        _chain(first, pieces), status=206 if wanted else 200, mimetype=message.media_type, headers=headers
    )
    response.content_length = part.length
    if wanted:
        response.headers["Content-Range"] = f"bytes {part.start}-{part.end}/{message.size}"
    response.call_on_close(message.close)
    return response


def to_keep(response: Response, row: Row, ending: str) -> Response:
    """A file that the browser keeps, under a name that tells nobody's."""
    name = words.file_name(row.stamp.kind, row.stamp.arrived_at, here().zone, ending)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _range_header(request: Request, tag: str) -> str | None:
    """The Range header where it counts: on GET (§14.2), and if `If-Range` still names this very content (§13.1.5)."""
    if request.method != "GET" or request.headers.get("If-Range", tag) != tag:
        return None
    return request.headers.get("Range")


def _pieces(message: OpenMessage, part: ByteRange, may_go_on: Callable[[], bool]) -> Iterator[bytes]:
    place = part.start
    while place <= part.end and may_go_on():
        piece = message.read(place, min(PIECE, part.end + 1 - place))
        if not piece:
            return
        yield piece
        place += len(piece)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
