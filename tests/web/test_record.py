"""The record's page: who may see it, what it shows to whom, how lines are found, and that looking at it changes nothing but what it says of itself."""

from __future__ import annotations

import csv
import io
import json
import re
import threading

import pytest

from appliance.access import people, segments
from appliance.access.chain import Line, Verdict
from appliance.access.people import Newcomer
from appliance.access.roles import Role
from appliance.access.unlock import unlock
from appliance.condition import Audit
from appliance.deeds import Act, Deed
from tests import planned
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.staff import Staff
from web import record_words

AUDITOR_PASSWORD = "marble thicket ocean drum"


@pytest.fixture
def id(practice: Practice) -> str:
    return practice.leave(babble(1), "5550102030", "Harriet Canary")


@pytest.fixture
def auditor(practice: Practice) -> Staff:
    admin = unlock(practice.folder, NAME, PASSWORD)
    newcomer = Newcomer("oda", Role.AUDITOR, AUDITOR_PASSWORD, frozenset())
    planned.write_person(practice.folder, people.prepare_person(practice.folder, admin, newcomer, 15))
    return Staff(practice).log_in("oda", AUDITOR_PASSWORD)


def dids(page: str) -> list[str]:
    found = re.findall(r'class="record-did">(.*?)</p>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", one).split()) for one in found]


def test_the_record_tells_who_did_what_newest_first(practice: Practice, ana: Staff, id: str) -> None:
    ana.get(f"/messages/{id}")
    said = dids(ana.get("/record").text)
    assert said[0] == f"Ana opened a message · message {id[:8]}"
    assert f"The box kept a message · message {id[:8]}" in said
    assert "Ana logged in" in said


def test_who_holds_the_practice_key_reads_whose_message_it_was_and_an_auditor_does_not(
    practice: Practice, ana: Staff, auditor: Staff, id: str
) -> None:
    ana.get(f"/messages/{id}")
    practice.inbox.remove(id, "erased")
    page = ana.get("/record").text
    assert page.count("Harriet Canary") == 3  # kept, opened, removed
    page = auditor.get("/record").text
    assert "Canary" not in page
    assert "More is sealed for those who may read messages." in page
    assert dids(page)


@pytest.mark.parametrize("role", ["sam", "toni"])
def test_staff_and_technicians_do_not_even_see_it(practice: Practice, role: str) -> None:
    practice.add_staff()
    practice.add_technician()
    password = {"sam": "velvet harbor kettle moon", "toni": "gravel window socket plum"}[role]
    somebody = Staff(practice).log_in(role, password)
    assert somebody.get("/record").status_code == 403
    assert somebody.post("/record/record.csv").status_code == 403
    assert 'href="/record"' not in somebody.get("/status").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("who=ana&what=door", ["Ana logged in"]),
        ("what=disclosed", ["Ana gave a message to somebody outside · message {id}"]),
        ("what=opened&message={id}", ["Ana opened a message · message {id}"]),
        ("who=nobody", []),
        ("from=2025-11-22", []),
        ("to=2025-11-20", []),
        ("from=2025-11-21&to=2025-11-21&what=opened", ["Ana opened a message · message {id}"]),
    ],
)
def test_lines_are_found_by_person_deed_message_and_day(
    practice: Practice, ana: Staff, id: str, query: str, expected: list[str]
) -> None:
    ana.get(f"/messages/{id}")
    ana.post(f"/messages/{id}/voicemail.wav", goes="outside", whom="Dr. Otherwise", why="referral")
    page = ana.get(f"/record?{query.format(id=id[:8])}").text
    assert dids(page) == [one.format(id=id[:8]) for one in expected]
    assert ("No line fits." in page) is (not expected)
    if "disclosed" in query:
        assert "For whom: Dr. Otherwise" in page
        assert "Why: referral" in page


def offered(page: str) -> dict[str, list[str]]:
    """Whose lines can be shown alone, by group."""
    select = page.partition('<select id="who"')[2].partition("</select>")[0]
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', select, re.DOTALL)
    return {title: re.findall(r'<option value="([^"]*)"', options) for title, options in groups}


def test_everybody_whom_the_record_names_can_be_filtered_by(practice: Practice, ana: Staff, id: str) -> None:
    practice.add_staff()
    Staff(practice).log_in("sam", "velvet harbor kettle moon")
    ana.post("/people/sam/remove")
    Staff(practice).post("/emergency", why="Nobody else could come.", sheet=practice.sheet)
    ana.post("/emergency/notice", read="1")
    for by in ("root", "console"):
        practice.record.write(Deed(Act.EXPORTED, by))
    page = ana.get("/record").text
    people, left, others = offered(page).values()
    assert (people, left) == ([NAME], ["sam"])
    assert others == ["*box", "recovery-sheet", "root", "console"]
    for name, did in {
        "sam": "Sam logged in",
        "recovery-sheet": "Recovery sheet came in with the recovery sheet",
        "root": "The terminal exported the record",
        "console": "The technician’s console exported the record",
    }.items():
        page = ana.get(f"/record?who={name}").text
        assert did in [one.partition(" · ")[0] for one in dids(page)]
        assert f'<option value="{name}" selected>' in page
    assert {one.partition(" ")[0] for one in dids(ana.get("/record?who=*box").text)} == {"The"}
    rows = json.loads(ana.post("/record/record.json?who=*box").text)
    assert {row["by"] for row in rows} == {""}


def test_who_comes_into_the_record_or_goes_out_of_it_is_offered_at_once_or_no_more(practice: Practice) -> None:
    doers = practice.services.doers
    assert "zoe" not in doers.names()
    practice.record.write(Deed(Act.LOGGED_IN, "zoe"))
    assert "zoe" in doers.names()
    file = segments.files(practice.folder)[-1]
    whole = file.read_bytes()
    with file.open("ab") as torn:
        torn.write(b'{"sequence":99,"by":"mia"')
    assert "mia" in doers.names()
    with file.open("ab") as torn:
        torn.write(b',"by":"lea"}\n')
    assert "lea" in doers.names()
    file.write_bytes(whole[: whole.index(b'"zoe"')])
    assert "zoe" not in doers.names()


def test_whoever_failed_and_is_not_known_is_not_the_box(practice: Practice, ana: Staff) -> None:
    Staff(practice).post("/login", name="no such name", password="no such password at all")
    assert "Somebody unknown failed to log in" in dids(ana.get("/record").text)


@pytest.mark.parametrize(
    "query", ["who=<script>", "message=zz", "from=yesterday", "to=99999-01-01", "before=x", "what=all"]
)
def test_filters_that_make_no_sense_filter_nothing_and_break_nothing(ana: Staff, query: str) -> None:
    answer = ana.get(f"/record?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text.partition("<main")[2]


def test_many_lines_come_page_by_page_and_none_twice(practice: Practice, ana: Staff) -> None:
    for number in range(120):
        practice.record.write(Deed(Act.MARKED, "ana", f"{number:032x}", {"as": "heard"}))
    seen: list[str] = []
    address = "/record?what=changed"
    while address:
        page = ana.get(address).text
        seen += re.findall(r'id="line-(\d+)"', page)
        older = re.search(r'href="(/record\?[^"]*before=[^"]+)">Older', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == 120
    assert seen == sorted(set(seen), key=int, reverse=True)


def test_the_record_taken_along_is_whole_and_says_that_it_was_taken(practice: Practice, ana: Staff, id: str) -> None:
    answer = ana.post("/record/record.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["sequence"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert (rows[-1]["act"], rows[-1]["by"]) == ("exported", "ana")
    assert rows[-1]["at"].endswith("-05:00")  # the practice's zone, as everywhere on the page
    assert "Harriet Canary" in next(row["sealed"] for row in rows if row["act"] == "kept")
    data = json.loads(ana.post("/record/record.json?what=door").text)
    assert {row["act"] for row in data} == {"logged-in"}


def test_what_an_auditor_takes_along_holds_nothing_of_patients(practice: Practice, auditor: Staff, id: str) -> None:
    for ending in ("csv", "json"):
        text = auditor.post(f"/record/record.{ending}").text
        assert id in text
        assert "Canary" not in text


def verified(practice: Practice, desk: Staff) -> str:
    """The record's page once it was verified."""
    assert desk.post("/record/verify").status_code == 303
    practice.services.verifying.join(60)
    assert desk.get("/record/verify").headers["Location"] == "/record"
    return desk.get("/record").text


def test_what_came_of_a_verification_stands_there_with_its_time_for_everybody_who_may_see(
    practice: Practice, ana: Staff, auditor: Staff, id: str
) -> None:
    lines = practice.record.head.sequence
    page = verified(practice, ana)
    assert f"Verified Friday 21 November 2025, 12:00: {lines} lines, none changed, none missing." in page
    assert practice.record.has(Act.CHECKED, "")
    practice.clock.advance(120)
    assert "Verified Friday 21 November 2025, 12:00" in auditor.get("/record").text
    file = segments.files(practice.folder)[0]
    file.write_bytes(file.read_bytes().replace(b'"by":"ana"', b'"by":"ben"', 1))
    page = verified(practice, auditor)
    assert "The record is not whole, as was found Friday 21 November 2025, 12:02" in page
    assert "was changed after it was written" in page


def test_a_long_verification_goes_on_beside_the_page_which_tells_how_far_it_is(
    practice: Practice, ana: Staff, auditor: Staff, id: str
) -> None:
    goes_on, told = threading.Event(), list[Verdict]()

    def tell(found: Verdict) -> None:
        assert goes_on.wait(60)
        told.append(found)

    practice.services.verifying.run(tell)
    try:
        assert auditor.post("/record/verify").headers["Location"] == "/record/verify"  # no second one is begun
        page = auditor.get("/record/verify").text
        assert '<noscript><meta http-equiv="refresh" content="2;url=/record/verify">' in page
        assert re.search(r'<progress max="100" value="\d+"', page)
        assert "<progress" in auditor.script("/parts/verifying").text
        page = ana.get("/record").text
        assert re.search(r'href="/record/verify">Being verified: \d+ %', page)
        assert "Verify now" not in page
        assert "none missing" not in page, "nothing is told before it is on record"
    finally:
        goes_on.set()
    practice.services.verifying.join(60)
    assert auditor.script("/parts/verifying").text == ""
    assert len(told) == 1
    assert "none changed, none missing" in ana.get("/record").text


def test_a_verification_that_cannot_be_put_on_record_says_so_and_nothing_else(practice: Practice, ana: Staff) -> None:
    practice.daemon.silent = True
    practice.services.verifying.run(lambda _: practice.daemon.record(Deed(Act.CHECKED)))
    practice.services.verifying.join(60)
    practice.daemon.silent = False
    page = ana.get("/record").text
    assert "none missing" not in page
    assert 'class="mistake"' in page


def test_what_the_night_found_stands_on_top(practice: Practice, ana: Staff) -> None:
    practice.facts["audit"] = Audit(2, 10, 1, "Message abc was removed, and is in the list again: it was put back.")
    practice.clock.advance(2)
    page = ana.get("/record").text
    assert "it was put back" in page
    assert "callout-fault" in page


def test_the_status_page_shows_the_head(practice: Practice, ana: Staff) -> None:
    page = ana.get("/status").text
    found = re.search(r'class="head-of-record">line ([\d,]+), ([0-9a-f ]+)<', page)
    assert found
    sequence = int(found[1].replace(",", ""))
    line = next(line for line in map(Line.from_bytes, segments.read(practice.folder)) if line.sequence == sequence)
    assert line.head.short == found[2]


def test_every_deed_has_words_and_a_place_among_the_filters() -> None:
    assert set(record_words.ACTS) == set(Act)
    grouped = frozenset().union(*(acts for _, acts in record_words.GROUPS.values()))
    assert grouped == set(Act)
