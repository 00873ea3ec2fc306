"""Every page of the page, from its own table of routes: a new one is here without being named, and one with parts that nobody knows is a mistake."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from flask import Flask

from appliance.access import certificates, testimony
from appliance.access.certificates import BUILT
from appliance.access.roles import Role
from appliance.fax import records
from appliance.fax.records import CallRecord, Outcome
from appliance.messages import Envelope
from tests.web.faxes import leave_fax, letter
from tests.web.practice import Practice, babble
from tests.web.roles import add_everybody, questions

EFAX: Final = Path(__file__).parents[1] / "transcripts" / "fax" / "efax-three-pages.t30"
CALLER: Final = ("5551234567", "Maria Lopez")
LONG_NAME: Final = "Bartholomew Featherstonehaugh-Villanueva de la Torre y Ramos"  # 60 letters
REASON: Final = "The lawyer of the practice asks for it, " + " ".join(20 * ["and asks again"])
MARKS: Final = (
    "page 1: 3 damaged lines",
    "page 2: 1 damaged line",
    "page 2: its end is missing",
    "partial: the sending machine hung up after 2 pages",
)
NOTES: Final = ("She asked for a Friday.\nCall her brother first: he drives.", f"Called back. {LONG_NAME} {'x' * 90}")
_PART: Final = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")


def fill(practice: Practice) -> dict[str, tuple[str, ...]]:
    """Somebody of each role, and something of each kind to look at; what stands in addresses, by the route's blueprint and the part's name."""
    add_everybody(practice)
    certificates.ensure(practice.folder, practice.settings.page.names, BUILT)
    now = practice.clock.now()
    heard = practice.leave(babble(3), "5551110001", LONG_NAME, at=now - 9 * 86_400)
    practice.hear(heard, at=now - 8 * 86_400)
    erased = practice.leave(babble(1), at=now - 7000)
    voicemail = practice.leave(babble(2), *CALLER, at=now - 3600, mailbox="hygiene")
    envelope = Envelope(sender_id="+1 555 010 2001", notes=MARKS)
    fax = leave_fax(practice, [letter(1), letter(2)], envelope, at=now - 1800)
    practice.inbox.erase(erased, 600.0)
    for message in (voicemail, fax):
        for text, who in zip(NOTES, ("ana", "sam"), strict=True):
            practice.note(message, text, who)
    held = practice.leave(babble(1), "5551110009", LONG_NAME, at=now - 900)
    practice.daemon.hold(held, testimony.seal(practice.folder, why=REASON), "ana")
    lines = tuple(line for line in EFAX.read_text(encoding="utf-8").splitlines() if line[:1] in "<>")
    good = CallRecord(now - 7200, Outcome.COMPLETE, 3, 63.4, "", lines)
    bad = CallRecord(now - 60, Outcome.PARTIAL, 1, 20.0, "CallerHungUpError", ("> PickUp", "< Gone"))
    calls = tuple(records.add(practice.folder, call).name for call in (good, bad))
    return {
        "inbox id": (voicemail, fax, heard, erased, held),
        "holds id": (fax, held),
        "calls name": calls,
        "people name": ("sam", "aude", "ana"),
        "switches name": ("take-messages",),
        "policy language": ("en", "es"),
    }


def addresses(app: Flask, role: Role, parts: dict[str, tuple[str, ...]]) -> list[str]:
    """Every address that somebody of `role` may look at, but for files and what only scripts and players ask for."""
    found = []
    for question in questions(app):
        if question.method != "GET" or not question.allowed_to(role) or _is_no_page(question.rule):
            continue
        area = question.endpoint.partition(".")[0]
        ways = [question.rule]
        for part in _PART.findall(question.rule):
            known = parts.get(f"{area} {part}")
            assert known, f"{question.rule}: which {part}? Say so in tests/web/pages.py"
            ways = [re.sub(rf"<(?:[a-z]+:)?{part}>", value, way) for way in ways for value in known]
        found += ways
    return found


def _is_no_page(rule: str) -> bool:
    """A file, a picture or sound, or data."""
    return bool(re.search(r"\.[a-z0-9]+$", rule)) or rule.startswith("/static/") or rule.endswith("/content")
