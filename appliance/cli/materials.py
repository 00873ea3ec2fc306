"""`keepline parts`: the software that this box is made of."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from appliance.cli import output, verbs
from appliance.cli.verbs import Verb
from appliance.settings import Settings


def show(given: Namespace, settings: Settings) -> None:
    """`keepline parts`: the list, as CycloneDX with --json; with --make it is made anew for what is installed now."""
    from appliance import materials

    if given.make:
        found = materials.of_python() + materials.of_debian(given.debian)
        if given.asterisk is None:
            found += materials.of_debian(["asterisk*"])
        else:
            found += materials.of_debian(["*"], given.asterisk, materials.ASTERISKS_OWN)
        materials.write(found)
        output.say(f"The list of {len(found)} parts is made.")
    elif given.json:
        print(materials.text(), end="")
    else:
        rows = [(part.name, part.version, part.licence, part.purpose) for part in materials.read()]
        output.table("", ("Part", "Version", "Licence", "What for"), rows, "")


def _arguments(parser: ArgumentParser) -> None:
    verbs.as_json(parser)
    parser.add_argument("--make", action="store_true", help="make the list anew; install.sh does that")
    parser.add_argument(
        "--debian", nargs="*", default=(), metavar="NAME", help="with --make: Debian packages that belong to it"
    )
    parser.add_argument(
        "--asterisk", type=Path, metavar="FOLDER", help="with --make: the Debian that Asterisk lies in, if not this one"
    )


VERBS = (
    Verb(
        ("parts",),
        "the software that this box is made of, with versions and licences",
        show,
        _arguments,
        keeps_root=True,
    ),
)
