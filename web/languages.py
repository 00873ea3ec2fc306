"""The page's languages: which there are, which one a browser wants, and their catalogues, read from the `.po` files as they are.

Templates say `_("...")`; code says `gettext`, `ngettext`, or `lazy` for what is made before anybody asks; a text in a table is marked `spoken("...")` and
said with `gettext(TABLE[key])`. The English text is the key.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, cast

import flask_babel
from babel import Locale
from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from flask import Flask, request

from appliance.speech import put_together, spoken

__all__ = [
    "LANGUAGES",
    "counted",
    "date",
    "gettext",
    "here",
    "lazy",
    "listed",
    "ngettext",
    "number",
    "put",
    "share",
    "spoken",
    "tell",
]

LANGUAGES: Final = {"en": "English", "es": "Español"}
COOKIE: Final = "__Host-language"  # what a person chose; without it the browser's own wish counts
_FOLDER: Final = Path(__file__).with_name("translations")
_OURS: Final = "languages"  # where a page keeps its catalogues


def gettext(text: str, /, **values: object) -> str:
    """`text` in the language of whoever asks, with `values` in their places."""
    return cast(str, flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The same for `number` things."""
    return cast(str, flask_babel.ngettext(one, many, number, **values))


def lazy(text: str) -> str:
    """`text` in the language of whoever looks at it later."""
    return cast(str, flask_babel.lazy_gettext(text))


def counted(one: str, many: str) -> tuple[str, str]:
    """A text for one thing and for many, for a table: said with `ngettext(*TABLE[key], number)`."""
    return one, many


def put(app: Flask) -> None:
    """Let `app` speak every language that there is."""
    flask_babel.Babel(app, default_locale="en", locale_selector=_wanted)
    domain = flask_babel.Domain()
    domain.cache.update({(language, "messages"): read(language) for language in LANGUAGES})
    app.extensions[_OURS] = domain
    app.before_request(domain.as_default)


def replace(app: Flask, language: str, catalogue: Translations) -> None:
    """Let `app` take `catalogue` for `language`."""
    app.extensions[_OURS].cache[language, "messages"] = catalogue


def here() -> str:
    """The language of whoever asks: "en"."""
    return _locale().language


def tell(text: str, values: Mapping[str, str] | None = None) -> str:
    """A sentence of the box, which is a template with values, in the language of whoever asks."""
    return put_together(gettext(text), values or {}) if text else ""


def date(moment: datetime, pattern: str) -> str:
    """`moment` as a pattern of Unicode TR 35 wants it: "EEEE d MMMM"."""
    return format_datetime(moment, pattern, locale=_locale(), tzinfo=moment.tzinfo)


def number(value: float) -> str:
    """ "1,200"."""
    return format_decimal(value, locale=_locale())


def share(value: float) -> str:
    """ "80%"."""
    return format_percent(value, locale=_locale())


def listed(things: Sequence[str]) -> str:
    """ "Line, Fax and Disk"."""
    if len(things) < 2:
        return "".join(things)
    return gettext("%(some)s and %(last)s", some=", ".join(things[:-1]), last=things[-1])


def _locale() -> Locale:
    return flask_babel.get_locale() or Locale("en")


def _wanted() -> str:
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


@cache
def read(locale: str) -> Translations:
    """The catalogue of `locale`; an empty one says everything in English."""
    source = _FOLDER / locale / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return Translations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=Locale.parse(locale)))
    compiled.seek(0)
    return Translations(compiled)
