"""The page of people: who may open what is kept, and everything an admin does about it. Each step is a form that works by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import passwords, people, practice
from appliance.access.people import Newcomer
from appliance.access.roles import Permission, Person
from appliance.errors import (
    AccessError,
    LastAdminError,
    PersonDamagedError,
    PersonExistsError,
    PersonUnknownError,
    WeakPasswordError,
)
from web import duties, memory, people_forms, people_views, requests, safekeeping
from web.guard import COOKIE, allow, session
from web.languages import gettext
from web.people_forms import Entry, Standing
from web.services import here

staff = Blueprint("people", __name__)

SHOWN_FOR: Final = 10 * safekeeping.MINUTES  # s that a password waits to be shown once


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
        people=[people_views.show(person, known) for person in known],
        damaged=[people_views.shown(name) for name in people.list_damaged(here().folder)],
        said=said,
        left=left,
        handover=_handed_over(),
    )


@staff.get("/add-person")
@allow(Permission.RUN_PEOPLE, proven=True)
def show_add() -> str:
    """An empty form."""
    return _add_form(Entry())


@staff.post("/add-person")
@allow(Permission.RUN_PEOPLE, proven=True)
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
@allow(Permission.RUN_PEOPLE, proven=True)
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
            return _told(gettext("%(name)s is changed, and logged off where logged in.", name=people_views.shown(name)))
    return _person_page(person, standing, mistakes), 422


@staff.get("/people/<name>/password")
@allow(Permission.RUN_PEOPLE, proven=True)
def show_password(name: str) -> AnyResponse | str:
    """A new password for somebody who forgot theirs. One's own is changed with the one that one has."""
    person = _person(name)
    return redirect(url_for("account.show_password"), 303) if person.name == _me() else _password_page(person, "")


@staff.post("/people/<name>/password")
@allow(Permission.RUN_PEOPLE, proven=True)
def give_password(name: str) -> AnyResponse | str | tuple[str, int]:
    """Give it: that makes them a new key."""
    person = _person(name)
    if person.name == _me():
        return redirect(url_for("account.show_password"), 303)
    if people_forms.wants_another(request):
        return _password_page(person, "")
    given = requests.password(request)
    try:
        files = people.prepare_new_key(here().folder, session().unlocked, person.name, given, _work())
    except WeakPasswordError as error:
        return _password_page(person, gettext(str(error))), 422
    here().control.put_person(files, by=_me())
    _hand_over(person.name, given)
    return _to_people()


@staff.post("/people/<name>/factors")
@allow(Permission.RUN_PEOPLE, proven=True)
def reset_factors(name: str) -> AnyResponse:
    """Their telephone or key is lost: take every second factor away, so that they set up others."""
    person = _person(name)
    if person.name == _me():
        return redirect(url_for("account.show"), 303)
    here().control.reset_factors(person.name, by=_me(), proof=practice.proof_of(session().practice))
    return _told(
        gettext(
            "%(name)s has no second factor any more and sets one up at the next log-in.", name=people_views.shown(name)
        )
    )


@staff.get("/people/<name>/remove")
@allow(Permission.RUN_PEOPLE, proven=True)
def show_remove(name: str) -> str:
    """What removing somebody does, and what it does not."""
    return _remove_page(_person(name), "")


@staff.post("/people/<name>/remove")
@allow(Permission.RUN_PEOPLE, proven=True)
def remove(name: str) -> AnyResponse | str | tuple[str, int]:
    """Take the person away; then offer to exchange the key that they may have seen."""
    person = _person(name)
    try:
        removal = people.prepare_removal(here().folder, session().unlocked, person.name)
    except LastAdminError as error:
        return _remove_page(person, gettext(str(error))), 422
    here().control.remove_person(removal, by=_me())
    memory.of(session()).reader_left = person.may_read
    return _told(gettext("%(name)s can no longer log in.", name=people_views.shown(name)))


def _add_form(typed: Entry) -> str:
    return render_template(
        "add_person.html",
        area="people",
        typed=typed,
        standing=typed.standing,
        mistakes=typed.mistakes,
        roles=duties.choices(),
        mailboxes=people_views.known_mailboxes(),
        offered=passwords.make_up(),
    )


def _person_page(person: Person, standing: Standing, mistakes: dict[str, str]) -> str:
    return render_template(
        "person.html",
        area="people",
        person=people_views.show(person, people.list_people(here().folder)),
        standing=standing,
        mistakes=mistakes,
        roles=duties.choices(),
        mailboxes=people_views.known_mailboxes(),
    )


def _password_page(person: Person, mistake: str) -> str:
    view = people_views.show(person, people.list_people(here().folder))
    mistakes = {"password": mistake} if mistake else {}
    return render_template(
        "new_password.html", area="people", person=view, mistakes=mistakes, offered=passwords.make_up()
    )


def _remove_page(person: Person, mistake: str) -> str:
    view = people_views.show(person, people.list_people(here().folder))
    return render_template("remove_person.html", area="people", person=view, mistake=mistake, reads=person.may_read)


def _person(name: str) -> Person:
    """Who is meant. Whose file cannot be read is as the roster has them."""
    folder = here().folder
    try:
        try:
            return people.find_person(folder, people_forms.person_name(name))
        except PersonDamagedError:
            return people.find_on_roster(folder, session().unlocked, name)
    except PersonUnknownError:
        raise NotFound from None


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
    return (
        {"name": handover.name, "shown": people_views.shown(handover.name), "password": password} if password else None
    )


def _told(sentence: str) -> AnyResponse:
    memory.of(session()).said = sentence
    return _to_people()


def _to_people() -> AnyResponse:
    return redirect(url_for("people.show_people"), 303)
