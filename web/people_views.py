"""People and mailboxes as the page of people shows them, in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import g

from appliance.access import factors, people
from appliance.access.factors import Factors
from appliance.access.roles import ALL, Person, Role
from appliance.errors import FactorsDamagedError
from web import duties, mailboxes, past, words
from web.guard import session
from web.languages import gettext, tell
from web.services import here


@dataclass(frozen=True, slots=True)
class MailboxView:
    """A mailbox to tick."""

    value: str
    word: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as list and page show them."""

    name: str  # as they log in
    shown: str
    role: str
    role_word: str
    mailboxes: str
    factor: str  # what they have as a second factor
    has_factor: bool
    last: str  # when they logged in last; "" when that is not known
    is_me: bool
    last_admin: bool
    damaged: bool  # their file cannot be read: they cannot log in


def show(person: Person, known: Collection[Person]) -> PersonView:
    """One of `known`; or somebody of the roster whose file cannot be read."""
    factor, has_factor = _factor(person.name)
    admins = [other.name for other in known if other.role is Role.ADMIN]
    return PersonView(
        person.name,
        shown(person.name),
        person.role.value,
        duties.word(person.role),
        _mailboxes_in_words(person),
        factor,
        has_factor,
        _last_in_words(person.name),
        person.name == session().person.name,
        admins == [person.name],
        person.name not in {other.name for other in known},
    )


def known_mailboxes() -> tuple[MailboxView, ...]:
    """Every mailbox that the settings name, that holds a message, or that somebody may open."""
    settings, known = here().settings, people.list_people(here().folder)
    names = {settings.voice.mailbox, settings.fax.mailbox, *dict(settings.fax.sub_addresses).values()}
    names |= {row.stamp.mailbox for row in mailboxes.rows()}
    names |= {name for person in known for name in person.mailboxes if person.mailboxes != ALL}
    return tuple(MailboxView(name, words.mailbox(name)) for name in sorted(names))


def shown(name: str) -> str:
    """A log-in name as it stands in sentences."""
    return name.capitalize()


def _mailboxes_in_words(person: Person) -> str:
    if not person.may_read:
        return gettext("No messages")
    if person.mailboxes == ALL:
        return gettext("All mailboxes")
    return ", ".join(words.mailbox(name) for name in sorted(person.mailboxes)) or gettext("No mailbox yet")


def _factor(name: str) -> tuple[str, bool]:
    """What somebody has as a second factor, and whether there is anything to take away: what is damaged, too."""
    try:
        held = factors.read(here().folder, name)
    except FactorsDamagedError as error:
        return tell(str(error)), True
    return _factor_in_words(held), held.any


def _factor_in_words(held: Factors) -> str:
    kinds = [gettext("passkey")] if held.passkeys else []
    kinds += [gettext("app")] if held.app else []
    kinds += [gettext("printed codes")] if held.codes else []
    return gettext("Second factor: %(kinds)s", kinds=", ".join(kinds)) if kinds else gettext("No second factor yet")


def _last_in_words(name: str) -> str:
    if "log_ins" not in g:  # the record is looked through once for a page
        g.log_ins = past.last_log_ins(here().folder)
    at = g.log_ins.get(name)
    if at is None:
        return ""
    return gettext("logged in %(when)s", when=words.when(at, here().clock.now(), here().zone))
