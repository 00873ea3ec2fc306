"""Style, scripts and pictures: read once, served from memory under an address that changes with them, so that browsers may keep them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from web.guard import unclaimed

FOLDER: Final = Path(__file__).with_name("static")
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

files = Blueprint("files", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    zipped: bytes
    media_type: str


def read(folder: Path = FOLDER) -> dict[str, Asset]:
    """Every file of a known kind in `folder`."""
    return {path.name: _asset(path) for path in sorted(folder.iterdir()) if path.suffix in KINDS}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, gzip.compress(content, mtime=0), KINDS[path.suffix])


ASSETS: Final = read()
VERSION: Final = hashlib.sha256(b"".join(asset.content for asset in ASSETS.values())).hexdigest()[:12]


@files.get("/static/<version>/<name>")
@unclaimed
def show(version: str, name: str) -> Response:
    """A file of this version of the page."""
    asset = ASSETS.get(name)
    if asset is None or version != VERSION:
        raise NotFound
    zipped = request.accept_encodings["gzip"] > 0  # nothing secret is in these, so their length may tell what it likes
    response = Response(asset.zipped if zipped else asset.content, mimetype=asset.media_type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def address(name: str) -> str:
    """Where a page finds the file `name`; a name that does not exist is a mistake of ours and fails."""
    if name not in ASSETS:
        raise KeyError(name)
    return url_for("files.show", version=VERSION, name=name)
