"""The policy sheet on the page: before anything else, for everybody; and who has agreed."""

from __future__ import annotations

import pytest

from appliance.access import people, policy
from appliance.access.roles import Role
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.roles import PEOPLE, add_everybody
from tests.web.staff import Staff


def version(practice: Practice) -> str:
    return policy.sheet(practice.folder).version


@pytest.mark.parametrize("role", Role)
def test_whoever_has_not_agreed_sees_the_sheet_and_nothing_else(practice: Practice, role: Role) -> None:
    add_everybody(practice)
    start = "/" if role in {Role.ADMIN, Role.STAFF} else "/status"
    id = practice.leave(babble(1), "5551234567", "Maria Lopez")
    desk = Staff(practice).log_in(*PEOPLE[role], agreed=False)
    for path in ("/", "/status", f"/messages/{id}", f"/messages/{id}/content", "/switches", "/policy/people"):
        answer = desk.get(path)
        assert answer.status_code == 403 or answer.headers["Location"] == "/policy", path
    assert desk.get(start).headers["Location"] == "/policy"
    page = desk.get("/policy").text
    assert "This sheet" not in page
    assert "Please read this once" in page
    assert 'class="places" aria-label="Pages">\n  </nav>' in page.replace("    \n", "")
    assert "Maria Lopez" not in page
    answer = desk.post("/policy", version=version(practice))
    assert answer.status_code == 303
    assert answer.headers["Location"] == start
    assert desk.get(start).status_code == 200
    assert "You agreed to this on Friday 21 November 2025, 12:00." in desk.get("/policy").text


def test_somebody_who_does_not_agree_can_log_off(practice: Practice) -> None:
    ana = Staff(practice).log_in(agreed=False)
    assert ana.script("/pulse").status_code == 200
    assert ana.post("/logout").headers["Location"] == "/login?why=off"


def test_a_changed_sheet_is_asked_for_in_the_middle_of_a_session(practice: Practice, ana: Staff) -> None:
    practice.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    assert sam.get("/").status_code == 200
    read = version(practice)
    assert ana.post("/policy/text/en", text="# New\r\nLock the door.").headers["Location"] == "/policy"
    assert sam.get("/").headers["Location"] == "/policy"
    page = sam.get("/policy").text
    assert "This sheet has changed since you agreed" in page
    assert "<h2>New</h2>" in page
    assert "<p>Lock the door.</p>" in page
    stale = sam.post("/policy", version=read)
    assert stale.status_code == 409
    assert "has changed while you were reading" in stale.text
    assert sam.post("/policy", version=version(practice)).headers["Location"] == "/"
    assert sam.get("/").status_code == 200
    assert ana.get("/").headers["Location"] == "/policy"


def test_a_person_reads_it_in_their_own_language(practice: Practice) -> None:
    ana = Staff(practice).log_in(agreed=False)
    assert "Para qué sirve este equipo" in ana.get("/policy", Accept_Language="es").text
    assert "What this box is for" in ana.get("/policy", Accept_Language="fr").text


def test_who_has_agreed_to_which_version_is_shown_to_admin_and_auditor_alone(practice: Practice, ana: Staff) -> None:
    add_everybody(practice)
    page = ana.get("/policy/people").text
    assert f"version {version(practice)[:8]}" in page
    assert page.count("Has never agreed to any version.") == len(PEOPLE) - 1
    assert f"{len(PEOPLE) - 1} people have still to read it" in page
    assert Staff(practice).log_in(*PEOPLE[Role.AUDITOR]).get("/policy/people").status_code == 200
    for role in (Role.STAFF, Role.TECHNICIAN):
        desk = Staff(practice).log_in(*PEOPLE[role])
        assert desk.get("/policy/people").status_code == 403
        assert desk.post("/policy/text/en", text="No rules.").status_code == 403
        assert desk.get("/policy").status_code == 200
    assert "Everybody has agreed to it." not in page


def test_the_shipped_text_can_be_had_back_and_mistakes_lose_nothing(practice: Practice, ana: Staff) -> None:
    assert "Write what everybody has to know" in ana.post("/policy/text/en", text=" ").text
    long = ana.post("/policy/text/en", text="word " * 1300)
    assert "Nobody reads more than two pages" in long.text
    assert "word word" in long.text
    ana.post("/policy/text/en", text="Ours & <b>only</b> ours.")
    practice.agree(NAME)
    assert "Ours &amp; &lt;b&gt;only&lt;/b&gt; ours." in ana.get("/policy").text
    ana.post("/policy/text/en", shipped="yes")
    practice.agree(NAME)
    assert "What this box is for" in ana.get("/policy").text
    assert ana.post("/policy/text/fr", text="Attention").status_code == 400


def test_the_longest_text_there_may_be_fits_into_the_form(practice: Practice, ana: Staff) -> None:
    text = ("ñandú " * 900)[: policy.LONGEST]
    answer = ana.ask(
        "POST",
        "/policy/text/es",
        headers={"Sec-Fetch-Site": "same-origin"},
        data={"text": text},
        content_type="multipart/form-data",
    )
    assert answer.headers["Location"] == "/policy"


def test_a_forgotten_daemon_loses_no_agreement(practice: Practice) -> None:
    ana = Staff(practice).log_in(NAME, PASSWORD, agreed=False)
    practice.daemon.silent = True
    answer = ana.post("/policy", version=version(practice))
    assert answer.status_code == 503
    practice.daemon.silent = False
    assert not policy.has_acknowledged(practice.folder, people.find_person(practice.folder, NAME))
    assert ana.post("/policy", version=version(practice)).status_code == 303
