"""Each role in a real Chromium: what it is offered, what it can do, and what it cannot even see. And what an admin does about people, by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.access import claim
from appliance.access.roles import MAY, Permission, Role
from tests.web.browser import Complaints, log_in, somebody
from tests.web.desk import SIZES
from tests.web.paper import groups_on, type_back
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble
from tests.web.roles import PEOPLE, add_everybody
from web.places import PLACES

pytestmark = pytest.mark.browser
NOT_FOR_YOU = "That is not for you to see"
WHY = "Nobody could log in any more."
FRESH = "gravel window socket plum"


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A person's browser at a desk, or of the size that the test asks for."""
    context = somebody(browser, getattr(request, "param", "desk"))
    yield context.new_page()
    context.close()


def enter(page: Page, served: Served, role: Role) -> None:
    log_in(page, served.address, *PEOPLE[role])


def places_on(page: Page) -> list[str]:
    return [place.strip() for place in page.locator("nav.places a").all_inner_texts()]


def messages(practice: Practice) -> None:
    """One in each of two mailboxes."""
    for mailbox, caller in (("front-desk", "Maria Lopez"), ("billing", "Samuel Okafor")):
        practice.leave(babble(2), "5551234567", caller, mailbox=mailbox)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_offered_what_it_may_do_and_nothing_else(
    practice: Practice, served: Served, page: Page, role: Role
) -> None:
    add_everybody(practice)
    enter(page, served, role)
    allowed = [place for place in PLACES if place.permission in MAY[role]]
    assert places_on(page) == [str(place.words) for place in allowed]
    for place in allowed:
        page.get_by_role("navigation", name="Pages").get_by_text(str(place.words), exact=True).click()
        expect(page.locator("nav.places a[aria-current=page]")).to_have_text(str(place.words))
        expect(page.get_by_text(NOT_FOR_YOU)).to_have_count(0)


def test_staff_hear_and_erase_messages_and_find_no_door_to_people_keys_or_the_record(
    practice: Practice, served: Served, page: Page
) -> None:
    messages(practice)
    practice.add_staff()
    enter(page, served, Role.STAFF)
    page.locator("#rows .row > a", has_text="Maria Lopez").click()
    page.get_by_role("button", name="Erase").click()
    expect(page.get_by_text("Erased: Maria Lopez")).to_be_visible()
    for path in ("/people", "/add-person", f"/people/{NAME}", "/keys", "/fax-calls", "/switches"):
        page.goto(served.address + path)
        expect(page.get_by_role("heading", name=NOT_FOR_YOU)).to_be_visible()


def test_a_technician_sees_states_and_fax_calls_and_never_a_message(
    practice: Practice, served: Served, page: Page
) -> None:
    messages(practice)
    practice.add_technician()
    enter(page, served, Role.TECHNICIAN)
    expect(page.get_by_role("heading", name="All is well.")).to_be_visible()
    page.get_by_role("link", name="Fax calls").click()
    expect(page.get_by_role("heading", name="Fax calls")).to_be_visible()
    id = practice.inbox.list()[0].stamp.id
    for path in ("/", f"/messages/{id}", f"/messages/{id}/content", "/people", "/keys"):
        page.goto(served.address + path)
        expect(page.get_by_role("heading", name=NOT_FOR_YOU)).to_be_visible()
        assert not re.search(r"Lopez|Okafor|1234567", page.content())


def test_an_auditor_sees_who_did_what_and_never_a_message(practice: Practice, served: Served, page: Page) -> None:
    messages(practice)
    add_everybody(practice)
    enter(page, served, Role.AUDITOR)
    places = [str(place.words) for place in PLACES if place.permission is Permission.SEE_RECORD]
    page.get_by_role("navigation", name="Pages").get_by_text(places[0], exact=True).click()
    expect(page.locator("main")).to_contain_text("Aude")
    assert not re.search(r"Lopez|Okafor|1234567", page.content())
    for path in ("/", "/people", "/keys", "/fax-calls"):
        page.goto(served.address + path)
        expect(page.get_by_role("heading", name=NOT_FOR_YOU)).to_be_visible()


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_an_admin_adds_a_person_who_logs_in_and_reads_their_mailbox_only(
    practice: Practice, served: Served, browser: Browser, page: Page
) -> None:
    messages(practice)
    complaints = Complaints(page)
    enter(page, served, Role.ADMIN)
    page.goto(served.address + "/people")
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Name for logging in").fill("Sam")
    page.get_by_role("radio", name="Staff").check()
    page.get_by_role("checkbox", name="Billing").check()
    before = page.get_by_label("Password").input_value()
    page.get_by_role("button", name="Other words").click()
    expect(page.get_by_label("Password")).not_to_have_value(before)
    expect(page.get_by_role("checkbox", name="Billing")).to_be_checked()
    page.get_by_role("button", name="Add this person").click()
    password = page.locator(".handover dd").nth(1).inner_text()
    context = somebody(browser)
    sam = context.new_page()
    log_in(sam, served.address, "Sam", password)
    expect(sam.get_by_text("Samuel Okafor")).to_be_visible()
    expect(sam.get_by_text("Maria Lopez")).to_have_count(0)
    page.reload()
    expect(page.get_by_text(password)).to_have_count(0)
    assert complaints.heard == []
    context.close()


def test_mailboxes_are_asked_for_where_they_mean_something(practice: Practice, served: Served, page: Page) -> None:
    enter(page, served, Role.ADMIN)
    page.goto(served.address + "/add-person")
    page.get_by_role("radio", name="Technician").check()
    expect(page.get_by_role("group", name="Mailboxes")).to_be_hidden()
    page.get_by_role("radio", name="Staff").check()
    expect(page.get_by_role("group", name="Mailboxes")).to_be_visible()


def test_without_scripts_an_admin_adds_changes_and_removes_a_person(
    practice: Practice, served: Served, browser: Browser
) -> None:
    context = somebody(browser, java_script_enabled=False)
    page = context.new_page()
    enter(page, served, Role.ADMIN)
    page.goto(served.address + "/add-person")
    page.get_by_label("Name for logging in").fill("sam")
    page.get_by_role("radio", name="Technician").check()
    page.get_by_role("button", name="Add this person").click()
    expect(page.get_by_role("heading", name="Sam can log in now")).to_be_visible()
    page.locator(".people a", has_text="Sam").click()
    page.get_by_role("radio", name="Auditor").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".people li", has_text="Sam")).to_contain_text("Auditor")
    page.locator(".people a", has_text="Sam").click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove Sam").click()
    expect(page.get_by_text("Sam can no longer log in")).to_be_visible()
    context.close()


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_the_first_start_by_hand(tmp_path: Path, page: Page) -> None:
    with Practice(tmp_path, founded=False) as box, Served(box) as served:
        page.goto(served.address)
        page.get_by_label("Claim code").fill(claim.show(box.folder).lower())
        page.get_by_role("button", name="Claim this box").click()
        page.get_by_label("Your name").fill("Ana")
        page.get_by_role("button", name="Use these").click()
        password = page.get_by_label("Password").input_value()
        page.get_by_role("button", name="Make the keys").click()
        expect(page.get_by_role("button", name="Print")).to_be_visible()
        groups = groups_on(page)
        box.clock.advance(60)
        page.get_by_role("button", name="I have it on paper").click()
        type_back(page, groups)
        page.get_by_role("button", name="Found the practice").click()
        expect(page.get_by_text("This box is yours now")).to_be_visible()
        page.get_by_label("Your name").fill("Ana")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url("**/factors**")


def test_the_sheet_prints_on_one_page_with_nothing_around_it(tmp_path: Path, page: Page) -> None:
    with Practice(tmp_path, founded=False) as box, Served(box) as served:
        page.goto(served.address)
        page.get_by_label("Claim code").fill(claim.show(box.folder))
        page.get_by_role("button", name="Claim this box").click()
        page.get_by_label("Your name").fill("Ana")
        page.get_by_label("Password").fill(FRESH)
        page.get_by_role("button", name="Make the keys").click()
        page.wait_for_selector(".paper")
        assert page.pdf(format="Letter").count(b"/Type /Page\n") == 1
        page.emulate_media(media="print")
        expect(page.locator(".paper")).to_be_visible()
        for around in ("I have it on paper", "English"):
            expect(page.get_by_role("button", name=around)).to_be_hidden()


def test_with_the_sheet_alone_the_messages_open_and_the_keys_are_exchanged(
    practice: Practice, served: Served, browser: Browser, page: Page
) -> None:
    messages(practice)
    page.goto(f"{served.address}/login")
    page.get_by_role("link", name="Use the recovery sheet").click()
    page.get_by_label("Why is it used?").fill(WHY)
    page.get_by_label("The groups of the sheet").fill(practice.sheet.lower())
    page.get_by_role("button", name="Open with the sheet").click()
    expect(page.get_by_text("You are in with the recovery sheet")).to_be_visible()
    expect(page.get_by_text("Maria Lopez")).to_be_visible()
    page.get_by_role("link", name="To the keys").click()
    page.get_by_role("button", name="Exchange the key").click()
    groups = groups_on(page)
    page.get_by_role("button", name="I have it on paper").click()
    type_back(page, groups)
    page.get_by_role("button", name="Exchange the key").click()
    expect(page.get_by_text("The practice key was exchanged")).to_be_visible()
    context = somebody(browser)
    ana = context.new_page()
    log_in(ana, served.address, NAME, PASSWORD)
    expect(ana.get_by_text(WHY)).to_be_visible()
    ana.get_by_role("button", name="I have read this").click()
    practice.agree(NAME)
    ana.goto(served.address)
    expect(ana.get_by_text("Maria Lopez")).to_be_visible()
    expect(ana.locator(".banner")).to_have_count(0)
    context.close()
