"""The policy sheet: read and agreed to at the first log-in and whenever it changes, before anything else; and who has agreed to what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import people, policy
from appliance.access.policy import LANGUAGES, LONGEST
from appliance.access.roles import RECOVERY, Permission
from appliance.access.sessions import Session
from appliance.errors import PolicyChangedError, SheetIsNobodyError
from web import access, languages, words
from web.guard import Gate, allow, session
from web.languages import gettext
from web.services import here

sheets = Blueprint("policy", __name__)

SHORT: Final = 8  # letters of a version that are shown


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and what stands below it."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody, and what they have agreed to."""

    name: str
    version: str  # "" when nothing yet
    when: str
    machine: str
    present: bool  # is it the sheet in force?


@sheets.get("/policy")
@allow(None, gate="policy")
def show() -> str:
    """The sheet, to read and to agree to."""
    return _show(changed=False)


@sheets.post("/policy")
@allow(None, gate="policy")
def acknowledge() -> AnyResponse | tuple[str, int]:
    """This person agrees."""
    me = session().person
    if me.name == RECOVERY:
        raise SheetIsNobodyError
    try:
        here().control.acknowledge_policy(me.name, request.form.get("version", "")[:64])
    except PolicyChangedError:
        return _show(changed=True), 409
    return redirect(access.home(me), 303)


@sheets.get("/policy/people")
@allow(Permission.SEE_SWITCHES)
def show_people() -> str:
    """Who has agreed to what."""
    folder = here().folder
    given, version = policy.acknowledgements(folder), policy.sheet(folder).version
    readers = []
    for person in people.list_people(folder):
        found = policy.last(given, person)
        readers.append(
            Reader(
                person.name.capitalize(),
                found.version[:SHORT] if found else "",
                words.in_full(found.at, here().zone) if found else "",
                words.machine(found.at, here().zone) if found else "",
                bool(found and found.version == version),
            )
        )
    missing = sum(not reader.present for reader in readers)
    return render_template(
        "policy_people.html", area="switches", readers=readers, missing=missing, version=version[:SHORT]
    )


@sheets.get("/policy/text/<language>")
@allow(Permission.RUN_SWITCHES, proven=True)
def edit(language: str) -> str:
    """The text, to change it."""
    return _edit(_language(language), policy.sheet(here().folder).text(language))


@sheets.post("/policy/text/<language>")
@allow(Permission.RUN_SWITCHES, proven=True)
def put(language: str) -> AnyResponse | tuple[str, int]:
    """The practice's own text; or the one that came with Keepline again."""
    text = "" if request.form.get("shipped") else policy.clean(request.form.get("text", ""))
    if not text and not request.form.get("shipped"):
        return _edit(
            _language(language), "", gettext("Write what everybody has to know, or bring the shipped text back.")
        ), 400
    if len(text) > LONGEST:
        return _edit(_language(language), text, gettext("That is too long. Nobody reads more than two pages.")), 400
    here().control.set_policy(session().person.name, _language(language), text)
    return redirect(url_for("policy.show"), 303)


def is_acknowledged(who: Session) -> bool:
    """Has this person agreed to the sheet in force? Whoever came in with the recovery sheet is nobody who could."""
    return who.person.name == RECOVERY or policy.has_acknowledged(here().folder, who.person)


GATE: Final = Gate("policy", "policy.show", is_acknowledged)


def _show(changed: bool) -> str:
    sheet, me = policy.sheet(here().folder), session().person
    found = policy.last(policy.acknowledgements(here().folder), me)
    return render_template(
        "policy.html",
        area="policy",
        blocks=_blocks(sheet.text(languages.here())),
        version=sheet.version,
        short=sheet.version[:SHORT],
        done=words.in_full(found.at, here().zone) if found and found.version == sheet.version else "",
        again=found is not None,
        may_agree=me.name != RECOVERY,
        changed=changed,
        offered=LANGUAGES,
        names=languages.LANGUAGES,
    )


def _edit(language: str, text: str, mistake: str = "") -> str:
    own = language in policy.sheet(here().folder).own
    name = languages.LANGUAGES[language]
    return render_template(
        "policy_text.html",
        area="switches",
        language=language,
        name=name,
        text=text,
        own=own,
        mistake=mistake,
        longest=LONGEST,
    )


def _language(name: str) -> str:
    if name not in LANGUAGES:
        raise BadRequest
    return name


def _blocks(text: str) -> list[Block]:
    """The text as the page sets it."""
    blocks = []
    for part in text.split("\n\n"):
        first, *rest = part.split("\n")
        heading = first.removeprefix("# ") if first.startswith("# ") else ""
        blocks.append(Block(heading, tuple(rest if heading else (first, *rest))))
    return blocks
