"""A browser without a screen: sends what a browser sends, keeps its cookie, and looks at what comes back."""

from __future__ import annotations

from typing import Any, Self

from flask import Flask
from werkzeug.test import TestResponse

from tests.web.practice import NAME, PASSWORD, Practice

OWN = {
    "Sec-Fetch-Site": "same-origin",
    "Origin": "null",
}  # as Chromium sends with a form of a page that sends no referrer
SCRIPT = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Keepline-Part": "yes"}


class Staff:
    """Somebody at a desk."""

    def __init__(self, practice: Practice, app: Flask | None = None) -> None:
        self.base = f"https://localhost:{practice.settings.page.port}"
        self._practice = practice
        self._client = (app or practice.app()).test_client()

    def log_in(self, name: str = NAME, password: str = PASSWORD, *, agreed: bool = True) -> Self:
        """Through the log-in form; somebody who has `agreed` to the policy sheet before."""
        answer = self.post("/login", name=name, password=password)
        assert answer.status_code == 303, answer.text
        if agreed:
            self._practice.agree(name)
        return self

    def twin(self) -> Staff:
        """A second tab of the same browser."""
        other = Staff(self._practice, self._client.application)
        other._client.set_cookie("__Host-keepline", self.cookie or "", domain="localhost", secure=True)
        return other

    def get(self, path: str, **headers: str) -> TestResponse:
        """Look at a page."""
        return self.ask("GET", path, headers=_named(headers))

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str | list[str]) -> TestResponse:
        """Send a form."""
        return self.ask("POST", path, headers=OWN | (headers or {}), data=form)

    def script(self, path: str, **form: str) -> TestResponse:
        """What our scripts ask: a GET, or a POST when there is a form."""
        if form:
            return self.ask("POST", path, headers=SCRIPT, data=form)
        return self.ask("GET", path, headers=SCRIPT)

    def pulse(self) -> dict[str, Any]:
        """What the page hears when it asks whether anything changed."""
        answer = self.script("/pulse")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.get_json()
        return found

    def pulse_status(self) -> int:
        """Is this session still there? 200 or 401."""
        return self.script("/pulse").status_code

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """Any request at all."""
        return self._client.open(path, method=method, base_url=options.pop("base_url", self.base), **options)

    @property
    def cookie(self) -> str | None:
        """The session's secret."""
        found = self._client.get_cookie("__Host-keepline", "localhost")
        return found.value if found else None


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
