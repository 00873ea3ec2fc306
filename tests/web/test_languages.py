"""The page in somebody's own language: chosen or as the browser wishes, whole, and in the practice's time."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from appliance.access.roles import RECOVERY, Role
from appliance.deeds import Act, Deed
from tests.web import catalogue
from tests.web.pages import CALLER, LONG_NAME, NOTES, REASON, addresses, fill
from tests.web.practice import Practice
from tests.web.pseudo import Pseudo, forgotten
from tests.web.roles import PEOPLE, desk_of
from tests.web.staff import Staff
from web import languages, words
from web.languages import LANGUAGES

TRANSLATED = sorted(set(LANGUAGES) - {catalogue.SOURCE_LANGUAGE})
DATA = {"CSV", "JSON", "PDF", "TIFF", "Elm Street Dental", "Keepline", CALLER[1], LONG_NAME, "Hygiene", "Front desk"}
DATA |= {"The practice needs it.", "A file stays behind."}  # what somebody typed when they decided
DATA |= {*NOTES, REASON}
PLACES = re.compile(r"%\((\w+)\)[sd]|%%|%")


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_no_translation_is_left_over(language: str) -> None:
    known, wanted = catalogue.read(language), catalogue.extract()
    there = {message.id: message for message in known if message.id}
    missing = [message.id for message in wanted if message.id and not _whole(there.get(message.id))]
    assert missing == [], f"run `python -m tests.web.catalogue` and translate these into {language}"
    assert sorted(map(str, set(there) - {message.id for message in wanted})) == []
    assert [message.id for message in known if message.fuzzy and message.id] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_says_whose_it_is(language: str) -> None:
    head = catalogue.file_of(language).read_text(encoding="utf-8").partition("\n\n")[0]
    assert "Keepline" in head
    assert not re.search(r"PROJECT|FIRST AUTHOR|FULL NAME|YEAR|@|fuzzy", head)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_sentence(language: str) -> None:
    for message in catalogue.read(language):
        ids, strings = _texts(message.id), _texts(message.string)
        wanted = {place for text in ids for place in PLACES.findall(text)}
        for text in strings if message.id else ():
            places = set(PLACES.findall(text))
            assert places <= wanted if len(ids) > 1 else places == wanted, message.id


def test_a_browser_gets_the_language_it_wishes(ana: Staff) -> None:
    page = ana.get("/", accept_language="es-MX,es;q=0.9,en;q=0.5").text
    assert '<html lang="es">' in page
    assert "Mensajes" in page
    assert '<html lang="en">' in ana.get("/", accept_language="fr").text


def test_a_language_is_chosen_without_log_in_and_stays(practice: Practice) -> None:
    somebody = Staff(practice)
    answer = somebody.post("/language", language="es", back="/login")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-language=es;")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    assert '<html lang="es">' in somebody.get("/login", accept_language="en").text
    assert '<html lang="es">' in somebody.log_in().get("/status").text


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/nothing", "/logout", ""])
def test_the_choice_leads_to_no_other_place(practice: Practice, back: str) -> None:
    assert Staff(practice).post("/language", language="es", back=back).headers["Location"] == "/login"


def test_there_is_no_other_language(practice: Practice) -> None:
    assert Staff(practice).post("/language", language="xx").status_code == 400


def _texts(text: object) -> tuple[str, ...]:
    """One text, or those for one thing and for many."""
    return tuple(map(str, text)) if isinstance(text, list | tuple) else (str(text or ""),)


def _whole(message: Message | None) -> bool:
    return message is not None and all(_texts(message.string))


@pytest.mark.parametrize("role", Role)
def test_no_page_says_anything_that_cannot_be_translated(practice: Practice, role: Role) -> None:
    parts, app, pseudo = fill(practice), practice.app(), Pseudo()
    languages.replace(app, "es", pseudo)
    desk = desk_of(practice, role, app)
    data = (
        DATA
        | {words.number(CALLER[0])}
        | {name for name, _ in PEOPLE.values()}
        | {name.capitalize() for name, _ in PEOPLE.values()}
    )
    seen, wrong = 0, {}
    for address in addresses(app, role, parts):
        answer = desk.get(address, accept_language="es")
        if answer.mimetype == "text/html" and answer.status_code in {200, 404}:
            seen += 1
            if found := forgotten(answer.text, data):
                wrong[address] = found
    assert wrong == {}
    assert seen >= 4
    known = {message.id for message in catalogue.extract()}
    assert sorted(map(str, {text for text in pseudo.asked if text not in known})) == []


@pytest.mark.parametrize(
    ("act", "detail", "said"),
    [
        (Act.LOGGED_IN, {"with": "password alone"}, "⟦with ⟦the password alone⟧⟧"),
        (Act.LOG_IN_FAILED, {"with": "claim code"}, "⟦with ⟦a wrong claim code⟧⟧"),
        (Act.TAKEN, {"as": "file", "at": "terminal"}, "⟦as ⟦a file⟧⟧ · ⟦at the ⟦terminal⟧⟧"),
        (Act.SESSION_ENDED, {"why": "idle"}, "⟦⟦nobody had done anything⟧⟧"),
        (Act.REMOVED, {"reason": "erased by a person"}, "⟦⟦erased by a person⟧⟧"),
        (Act.PERSON_ADDED, {"role": "staff", "mailboxes": "*"}, "⟦role: ⟦Staff⟧⟧ · ⟦mailboxes: ⟦all⟧⟧"),
        (Act.FACTOR_CHANGED, {"added": "passkey, app"}, "⟦added: ⟦a passkey⟧, ⟦the app⟧⟧"),
        (Act.DECIDED, {"on": "yes"}, "⟦on: ⟦yes⟧⟧"),
        (Act.EPOCH_MADE, {"how": "exchanged"}, "⟦⟦sealed to the new practice key⟧⟧"),
    ],
)
def test_the_records_own_words_are_said_in_the_readers_language(
    practice: Practice, act: Act, detail: dict[str, str], said: str
) -> None:
    app = practice.app()
    languages.replace(app, "es", Pseudo())
    practice.record.write(Deed(act, "ana", "", detail))
    assert said in Staff(practice, app).log_in().get("/record", accept_language="es").text


def test_a_switch_and_the_recovery_sheet_are_called_on_record_as_everywhere(practice: Practice) -> None:
    app = practice.app()
    languages.replace(app, "es", Pseudo())
    practice.record.write(Deed(Act.DECIDED, RECOVERY, "password-alone", {"on": "yes"}))
    page = Staff(practice, app).log_in().get("/record", accept_language="es").text
    assert "password-alone" not in page
    assert "⟦Log-in without a second factor⟧" in page
    assert "⟦Recovery sheet⟧" in page
    assert "Recovery-sheet" not in page
