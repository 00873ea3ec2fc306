"""A language that nobody speaks: every text stands between marks, so that what was forgotten shows. And a reader of pages that finds it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any, Final

from babel.support import Translations

OPEN, SHUT = "⟦", "⟧"
SPOKEN: Final = ("title", "aria-label", "placeholder", "alt", "aria-valuetext", "aria-description", "data-opening")
SILENT: Final = frozenset({"script", "style", "svg", "code", "textarea", "kbd"})
VOID: Final = frozenset({"meta", "link", "img", "input", "br", "hr", "rect", "path", "source"})
_MARKED: Final = re.compile(rf"{OPEN}[^{OPEN}{SHUT}]*{SHUT}")
_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")


class Pseudo(Translations):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str | tuple[str, str]] = set()

    def gettext(self, message: str) -> str:
        self.asked.add(message)
        return f"{OPEN}{message}{SHUT}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.asked.add((msgid1, msgid2))
        return f"{OPEN}{msgid1 if n == 1 else msgid2}{SHUT}"

    ugettext = gettext
    ungettext = ngettext


class Reader(HTMLParser):
    """What a person sees or hears of a page: texts, and attributes that speak. Elements in another language, or with `translate="no"`, are somebody's data."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._deep: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        quiet = self._quiet or tag in SILENT or known.get("translate") == "no" or self._foreign(tag, known)
        if not quiet:
            self.said += [known[name] or "" for name in SPOKEN if name in known]
        if "data-words" in known:
            said: dict[str, Any] = json.loads(known["data-words"] or "{}")
            self.said += list(said.values())
        if tag not in VOID:
            self._deep.append((tag, quiet))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass  # only drawings have such

    def handle_endtag(self, tag: str) -> None:
        while self._deep and self._deep.pop()[0] != tag:
            pass

    def handle_data(self, text: str) -> None:
        if not self._quiet and text.strip():
            self.said.append(text)

    @property
    def _quiet(self) -> bool:
        return bool(self._deep) and self._deep[-1][1]

    @staticmethod
    def _foreign(tag: str, known: dict[str, str | None]) -> bool:
        return (tag != "html" and "lang" in known) or "policy-text" in (known.get("class") or "").split()


def forgotten(page: str, data: set[str]) -> list[str]:
    """Texts of `page` with words outside the marks that are none of `data`. A text may be parted by elements, so marks are looked for across them."""
    reader = Reader()
    reader.feed(page)
    whole = "\n".join(reader.said)
    while _MARKED.search(whole):
        whole = _MARKED.sub("", whole)
    whole = re.sub(rf"{OPEN}[^\n]*", "", whole)  # the beginning of a sentence, where only that is shown
    for one in sorted(data, key=len, reverse=True):
        whole = whole.replace(one, "")
    return [line.strip() for line in whole.split("\n") if _LETTERS.search(line)]
