"""The record for whoever answers for it: who did what and when, found by person, deed, message and day; whether it is whole; and all of it to take along."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import chain, ledger, people, testimony
from appliance.access.chain import Line, Verdict
from appliance.access.ledger import Filter
from appliance.access.roles import Permission
from appliance.deeds import Act, Deed
from appliance.errors import NotFoundedError, RecordError, StoreError
from appliance.store.keys import Identity
from web import health, record_words, telling, words
from web.guard import allow, session
from web.languages import gettext, number, tell
from web.record_words import GROUPS
from web.services import here

record = Blueprint("record", __name__)

PAGE: Final = 50  # lines
THE_BOX: Final = "*box"  # in addresses; no log-in name has a star
LONGEST: Final = 64  # letters of what is filtered by
PATIENCE: Final = 0.5  # s: a verification that is over by then shows no progress
MOST_FLAWS: Final = 20  # that are listed


@dataclass(frozen=True, slots=True)
class LineView:
    """A line as the page shows it."""

    sequence: int
    when: str
    machine: str
    doubtful: bool  # the clock could not be trusted then
    who: str
    did: str
    about: str  # the subject, in words
    link: str  # to the message, where there is one for this person
    details: tuple[str, ...]
    private: tuple[tuple[str, str], ...]  # what was sealed, opened
    sealed: bool  # there is something that this person cannot open


@dataclass(frozen=True, slots=True)
class DoersView:
    """Some of those whose lines can be shown alone."""

    title: str
    who: tuple[tuple[str, str], ...]  # as it stands in the address, and in words


@dataclass(frozen=True, slots=True)
class VerifiedView:
    """What came of a verification."""

    when: str
    lines: int
    count: str  # of them, as the reader writes it
    flaws: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the form."""

    who: str = ""
    what: str = ""
    message: str = ""
    since: str = ""
    until: str = ""

    @property
    def any(self) -> bool:
        """Is anything filtered?"""
        return bool(self.who or self.what or self.message or self.since or self.until)

    def to_query(self) -> dict[str, str]:
        """For addresses. Nothing of a patient is in it."""
        named = {"who": self.who, "what": self.what, "message": self.message, "from": self.since, "to": self.until}
        return {name: value for name, value in named.items() if value}


@record.get("/record")
@allow(Permission.SEE_RECORD)
def show() -> str:
    """The newest lines that fit the filters."""
    return _page()


@record.post("/record/verify")
@allow(Permission.SEE_RECORD)
def verify() -> AnyResponse:
    """Every line of the record is verified now."""
    me, control = session().person.name, here().control

    def put_on_record(found: Verdict) -> None:
        detail = {"what": "record", "found": str(len(found.flaws)), "lines": str(found.lines)}
        control.record(Deed(Act.CHECKED, me, detail=detail))

    here().verifying.run(put_on_record)
    here().verifying.join(PATIENCE)
    return redirect(url_for("record.show_verifying"), 303)


@record.get("/record/verify")
@allow(Permission.SEE_RECORD, activity=False)
def show_verifying() -> AnyResponse | str:
    """How far it is; at its end, back to the record, where what came of it stands on top."""
    work = here().verifying
    if not work.at_work:
        return redirect(url_for("record.show"), 303)
    return render_template("record_verifying.html", area="record", work=work, count=number(work.lines))


@record.get("/parts/verifying")
@allow(Permission.SEE_RECORD, activity=False)
def verifying_part() -> str:
    """Likewise, for the page that keeps itself fresh; nothing at its end."""
    work = here().verifying
    return render_template("_verifying.html", work=work, count=number(work.lines)) if work.at_work else ""


@record.post("/record/record.csv")
@allow(Permission.EXPORT_RECORD)
def as_csv() -> Response:
    """What fits the filters, for a spreadsheet. That it was taken along stands in the record."""
    with _taken("csv") as (found, key):
        return _file(ledger.as_csv(found, key, here().zone), "text/csv", "csv")


@record.post("/record/record.json")
@allow(Permission.EXPORT_RECORD)
def as_json() -> Response:
    """The same, for a program."""
    with _taken("json") as (found, key):
        text = json.dumps(list(ledger.as_rows(found, key)), indent=1, ensure_ascii=False)
        return _file(text, "application/json", "json")


@contextmanager
def _taken(kind: str) -> Iterator[tuple[list[Line], Identity | None]]:
    asked = _asked()
    telling.record(Act.EXPORTED, detail={"as": kind} | ({"part": asked.what or "filtered"} if asked.any else {}))
    found = list(ledger.newest(here().folder, _filter(asked)))
    found.reverse()
    with _key() as key:
        yield found, key


def _file(text: str, kind: str, ending: str) -> Response:
    response = Response(text, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="keepline-record.{ending}"'
    return response


def _page() -> str:
    asked, before = _asked(), request.args.get("before", "")
    found = list(itertools.islice(_newest(asked, before), PAGE + 1))
    shown, more = found[:PAGE], len(found) > PAGE
    with _key() as key:
        kept = ledger.kept(here().folder, {line.deed.subject for line in shown}) if key else {}
        views = [_view(line, key, kept) for line in shown]
    older = _address(asked.to_query() | {"before": str(shown[-1].sequence)}) if more else ""
    return render_template(
        "record.html",
        area="record",
        lines=views,
        asked=asked,
        query=asked.to_query(),
        older=older,
        paged=bool(before),
        doers=_doers(asked.who),
        groups=[(name, gettext(title)) for name, (title, _) in GROUPS.items()],
        verified=_verified(),
        verifying=here().verifying,
        mistake=tell(here().verifying.mistake),
        state=_state(),
        head=_head(),
    )


def _address(query: dict[str, str]) -> str:
    return f"{url_for('record.show')}?{urlencode(query)}"


def _newest(asked: Asked, before: str) -> Iterator[Line]:
    return ledger.newest(here().folder, _filter(asked), int(before) if before.isdecimal() and len(before) < 12 else 0)


def _asked() -> Asked:
    def given(name: str) -> str:
        text = request.args.get(name, "").strip()
        return text if len(text) <= LONGEST and text.isprintable() else ""

    what, message = given("what"), given("message").lower()
    return Asked(
        given("who").lower(),
        what if what in GROUPS else "",
        message if all(sign in "0123456789abcdef" for sign in message) else "",
        *(day if _day(day) else "" for day in (given("from"), given("to"))),
    )


def _doers(asked: str) -> list[DoersView]:
    """Everybody by whom there are lines, and whoever is asked for."""
    present = [person.name for person in people.list_people(here().folder)]
    try:
        known = here().doers.names()
    except RecordError:  # the page says so above
        known = frozenset()
    others = [name for name in ("", *record_words.OTHERS) if name in known and name not in present]
    left = sorted(known - {"", *record_words.OTHERS, *present})
    if asked and asked != THE_BOX and asked not in known | set(present):
        left.append(asked)
    groups = (
        (gettext("People"), present),
        (gettext("No longer here"), left),
        (gettext("Without a person’s name"), others),
    )
    return [
        DoersView(title, tuple((name or THE_BOX, record_words.doer(name)) for name in names))
        for title, names in groups
        if names
    ]


def _filter(asked: Asked) -> Filter:
    since, until = _day(asked.since), _day(asked.until)
    acts = GROUPS[asked.what][1] if asked.what else frozenset()
    end = _start(until + timedelta(days=1)) if until else None
    by = None if not asked.who else "" if asked.who == THE_BOX else asked.who
    return Filter(by, acts, asked.message, _start(since) if since else None, end)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1971 <= found.year <= 9000 else None


def _start(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=here().zone).timestamp()


@contextmanager
def _key() -> Iterator[Identity | None]:
    """What opens sealed words, for those who hold the practice key."""
    if not session().person.may_read:
        yield None
        return
    try:
        key = testimony.open_key(here().folder, session().practice)
    except (StoreError, NotFoundedError, OSError):  # none was made yet, or its file is damaged
        yield None
        return
    with key:
        yield key


def _view(line: Line, key: Identity | None, kept: dict[str, Line]) -> LineView:
    deed, zone = line.deed, here().zone
    private = ledger.opened(line, key)
    if not private and key and (origin := kept.get(deed.subject)):
        private = ledger.opened(origin, key)
    is_message = len(deed.subject) == 32 and session().person.may(Permission.READ_MESSAGES)
    return LineView(
        sequence=line.sequence,
        when=words.in_full(line.at, zone),
        machine=words.machine(line.at, zone),
        doubtful=not line.trusted,
        who=record_words.who(deed),
        did=record_words.did(deed),
        about=record_words.about(deed),
        link=url_for("inbox.show_message", id=deed.subject) if is_message and deed.act is not Act.REMOVED else "",
        details=record_words.details(deed),
        private=record_words.private(private),
        sealed=bool(deed.sealed) and not private,
    )


def _verified() -> VerifiedView | None:
    """What came of the last verification that somebody wanted."""
    outcome = here().verifying.outcome
    if outcome is None:
        return None
    flaws = tuple(map(_flaw, outcome.verdict.flaws[:MOST_FLAWS]))
    lines = outcome.verdict.lines
    return VerifiedView(words.in_full(outcome.at, here().zone), lines, number(lines), flaws)


def _flaw(flaw: chain.Flaw) -> str:
    return gettext("Line %(n)s: %(what)s.", n=flaw.sequence, what=gettext(record_words.BREAKS[flaw.trouble]))


def _state() -> health.PartView | None:
    """What came of the last comparison with the store."""
    found = health.look()
    part = next((part for part in found.parts if part.name == "Record"), None) if found else None
    return health.part_view(part) if part else None


def _head() -> str:
    found = health.look()
    return health.head(found.record) if found and found.record else ""
