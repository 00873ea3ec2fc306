"""A browser's requests without a browser: logs in over HTTPS, checking the box's own CA, and fetches what staff hear."""

from __future__ import annotations

import http.cookiejar
import ssl
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.rig.program import START

WAV_HEAD = 44  # octets before the samples


@dataclass(slots=True)
class PageClient:
    """One person's session on the page at `address`; `ca_file` is the box's CA certificate."""

    address: str
    ca_file: Path
    _opener: urllib.request.OpenerDirector = field(init=False)

    def __enter__(self) -> Self:
        trusted = ssl.create_default_context(cafile=str(self.ca_file))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trusted),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opener.close()

    def log_in(self, name: str, password: str) -> None:
        """Log in, and agree to the policy sheet where that is asked; raises `urllib.error.HTTPError` when refused."""
        shown = self.post("/login", name=name, password=password).decode()
        if 'action="/policy"' in shown:
            self.post("/policy", version=shown.partition('name="version" value="')[2].partition('"')[0])

    def get(self, path: str, **headers: str) -> bytes:
        """The body at `path`."""
        return self._ask(urllib.request.Request(self.address + path, headers=headers))

    def post(self, path: str, **form: str) -> bytes:
        """The body that answers a form."""
        data = urllib.parse.urlencode(form).encode()
        headers = {"Origin": self.address, "Sec-Fetch-Site": "same-origin"}
        return self._ask(urllib.request.Request(self.address + path, data=data, headers=headers))

    def sound(self, id: str) -> bytes:
        """The samples of a voicemail (16-bit, 8 kHz) as the page plays them."""
        return self.get(f"/messages/{id}/content")[WAV_HEAD:]

    def fax(self, id: str) -> bytes:
        """A fax as the page gives it: a TIFF file."""
        return self.post(f"/messages/{id}/fax.tiff")

    def _ask(self, request: Any) -> bytes:
        with self._opener.open(request, timeout=START) as answer:
            body: bytes = answer.read()
            return body
