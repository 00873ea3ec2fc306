"""The list, a message, and what can be done with it, as forms and links without any script."""

from __future__ import annotations

import re

import pytest

from appliance.messages import State
from tests.web.practice import Practice, babble
from tests.web.staff import Staff
from web import files


@pytest.fixture
def id(practice: Practice) -> str:
    """A message from Maria Lopez."""
    return practice.leave(babble(4), "5551234567", "MARIA LOPEZ")


def state(practice: Practice) -> State:
    return practice.inbox.list()[0].state


def test_an_empty_inbox_says_what_will_be_there(ana: Staff) -> None:
    page = ana.get("/").text
    assert "No messages." in page
    assert "what they say is kept here" in page


def test_a_row_tells_who_when_and_how_long(ana: Staff, id: str) -> None:
    page = ana.get("/").text
    row = page[page.index(f'id="m-{id}"') : page.index("</li>", page.index(f'id="m-{id}"'))]
    for words in (
        "New.",
        "Maria Lopez",
        "12:00",
        'title="Friday 21 November 2025, 12:00"',
        "Voicemail",
        "0:04",
        "4 seconds",
        "wave.svg",
    ):
        assert words in row


def test_a_message_has_a_player_that_needs_no_script(ana: Staff, id: str) -> None:
    page = ana.get(f"/messages/{id}").text
    assert f'<audio controls preload="none" src="/messages/{id}/content">' in page
    assert "(555) 123-4567" in page
    assert 'class="wave-all"' in page


def test_a_message_that_is_gone_says_so_beside_the_list(practice: Practice, ana: Staff, id: str) -> None:
    answer = ana.get(f"/messages/{'0' * 32}")
    assert answer.status_code == 404
    assert "This message is gone." in answer.text
    assert "Maria Lopez" in answer.text  # the list is still there


def test_marking_as_heard_and_as_new_again(practice: Practice, ana: Staff, id: str) -> None:
    assert ana.post(f"/messages/{id}/heard", heard="yes").headers["Location"] == f"/messages/{id}"
    assert state(practice) is State.HEARD
    assert "Mark as new" in ana.get(f"/messages/{id}").text
    ana.post(f"/messages/{id}/heard", heard="no")
    assert state(practice) is State.NEW
    assert ana.post(f"/messages/{id}/heard").status_code == 400


def test_erasing_asks_nothing_and_can_be_undone(practice: Practice, ana: Staff, id: str) -> None:
    assert ana.post(f"/messages/{id}/erase").headers["Location"] == "/"
    assert state(practice) is State.ERASING
    page = ana.get("/").text
    assert "Erased: Maria Lopez, 0:04." in page
    assert page.count(f'action="/messages/{id}/undo"') == 2  # in its row and at the foot
    assert ana.post(f"/messages/{id}/undo").headers["Location"] == f"/messages/{id}"
    assert state(practice) is State.NEW
    assert "Erased:" not in ana.get("/").text


def test_a_message_whose_sound_is_damaged_can_still_be_seen_and_erased(practice: Practice, ana: Staff) -> None:
    """Its first and last chunk are whole, so it opens; between them one bit is not."""
    id = practice.leave(babble(9), "5551234567", "MARIA LOPEZ")
    file = practice.folder / "vault" / f"{id}.age"
    sealed = bytearray(file.read_bytes())
    sealed[100_000] ^= 1
    file.write_bytes(sealed)
    page = ana.get(f"/messages/{id}")
    assert page.status_code == 200
    assert "Maria Lopez" in page.text
    assert f'action="/messages/{id}/erase"' in page.text
    assert ana.get(f"/messages/{id}/wave.svg").status_code == 200


def test_the_undo_goes_when_its_time_is_over(practice: Practice, ana: Staff, id: str) -> None:
    ana.post(f"/messages/{id}/erase")
    practice.clock.advance(28)
    assert "Erased:" not in ana.get("/").text
    practice.inbox.remove(id, "erased by a person")
    assert "No messages." in ana.get("/").text
    assert ana.post(f"/messages/{id}/undo").status_code == 404


def test_scripts_get_pieces(practice: Practice, ana: Staff, id: str) -> None:
    assert ana.script(f"/messages/{id}/heard", heard="yes").status_code == 204
    toast = ana.script(f"/messages/{id}/erase", erase="yes")
    assert toast.text.lstrip().startswith("<div")
    assert 'data-seconds="30"' in toast.text
    assert ana.script(f"/messages/{id}/undo", undo="yes").status_code == 204
    assert "<html" not in ana.script("/parts/list").text
    assert "<html" not in ana.script(f"/parts/messages/{id}").text
    assert ana.script(f"/parts/messages/{'0' * 32}").status_code == 404


def test_without_the_daemon_nothing_is_changed_and_nothing_is_opened_unrecorded(
    practice: Practice, ana: Staff, id: str
) -> None:
    practice.daemon.silent = True
    practice.clock.advance(2)
    for answer in (ana.post(f"/messages/{id}/erase"), ana.script(f"/messages/{id}/erase", erase="yes")):
        assert answer.status_code == 503
        assert "Nothing was changed. Wait a minute and try again" in answer.text
    assert state(practice) is State.NEW
    page = ana.get("/")
    assert page.status_code == 200
    assert "no message is opened, because nobody could record it" in page.text
    assert ana.get(f"/messages/{id}/content").status_code == 503


def test_the_search_stays_out_of_addresses(practice: Practice, ana: Staff, id: str) -> None:
    practice.leave(babble(1), "5559876543", "Samuel Okafor")
    answer = ana.post("/search", search="maria")
    assert answer.headers["Location"] == "/"
    page = ana.get("/").text
    assert "Maria Lopez" in page
    assert "Okafor" not in page
    assert "Okafor" in ana.post("/search", search="").text or "Okafor" in ana.get("/").text


def test_the_version_changes_with_the_list_and_at_midnight(practice: Practice, ana: Staff) -> None:
    def version() -> str:
        return str(ana.pulse()["list"])

    seen = [version()]
    assert version() == seen[0]
    id = practice.leave(babble(1))
    seen.append(version())
    practice.inbox.mark_heard(id, True)
    seen.append(version())
    practice.clock.wall += 13 * 3600
    seen.append(version())
    assert len(set(seen)) == 4


def test_long_and_strange_names_are_shown_as_text(practice: Practice, ana: Staff) -> None:
    id = practice.leave(babble(1), "5551234567", "<b onmouseover=alert(1)>" + "Ö" * 300)
    page = ana.get(f"/messages/{id}").text
    assert "&lt;b onmouseover=alert(1)&gt;" in page
    assert "<b onmouseover" not in page


def test_pages_of_the_list_lead_to_each_other(practice: Practice, ana: Staff) -> None:
    for _ in range(51):
        practice.leave(b"\x00\x01" * 800)
    first, second = ana.get("/").text, ana.get("/?page=2").text
    assert (first.count('class="row '), second.count('class="row ')) == (50, 1)
    assert 'href="/?page=2"' in first
    assert 'rel="prev" href="/?page=1"' in second
    assert re.search(r'href="/messages/[0-9a-f]{32}\?page=2"', second)


def test_the_first_paint_is_small(practice: Practice, ana: Staff) -> None:
    for count in range(50):
        practice.leave(b"\x00\x01" * 800, f"555123{count:04}", "Somebody With A Name")
    page = len(ana.get("/").data)
    dress = sum(len(asset.zipped) for asset in files.ASSETS.values())
    assert page + dress < 100_000


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(ana: Staff, id: str) -> None:
    for path in ("/", f"/messages/{id}", "/status", "/login"):
        page = ana.get(path).text
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", page)
        assert not re.search(r"<script(?![^>]* src=)", page)
        assert not re.search(r'(?:src|href|action)="(?!/|#)', page)


def test_files_may_be_kept_under_an_address_that_changes_with_them(ana: Staff) -> None:
    address = f"/static/{files.VERSION}/page.css"
    plain, zipped = ana.get(address), ana.get(address, Accept_Encoding="gzip")
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.mimetype == "text/css"
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.data) < len(plain.data) / 2
    assert ana.get("/static/old/page.css").status_code == 404
    assert ana.get(f"/static/{files.VERSION}/..%2faccess.py").status_code == 404
