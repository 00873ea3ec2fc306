"""Faxes in a plain folder, unsealed: what `keepline modem answer` leaves behind, for technicians and measurements."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.errors import PartialFaxError
from appliance.fax.line import Received
from appliance.fax.receiving import PageTaken
from appliance.fax.records import Outcome
from appliance.fax.tiff import Page, assemble, encode


@dataclass(slots=True)
class Folder:
    """Where the files of one call go: NAME-01.tif and so on, NAME.t30, NAME.json."""

    path: Path
    name: str
    pages: list[str] = field(default_factory=list)  # files, in order of arrival

    def keep(self, page: Page) -> bool:
        """Write a page and have it on the disk; False when that cannot be done."""
        name = f"{self.name}-{len(self.pages) + 1:02}.tif"
        try:
            self._write(name, assemble([encode(page)]))
        except OSError:
            return False
        self.pages.append(name)
        return True

    def finish(self, received: Received) -> dict[str, Any]:
        """Write transcript and result; the result. Raises `OSError`."""
        result = summary(received, self.pages)
        self._write(f"{self.name}.t30", "".join(f"{line}\n" for line in received.transcript).encode())
        self._write(f"{self.name}.json", (json.dumps(result, indent=2) + "\n").encode())
        return result

    def _write(self, name: str, octets: bytes) -> None:
        descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(descriptor)


def summary(received: Received, files: list[str]) -> dict[str, Any]:
    """The result of a call, for a program to read."""
    call = received.call
    return {
        "outcome": received.outcome(len(call.pages)),
        "error": type(received.error).__name__ if received.error else None,
        "message": str(received.error) if received.error else None,
        "sender": call.sender,
        "sub_address": call.sub_address,
        "seconds": round(received.seconds, 2),
        "pages": [_page(name, page) for name, page in zip(files, call.pages, strict=True)],
    }


def check(received: Received) -> None:
    """Raises why the call was no complete fax."""
    pages = len(received.call.pages)
    match received.outcome(pages):
        case Outcome.COMPLETE:
            return
        case Outcome.PARTIAL:
            raise PartialFaxError(f"{pages} pages came, then: {received.error}")
        case Outcome.NOTHING:
            if received.error:
                raise received.error


def _page(file: str, page: PageTaken) -> dict[str, Any]:
    terms, quality = page.terms, page.quality
    return {
        "file": file,
        "width": terms.dots,
        "rows": quality.rows,
        "damaged": quality.damaged,
        "worst_run": quality.worst_run,
        "whole": quality.ended,
        "resolution": terms.resolution.name.lower(),
        "coding": terms.coding.name,
        "rate": str(terms.rate),
        "answer": page.answer.name if page.answer else None,
    }
