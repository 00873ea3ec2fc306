"""Which browser somebody uses, in two words, so that they know their own sessions again. Only a few are told apart; a browser says of itself what it likes."""

from __future__ import annotations

from typing import Final

from web.languages import gettext

BROWSERS: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
MACHINES: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def name(agent: str) -> tuple[str, str]:
    """Browser and machine, of what stands in `User-Agent`; empty where nobody knows."""
    return _first(BROWSERS, agent), _first(MACHINES, agent)


def in_words(known: tuple[str, str]) -> str:
    """ "Chrome on Windows"."""
    browser, machine = known
    if browser and machine:
        return gettext("%(browser)s on %(machine)s", browser=browser, machine=machine)
    return browser or machine or gettext("A browser")


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((word for sign, word in table if sign in agent), "")
