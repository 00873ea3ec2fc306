"""The page's languages: which there are, which one a browser wants, and their catalogues, read from the `.po` files as they are.

Templates say `_("...")`; code says `gettext`, `ngettext`, or `lazy` for what is made before anybody asks. The English text is the key.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Final, cast

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, request
from flask_babel import Babel, Domain, gettext, lazy_gettext, ngettext

__all__ = ["LANGUAGES", "gettext", "lazy", "ngettext", "put"]

LANGUAGES: Final = {"en": "English", "es": "Español"}
COOKIE: Final = "__Host-language"  # what a person chose; without it the browser's own wish counts
_FOLDER: Final = Path(__file__).with_name("translations")


def lazy(text: str) -> str:
    """`text` in the language of whoever looks at it later."""
    return cast(str, lazy_gettext(text))


def put(app: Flask) -> None:
    """Let `app` speak every language that there is."""
    Babel(app, default_locale="en", locale_selector=_wanted)
    domain = Domain()
    domain.cache.update({(language, "messages"): _read(language) for language in LANGUAGES})
    app.before_request(domain.as_default)


def _wanted() -> str:
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


@cache
def _read(locale: str) -> Translations:
    source = _FOLDER / locale / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return Translations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=Locale.parse(locale)))
    compiled.seek(0)
    return Translations(compiled)
