"""What the page's scripts say, by the names they call it (`static/words.js`): templates, of which the scripts fill the places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from web.languages import gettext, ngettext

PLACE: Final = "%(n)s"  # for the number that a script will put there


def words() -> dict[str, str]:
    """In the language of whoever asks."""
    return {
        "silent": gettext(
            "The box does not answer. Check that this device is on the practice's network, then try again."
        ),
        "fit": gettext("Fit"),
        "play": gettext("Play"),
        "pause": gettext("Pause"),
        "place": gettext("%(at)s of %(whole)s seconds"),
        "noted": gettext("The note is kept."),
        "ending": gettext("You will be logged off soon."),
        **_counted("new", lambda n: ngettext("%(n)s new", "%(n)s new", n, n=PLACE)),
        **_counted("came", lambda n: ngettext("A new message came in.", "%(n)s new messages came in.", n, n=PLACE)),
        **_counted("second", lambda n: ngettext("%(n)s second", "%(n)s seconds", n, n=PLACE)),
    }


def _counted(name: str, say: Callable[[int], str]) -> dict[str, str]:
    """For one thing and for several."""
    return {f"{name}_one": say(1), f"{name}_many": say(2)}
