"""Faxes as practices get them: a letter with a head, lines to read and a signature, in the resolutions of fax."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from appliance.fax import tiff
from appliance.fax.tiff import Page, Strip
from appliance.messages import Envelope, Kind
from appliance.store.age_file import seal
from appliance.store.inbox import Inbox, RingSet
from appliance.store.slots import Word
from tests.fax.pictures import to_rows
from tests.web.practice import SLOTS, Practice

PART = 16_000  # octets
WIDTH, LENGTH = 1728, 2156
WORDS = """
patient referred for evaluation of tooth pain lower left since three weeks radiograph enclosed please advise on treatment and follow up appointment
allergic to penicillin current medication none blood pressure normal extraction not urgent thank you for seeing
"""


@cache
def letter(number: int = 1, down: int = 196, width: int = WIDTH) -> Strip:
    """Page `number` of a referral, 204 picture elements an inch across and `down` rows."""
    picture = Image.new("1", (width, LENGTH), 255)
    draw = ImageDraw.Draw(picture)
    words = random.Random(number)
    draw.rectangle((120, 110, 210, 200), fill=0)
    draw.rectangle((140, 148, 190, 162), fill=1)
    draw.rectangle((158, 130, 172, 180), fill=1)
    draw.text((240, 100), "Westside Orthodontics", fill=0, font=ImageFont.load_default(64))
    draw.text(
        (240, 172), "18 Harbor Street   Tel 555 010 2000   Fax 555 010 2001", fill=0, font=ImageFont.load_default(30)
    )
    draw.line((120, 240, width - 120, 240), fill=0, width=4)
    draw.text((120, 300), f"Referral, page {number}", fill=0, font=ImageFont.load_default(48))
    for top in range(420, LENGTH - 420, 48):
        line = " ".join(words.choice(WORDS.split()) for _ in range(13))
        draw.text((120, top), line, fill=0, font=ImageFont.load_default(32))
    draw.line([(140 + 6 * x, LENGTH - 260 + words.randint(-40, 40)) for x in range(60)], fill=0, width=4)
    draw.text((140, LENGTH - 190), "Dr. A. Featherstone", fill=0, font=ImageFont.load_default(32))
    if down != 196:
        picture = picture.resize((width, LENGTH * down // 196))
    return tiff.encode(Page(to_rows(picture), width, 204, down))


def leave_fax(
    practice: Practice, strips: list[Strip], envelope: Envelope | None = None, at: float | None = None
) -> str:
    """A fax of these pages has come; its id."""
    return leave_file(practice, tiff.assemble(strips), replace(envelope or Envelope(), pages=len(strips)), at)


def leave_file(practice: Practice, octets: bytes, envelope: Envelope, at: float | None = None) -> str:
    """A fax whose file is this."""
    present, practice.clock.wall = practice.clock.wall, practice.clock.wall if at is None else at
    try:
        delivery = practice.inbox.begin(Kind.FAX, "front-desk", envelope)
        for start in range(0, len(octets), PART):
            delivery.append(octets[start : start + PART])
        return delivery.finish(envelope).stamp.id
    finally:
        practice.clock.wall = present


def lose_power_during(practice: Practice, strips: list[Strip], rest: bytes, envelope: Envelope) -> None:
    """The power goes when these pages, and perhaps the beginning of another, are kept; and returns."""
    delivery, file = practice.inbox.begin(Kind.FAX, "front-desk", envelope), tiff.Growing()
    for strip in strips:
        delivery.append(file.add(strip))
    if rest:
        piece = seal(rest, [delivery._recipient])
        delivery.arrival.ring.append([(piece, len(rest))], Word.PART)  # of which the last slot never came
    practice.inbox.close()
    practice.inbox = Inbox(practice.folder, RingSet(2, SLOTS), practice.clock)
    assert practice.inbox.start() == 1
