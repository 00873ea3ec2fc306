"""The page of people: who may open what is kept, and everything an admin does about it. Each step is a form that works by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import factors, passwords, people, practice
from appliance.access.factors import Factors
from appliance.access.people import Newcomer
from appliance.access.roles import ALL, Permission, Person, Role
from appliance.errors import (
    AccessError,
    FactorsDamagedError,
    LastAdminError,
    PersonExistsError,
    PersonUnknownError,
    WeakPasswordError,
)
from web import duties, mailboxes, memory, past, people_forms, safekeeping, words
from web.guard import COOKIE, allow, session
from web.languages import gettext, tell
from web.people_forms import Entry, Standing
from web.services import here

staff = Blueprint("people", __name__)

SHOWN_FOR: Final = 10 * safekeeping.MINUTES  # s that a password waits to be shown once


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


@staff.get("/people")
@allow(Permission.RUN_PEOPLE)
def show_people() -> str:
    """Everybody who may log in."""
    known = people.list_people(here().folder)
    remembered = memory.of(session())
    said, remembered.said = remembered.said, ""
    left, remembered.reader_left = remembered.reader_left, False
    return render_template(
        "people.html",
        area="people",
        people=[_view(person, known) for person in known],
        said=said,
        left=left,
        handover=_handed_over(),
    )


@staff.get("/add-person")
@allow(Permission.RUN_PEOPLE)
def show_add() -> str:
    """An empty form."""
    return _add_form(Entry())


@staff.post("/add-person")
@allow(Permission.RUN_PEOPLE)
def add() -> AnyResponse | str | tuple[str, int]:
    """Add the person, or say beside each field why not."""
    typed = people_forms.entry(request)
    if people_forms.wants_another(request):
        return _add_form(replace(typed, mistakes={}))
    if typed.mistakes or typed.standing.role is None:
        return _add_form(typed), 422
    newcomer = Newcomer(typed.name, typed.standing.role, typed.password, typed.standing.mailboxes)
    try:
        files = people.prepare_person(here().folder, session().unlocked, newcomer, _work())
    except AccessError as error:
        return _add_form(replace(typed, mistakes={_field_of(error): gettext(str(error))})), 422
    here().control.put_person(files, by=_me())
    _hand_over(typed.name, typed.password)
    return _to_people()


@staff.get("/people/<name>")
@allow(Permission.RUN_PEOPLE)
def show_person(name: str) -> str:
    """One person, and what can be done about them."""
    person = _person(name)
    return _person_page(person, Standing(person.role, person.mailboxes), {})


@staff.post("/people/<name>")
@allow(Permission.RUN_PEOPLE)
def change(name: str) -> AnyResponse | str | tuple[str, int]:
    """Another role, other mailboxes."""
    person, mistakes = _person(name), dict[str, str]()
    standing = people_forms.standing(request, mistakes)
    if not mistakes and standing.role is not None:
        try:
            files = people.prepare_change(
                here().folder, session().unlocked, person.name, standing.role, standing.mailboxes
            )
        except LastAdminError as error:
            mistakes["role"] = gettext(str(error))
        else:
            here().control.put_person(files, by=_me())
            return _told(gettext("%(name)s is changed, and logged off where logged in.", name=_shown(name)))
    return _person_page(person, standing, mistakes), 422


@staff.get("/people/<name>/password")
@allow(Permission.RUN_PEOPLE)
def show_password(name: str) -> str:
    """A new password for somebody who forgot theirs."""
    return _password_page(_person(name), "")


@staff.post("/people/<name>/password")
@allow(Permission.RUN_PEOPLE)
def give_password(name: str) -> AnyResponse | str | tuple[str, int]:
    """Give it: that makes them a new key."""
    person = _person(name)
    if people_forms.wants_another(request):
        return _password_page(person, "")
    given = people_forms.password(request)
    try:
        files = people.prepare_new_key(here().folder, session().unlocked, person.name, given, _work())
    except WeakPasswordError as error:
        return _password_page(person, gettext(str(error))), 422
    here().control.put_person(files, by=_me())
    _hand_over(person.name, given)
    return _to_people()


@staff.post("/people/<name>/factors")
@allow(Permission.RUN_PEOPLE)
def reset_factors(name: str) -> AnyResponse:
    """Their telephone or key is lost: take every second factor away, so that they set up others."""
    person = _person(name)
    here().control.reset_factors(person.name, by=_me(), proof=practice.proof_of(session().practice))
    return _told(
        gettext("%(name)s has no second factor any more and sets one up at the next log-in.", name=_shown(name))
    )


@staff.get("/people/<name>/remove")
@allow(Permission.RUN_PEOPLE)
def show_remove(name: str) -> str:
    """What removing somebody does, and what it does not."""
    return _remove_page(_person(name), "")


@staff.post("/people/<name>/remove")
@allow(Permission.RUN_PEOPLE)
def remove(name: str) -> AnyResponse | str | tuple[str, int]:
    """Take the person away; then offer to exchange the key that they may have seen."""
    person = _person(name)
    try:
        removal = people.prepare_removal(here().folder, session().unlocked, person.name)
    except LastAdminError as error:
        return _remove_page(person, gettext(str(error))), 422
    here().control.remove_person(removal, by=_me())
    memory.of(session()).reader_left = person.may_read
    return _told(gettext("%(name)s can no longer log in.", name=_shown(name)))


def known_mailboxes() -> tuple[MailboxView, ...]:
    """Every mailbox that the settings name, that holds a message, or that somebody may open."""
    settings, known = here().settings, people.list_people(here().folder)
    names = {settings.voice.mailbox, settings.fax.mailbox, *dict(settings.fax.sub_addresses).values()}
    names |= {row.stamp.mailbox for row in mailboxes.rows()}
    names |= {name for person in known for name in person.mailboxes if person.mailboxes != ALL}
    return tuple(MailboxView(name, words.mailbox(name)) for name in sorted(names))


def _add_form(typed: Entry) -> str:
    return render_template(
        "add_person.html",
        area="people",
        typed=typed,
        standing=typed.standing,
        mistakes=typed.mistakes,
        roles=duties.choices(),
        mailboxes=known_mailboxes(),
        offered=passwords.make_up(),
    )


def _person_page(person: Person, standing: Standing, mistakes: dict[str, str]) -> str:
    return render_template(
        "person.html",
        area="people",
        person=_view(person, people.list_people(here().folder)),
        standing=standing,
        mistakes=mistakes,
        roles=duties.choices(),
        mailboxes=known_mailboxes(),
    )


def _password_page(person: Person, mistake: str) -> str:
    view = _view(person, people.list_people(here().folder))
    mistakes = {"password": mistake} if mistake else {}
    return render_template(
        "new_password.html", area="people", person=view, mistakes=mistakes, offered=passwords.make_up()
    )


def _remove_page(person: Person, mistake: str) -> str:
    view = _view(person, people.list_people(here().folder))
    return render_template("remove_person.html", area="people", person=view, mistake=mistake, reads=person.may_read)


def _person(name: str) -> Person:
    try:
        return people.find_person(here().folder, people_forms.person_name(name))
    except PersonUnknownError:
        raise NotFound from None


def _view(person: Person, known: Iterable[Person]) -> PersonView:
    factor, has_factor = _factor(person.name)
    admins = [other.name for other in known if other.role is Role.ADMIN]
    return PersonView(
        person.name,
        _shown(person.name),
        person.role.value,
        duties.word(person.role),
        _mailboxes_in_words(person),
        factor,
        has_factor,
        _last_in_words(person.name),
        person.name == _me(),
        admins == [person.name],
    )


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


def _shown(name: str) -> str:
    return name.capitalize()


def _me() -> str:
    return session().person.name


def _work() -> int:
    return passwords.work_factor(here().settings.store.work_factor)


def _field_of(error: AccessError) -> str:
    if isinstance(error, WeakPasswordError):
        return "password"
    return "name" if isinstance(error, PersonExistsError) else "form"


def _hand_over(name: str, password: str) -> None:
    until = here().clock.monotonic() + SHOWN_FOR
    kept = safekeeping.keep(password, request.cookies[COOKIE], until)
    memory.of(session()).handover = memory.Handover(name, kept)


def _handed_over() -> dict[str, str] | None:
    """Name and password of whoever was given one on the page before; only once."""
    remembered = memory.of(session())
    handover, remembered.handover = remembered.handover, None
    if handover is None:
        return None
    password = safekeeping.read(handover.password, request.cookies[COOKIE], here().clock.monotonic())
    return {"name": handover.name, "shown": _shown(handover.name), "password": password} if password else None


def _told(sentence: str) -> AnyResponse:
    memory.of(session()).said = sentence
    return _to_people()


def _to_people() -> AnyResponse:
    return redirect(url_for("people.show_people"), 303)
