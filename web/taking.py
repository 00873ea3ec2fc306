"""Before a message leaves the box as a file, the page asks whether it is for somebody outside the practice, and then for whom and why.

The question stands at the file's own address: asked for by GET it comes, answered by POST the file comes. No answer is in any address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import render_template, request

from appliance.deeds import Act
from appliance.messages import Row
from appliance.store import telling as known
from web import mailboxes, requests, telling, words
from web.languages import gettext
from web.services import here

LONGEST: Final = 200  # letters of a name or a reason
OTHER: Final = "outside"  # for somebody outside the practice


@dataclass(frozen=True, slots=True)
class Answer:
    """The form as it was sent."""

    outside: bool = False
    whom: str = ""
    why: str = ""
    whom_mistake: str = ""
    why_mistake: str = ""

    @property
    def wrong(self) -> bool:
        """Is something missing?"""
        return bool(self.whom_mistake or self.why_mistake)


def ask(row: Row, kind: str) -> str | tuple[str, int] | None:
    """The question as a page; None once it was answered and put on record: then give the file."""
    if request.method != "POST":
        return _page(row, kind, Answer())
    answer = _answered()
    if answer.wrong:
        return _page(row, kind, answer), 400
    telling.taken(row, kind)
    if answer.outside:
        with mailboxes.open_message(row) as message:
            about = known.words(message.header.envelope)
        telling.record(Act.DISCLOSED, row.stamp.id, {"as": kind}, **about, whom=answer.whom, why=answer.why)
    return None


def _answered() -> Answer:
    whom, why = (requests.line(request, name)[:LONGEST] for name in ("whom", "why"))
    outside = request.form.get("goes") == OTHER
    return Answer(
        outside,
        whom,
        why,
        gettext("Say for whom: a name, a practice, an office.") if outside and not whom else "",
        gettext("Say why: what do they need it for?") if outside and not why else "",
    )


def _page(row: Row, kind: str, answer: Answer) -> str:
    return render_template(
        "take.html",
        area="inbox",
        id=row.stamp.id,
        kind=kind.upper(),
        path=request.path,
        when=words.in_full(row.stamp.arrived_at, here().zone),
        answer=answer,
        longest=LONGEST,
    )
