"""What came of a trial of keys, in words and counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.access.roles import RECOVERY
from appliance.store.trial import Part, Tried
from web import words
from web.guard import session
from web.languages import gettext, ngettext, tell
from web.services import here
from web.trying import Outcome


@dataclass(frozen=True, slots=True)
class TrialView:
    """The last trial, or the one that goes on."""

    at_work: bool
    done: int
    of: int
    mistake: str  # why the last one stopped
    opened: str  # what it opened; "" when there was none
    shut: str  # what it did not open; "" when it opened everything
    when: str


def view() -> TrialView:
    """For the page of keys."""
    work, outcome = here().trying, here().trying.outcome
    so_far = work.progress or Tried(0)
    opened, shut = (_opened(outcome), _shut(outcome)) if outcome else ("", "")
    when = words.in_full(outcome.at, here().zone) if outcome else ""
    return TrialView(work.at_work, so_far.done, so_far.of, tell(work.mistake), opened, shut, when)


def _opened(outcome: Outcome) -> str:
    what = _all(filter(None, (gettext("the practice key"), *_counts(outcome.tried.opened), _record(outcome, True))))
    if outcome.of == RECOVERY:
        return gettext("The recovery sheet opens %(what)s.", what=what)
    if outcome.of == session().person.name:
        return gettext("Your password opens %(what)s.", what=what)
    name = outcome.of.capitalize()
    return gettext("%(name)s’s password opens %(what)s.", name=name, what=what)


def _shut(outcome: Outcome) -> str:
    what = _all(filter(None, (*_counts(outcome.tried.shut), _record(outcome, False))))
    return what and gettext("It does not open %(what)s. Restore their files from the backup.", what=what)


def _record(outcome: Outcome, opens: bool) -> str:
    return gettext("names and numbers in the record") if outcome.record is opens else ""


def _counts(counted: Mapping[Part, int]) -> list[str]:
    days, messages, notes = (counted.get(part, 0) for part in Part)
    said = (
        (days, ngettext("%(num)d day’s key", "%(num)d days’ keys", days)),
        (messages, ngettext("%(num)d message", "%(num)d messages", messages)),
        (notes, ngettext("%(num)d note", "%(num)d notes", notes)),
    )
    return [text for count, text in said if count]


def _all(parts: Iterable[str]) -> str:
    *most, last = list(parts) or [""]
    return gettext(" and ").join(filter(None, (", ".join(most), last)))
