"""The list of software that the box is made of, and the bill of materials as a file for programs."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from appliance import materials as bill
from appliance.access.roles import Permission
from appliance.errors import MaterialsError
from appliance.materials import Material
from appliance.speech import put_together
from web.guard import allow
from web.languages import gettext

materials = Blueprint("materials", __name__)


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of one kind."""

    id: str
    title: str
    parts: tuple[PartView, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """A part as the list shows it."""

    name: str
    version: str
    licence: str
    purpose: str


@materials.get("/parts")
@allow(Permission.SEE_BOX)
def show_parts() -> str:
    """The list, in groups."""
    try:
        found = bill.read()
    except MaterialsError:
        found = ()
    return render_template("materials.html", area="health", groups=_groups(found))


@materials.get("/parts/keepline.cdx.json")
@allow(Permission.SEE_BOX)
def as_cyclonedx() -> Response:
    """The bill as the build made it."""
    try:
        content = bill.text()
    except MaterialsError:
        raise NotFound from None
    response = Response(content, mimetype="application/vnd.cyclonedx+json")
    response.headers["Content-Disposition"] = 'attachment; filename="keepline.cdx.json"'
    return response


def _groups(found: tuple[Material, ...]) -> tuple[Group, ...]:
    of_python = tuple(part for part in found if part.purl.startswith("pkg:pypi/"))
    of_debian = tuple(part for part in found if not part.purl.startswith("pkg:pypi/"))
    chosen = tuple(part for part in of_debian if part.purpose != bill.ASTERISKS_OWN)
    rest = tuple(part for part in of_debian if part.purpose == bill.ASTERISKS_OWN)
    groups: tuple[tuple[str, str, tuple[Material, ...]], ...] = (
        ("python", gettext("Python packages"), of_python),
        ("debian", gettext("Programs from Debian"), chosen),
        ("asterisk", gettext("What Asterisk needs, in a place of its own"), rest),
    )
    return tuple(Group(id, title, tuple(map(_view, parts))) for id, title, parts in groups if parts)


def _view(part: Material) -> PartView:
    return PartView(part.name, part.version, part.licence, _purpose(part))


def _purpose(part: Material) -> str:
    """What it is for; a part that we did not choose is there for others."""
    if part.purpose == bill.PURPOSES.get(part.name):
        return gettext(part.purpose)
    users = part.purpose.removeprefix(put_together(bill.NEEDED_BY, {"names": ""}))
    return gettext(bill.NEEDED_BY, names=users) if users != part.purpose else ""
