"""What somebody has typed survives a log-off, and nobody else can read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pytest
from playwright.sync_api import Browser, expect

from appliance.access import policy
from appliance.errors import DaemonSilentError
from tests.web.browser import Complaints, live, log_in, somebody
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble
from tests.web.staff import OWN, SCRIPT, Staff
from web import drafting, drafts, requests
from web.proving import LASTS

TEMPLATES = Path(drafting.__file__).parent / "templates"

FIELD = "/switches/downloads:why"
TEXT = "Mrs. Okafor asked for her images"


def test_a_text_is_there_after_the_next_log_in(practice: Practice, ana: Staff) -> None:
    assert ana.script("/drafts", field=FIELD, text=TEXT).status_code == 204
    ana.post("/logout")
    assert ana.script("/drafts").status_code == 401
    assert Staff(practice).log_in().script("/drafts").get_json() == {FIELD: TEXT}


def test_a_text_that_was_sent_or_thrown_away_is_forgotten(ana: Staff) -> None:
    ana.script("/drafts", field=FIELD, text=TEXT)
    ana.script("/drafts", field=FIELD, text="")
    assert ana.script("/drafts").get_json() == {}


def test_what_the_page_holds_of_a_text_is_sealed(practice: Practice, ana: Staff) -> None:
    ana.script("/drafts", field=FIELD, text=TEXT)
    ana.post("/logout")
    (kept,) = practice.services.drafts._kept.values()
    assert TEXT.encode() not in kept.sealed
    assert kept.sealed.startswith(b"age-encryption.org/v1")
    assert not any(TEXT.encode() in path.read_bytes() for path in practice.folder.rglob("*") if path.is_file())


def test_the_longest_text_that_any_form_takes_is_kept_whole(ana: Staff) -> None:
    text = "ñ\n" * (policy.LONGEST // 2)
    form = {"field": FIELD, "text": text.replace("\n", "\r\n")}  # as browsers send it
    kept = ana.ask("POST", "/drafts", headers=SCRIPT, data=form, content_type="multipart/form-data")
    assert kept.status_code == 204
    assert ana.script("/drafts").get_json() == {FIELD: text}
    assert ana.post("/drafts", field=FIELD, text="x" * requests.LARGEST_TEXT).status_code == 413
    assert ana.post("/search", search="x" * requests.LARGEST_BODY).status_code == 413
    form = {"text": "ñ" * policy.LONGEST}
    put = ana.ask("POST", "/policy/text/es", headers=OWN, data=form, content_type="multipart/form-data")
    assert put.status_code == 303


@pytest.mark.parametrize("name", ["", "a" * 121, "why\n", "../<script>", "Ünicode"])
def test_a_field_has_a_plain_name(ana: Staff, name: str) -> None:
    assert ana.script("/drafts", field=name, text=TEXT).status_code == 400


def test_one_person_has_so_many_and_no_more(practice: Practice, ana: Staff) -> None:
    for number in range(drafts.MOST_EACH + 5):
        ana.script("/drafts", field=f"/a:{number}", text="x" * (drafts.LONGEST + 1))
    kept = ana.script("/drafts").get_json()
    assert len(kept) == drafts.MOST_EACH
    assert "/a:4" not in kept
    assert {len(text) for text in kept.values()} == {drafts.LONGEST}


def test_a_text_is_forgotten_after_a_day(practice: Practice, ana: Staff) -> None:
    ana.script("/drafts", field=FIELD, text=TEXT)
    practice.clock.advance(drafts.KEPT + 1)
    assert Staff(practice).log_in().script("/drafts").get_json() == {}


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with drafts."""

    path: str  # of it, with "{id}" for a message's
    typed: dict[str, str]
    more: dict[str, str] = field(default_factory=dict)

    def names(self, path: str) -> dict[str, str]:
        return {f"{path}:{name}": text for name, text in self.typed.items()}


WHY = {"why": TEXT}
SENT = {
    "holds.hold": Sent("/messages/{id}/hold", WHY),
    "holds.release": Sent("/messages/{id}/release", WHY),
    "inbox.as_file": Sent("/messages/{id}/voicemail.wav", {"whom": "Dr. Lee"} | WHY, {"goes": "outside"}),
    "switches.decide": Sent("/switches/password-alone", {"other": "It may be lost."} | WHY, {"on": "no"}),
    "policy.put": Sent("/policy/text/es", {"text": "Nadie repite\nlo que oyó."}),
    "people.add": Sent("/add-person", {"name": "otto"}, {"role": "admin", "password": "gravel window socket plum"}),
}


@pytest.fixture(params=SENT)
def sent(request: pytest.FixtureRequest) -> Sent:
    return SENT[request.param]


@pytest.fixture
def path(practice: Practice, sent: Sent) -> str:
    id = practice.leave(babble(1), "5551234567", "Maria Lopez")
    if sent.path.endswith("release"):
        practice.inbox.hold(id, True)
    return sent.path.format(id=id)


def test_every_field_that_is_kept_belongs_to_a_form_that_is_known_and_has_its_name(practice: Practice) -> None:
    marked = {file.name for file in TEMPLATES.glob("*.html") if "data-draft=" in file.read_text(encoding="utf-8")}
    assert marked == {f"{name}.html" for name in ("hold", "take", "switch", "policy_text", "add_person", "_note_form")}
    faxes = {"faxes.as_pdf", "faxes.as_tiff"}  # ask as the sound does
    others = {view: set(fields) for view, fields in drafting.FORMS.items() if view not in faxes}
    assert others == {view: set(sent.typed) for view, sent in SENT.items()}
    assert {drafting.FORMS[view] for view in faxes} == {drafting.FORMS["inbox.as_file"]}
    assert faxes | set(SENT) <= set(practice.app().view_functions)


def test_what_the_box_refuses_stays_a_draft_until_it_is_taken(
    practice: Practice, ana: Staff, sent: Sent, path: str
) -> None:
    page = ana.get(path).text
    for name in sent.names(path):
        assert f'data-draft="{name}"' in page
    form, silent = sent.typed | sent.more, DaemonSilentError()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(practice.daemon, "silent", True)
        patch.setattr(practice.record, "write", mock.Mock(side_effect=silent))
        answer = ana.post(path, None, **form)
    assert answer.status_code == 503
    assert f'href="{path}">Back to the form</a>' in answer.text
    assert ana.script("/drafts").get_json() == sent.names(path)
    assert ana.post(path, None, **form).status_code in {200, 303}
    assert ana.script("/drafts").get_json() == {}


def test_what_was_sent_at_a_screen_that_was_left_is_a_draft(practice: Practice, ana: Staff) -> None:
    practice.clock.advance(LASTS)
    answer = ana.post("/switches/take-messages", why=TEXT, other="")
    assert answer.status_code == 401
    assert 'href="/switches">Change nothing</a>' in answer.text
    assert ana.script("/drafts").get_json() == {FIELD.replace("downloads", "take-messages"): TEXT}


def test_what_was_sent_while_the_policy_sheet_changed_is_a_draft(practice: Practice, ana: Staff) -> None:
    practice.daemon.set_policy(NAME, "en", "Be kind.")
    answer = ana.post("/switches/password-alone", None, **SENT["switches.decide"].typed)
    assert answer.headers["Location"] == "/policy"
    assert ana.script("/drafts").get_json() == SENT["switches.decide"].names("/switches/password-alone")


def test_what_another_site_or_somebody_else_sends_is_no_draft(practice: Practice, ana: Staff) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert ana.ask("POST", "/switches/take-messages", headers=elsewhere, data={"why": TEXT}).status_code == 403
    practice.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    assert sam.post("/switches/take-messages", why=TEXT).status_code == 403
    assert ana.script("/drafts").get_json() == sam.script("/drafts").get_json() == {}


def test_what_was_typed_before_a_log_off_stands_in_the_form_again(
    browser: Browser, practice: Practice, served: Served
) -> None:
    with somebody(browser) as context:
        page = context.new_page()
        complaints = Complaints(page)
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/switches/take-messages")
        live(page)
        with page.expect_response(lambda answer: answer.url.endswith("/drafts") and answer.request.method == "POST"):
            page.get_by_label("Why?").press_sequentially(TEXT)
        practice.sessions.close_all()
        page.wait_for_url(lambda url: "/login" in url)
        assert TEXT not in page.content()

        complaints.heard.clear()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/switches/take-messages")
        expect(page.get_by_label("Why?")).to_have_value(TEXT)
        note = page.get_by_text("You had typed this earlier and not sent it.")
        expect(note).to_be_visible()
        page.get_by_role("button", name="Throw it away").click()
        expect(page.get_by_label("Why?")).to_have_value("")
        expect(note).to_have_count(0)
        page.reload()
        live(page)
        expect(page.get_by_label("Why?")).to_have_value("")
        assert complaints.heard == []


def test_what_was_typed_into_a_field_that_had_a_text_comes_back_and_may_be_thrown_away(
    browser: Browser, practice: Practice, served: Served
) -> None:
    mine = "# Nuestras reglas\n\n" + "Nadie repite lo que oyó, aquí o después. " * 120
    assert 4_900 < len(mine) <= policy.LONGEST
    with somebody(browser) as context:
        page = context.new_page()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/policy/text/es")
        live(page)
        text = page.get_by_label("Text", exact=True)
        shipped = text.input_value()
        with page.expect_response(lambda answer: answer.url.endswith("/drafts") and answer.request.method == "POST"):
            text.fill(mine)
        practice.sessions.close_all()
        page.wait_for_url(lambda url: "/login" in url)
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/policy/text/es")
        expect(text).to_have_value(mine)
        page.get_by_role("button", name="Throw it away").click()
        expect(text).to_have_value(shipped)
        page.reload()
        live(page)
        expect(text).to_have_value(shipped)
        expect(page.get_by_role("button", name="Throw it away")).to_have_count(0)


def test_who_types_on_and_on_is_saved_while_typing(browser: Browser, served: Served) -> None:
    """The browser's clock is ours: no two letters are as far apart as the pause after which a text is saved."""
    with somebody(browser) as context:
        page = context.new_page()
        log_in(page, served.address, NAME, PASSWORD)
        page.clock.install()
        page.goto(f"{served.address}/switches/take-messages")
        live(page)
        saved: list[str] = []
        page.on("request", lambda asked: saved.append(asked.post_data or "") if asked.url.endswith("/drafts") else None)
        for letter in "typing":
            page.get_by_label("Why?").press_sequentially(letter)
            page.clock.run_for(500)
        page.evaluate("0")
        assert any("typin" in one for one in saved)


def test_after_a_refusal_the_form_has_what_was_typed(browser: Browser, practice: Practice, served: Served) -> None:
    text = "Nobody repeats what they heard here. " * 37
    with somebody(browser) as context:
        page = context.new_page()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/policy/text/en")
        live(page)
        page.get_by_label("Text", exact=True).fill(text)
        practice.daemon.silent = True
        page.get_by_role("button", name="Put this text in force").click()
        expect(page.get_by_role("heading", name="That could not be done")).to_be_visible()
        practice.daemon.silent = False
        page.get_by_role("link", name="Back to the form").click()
        expect(page.get_by_label("Text", exact=True)).to_have_value(text)
        page.get_by_role("button", name="Put this text in force").click()
        page.wait_for_url(lambda url: url.endswith("/policy"))
        page.get_by_role("button", name="I have read this").click()
        page.goto(f"{served.address}/policy/text/en")
        live(page)
        expect(page.get_by_label("Text", exact=True)).to_have_value(text.strip())
        expect(page.locator(".draft-note")).to_have_count(0)


def test_who_changes_nothing_after_all_finds_the_reason_where_it_was_typed(
    browser: Browser, practice: Practice, served: Served
) -> None:
    with somebody(browser) as context:
        page = context.new_page()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/switches/take-messages")
        live(page)
        practice.clock.advance(LASTS)
        page.get_by_label("Why?").fill(TEXT)
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Switch off").click()
        page.get_by_role("link", name="Change nothing").click()
        page.get_by_role("link", name="Switch off … Downloads").click()
        page.get_by_label("Your password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_label("Why?")).to_have_value(TEXT)
