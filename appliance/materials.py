"""The software that this box is made of, as a bill of materials in CycloneDX 1.6: made by the build for the very environment it has installed, shown by page
and command.

It holds no time, no serial number and no path: the same parts always give the same file.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from appliance.errors import MaterialsError
from appliance.speech import put_together, spoken

FILE: Final = Path(sys.prefix) / "keepline.cdx.json"  # in the environment that it describes
OURSELVES: Final = "keepline"
ASTERISKS_OWN: Final = "Asterisk's own Debian, beside this one"
NEEDED_BY: Final = spoken("needed by %(names)s")
LONGEST_LICENCE: Final = 100  # letters; some packages put the whole text where the name belongs

PURPOSES: Final = {  # why we took it; what is not here came because another part needs it
    "alembic": spoken("changes the index's tables when a version needs it"),
    "apscheduler": spoken("wakes the purge"),
    "asterisk": spoken("takes calls from the telephone adapter (SIP)"),
    "chromium": spoken("tests the page"),
    "cryptography": spoken("seals and opens: every key and message passes through it"),
    "debootstrap": spoken("unpacks Asterisk where Debian itself has none"),
    "debian-archive-keyring": spoken("checks the signatures of what is unpacked"),
    "espeak-ng": spoken("speaks the prompts that callers hear"),
    "flask": spoken("answers the page's requests"),
    "flask-babel": spoken("speaks the page's languages"),
    "gpiozero": spoken("lamps and lock button"),
    "granian": spoken("serves the page (HTTP over TLS 1.3)"),
    "iproute2": spoken("finds this machine's address when it is installed"),
    "keepline": spoken("calls, faxes, sealing, page"),
    "lgpio": spoken("the pins of a Raspberry Pi"),
    "nftables": spoken("the firewall"),
    "pillow": spoken("draws the pages of faxes"),
    "pip": spoken("installs Python packages, each checked against its hash"),
    "pyotp": spoken("one-time codes"),
    "pyserial": spoken("fax modem and console"),
    "pyst2": spoken("speaks with Asterisk"),
    "python3-venv": spoken("the Python that all of this runs on"),
    "rich": spoken("the tables of the keepline command"),
    "sdnotify": spoken("tells systemd that the daemon lives"),
    "segno": spoken("the recovery sheet's square code"),
    "setuptools": spoken("installs Keepline"),
    "sox": spoken("gives the prompts the sound of a telephone"),
    "sqlalchemy": spoken("the index of messages"),
    "systemd": spoken("starts each program as a user of its own, with nothing else in reach"),
    "util-linux": spoken("gives up rights before a program starts"),
    "webauthn": spoken("passkeys"),
}
LICENCES: Final = {  # as the packages' old-style classifiers name them
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


@dataclass(frozen=True, slots=True)
class Material:
    """One piece of software."""

    name: str
    version: str
    licence: str  # "" where its package tells it only in a text of its own (Debian: /usr/share/doc/NAME/copyright)
    purpose: str
    purl: str  # https://github.com/package-url/purl-spec
    needs: tuple[str, ...] = ()  # purls


def of_python() -> tuple[Material, ...]:
    """Every Python package of the environment that runs this, by name."""
    there = {_known_as(package.name): package for package in metadata.distributions()}
    needed = {name: tuple(sorted(set(_required(package)) & there.keys())) for name, package in there.items()}
    return tuple(
        Material(
            name=name,
            version=package.version,
            licence=_licence(package.metadata),
            purpose=PURPOSES.get(name) or _needed_by(name, needed),
            purl=_of_pypi(name, package.version),
            needs=tuple(_of_pypi(other, there[other].version) for other in needed[name]),
        )
        for name, package in sorted(there.items())
    )


def of_debian(names: Iterable[str], root: Path | None = None, purpose: str = "") -> tuple[Material, ...]:
    """The Debian packages of these names (patterns, as dpkg-query has them); `root`: those of a system that lies there. None is no mistake."""
    names = tuple(names)
    if not names:
        return ()
    where = [f"--admindir={root}/var/lib/dpkg"] if root else []
    shown = "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n"
    try:
        done = subprocess.run(
            ["dpkg-query", *where, "--show", f"--showformat={shown}", *names],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise MaterialsError from error
    rows = sorted({tuple(line.split("\t")) for line in done.stdout.splitlines() if line.startswith("installed\t")})
    return tuple(
        Material(name, version, "", _purpose(name, purpose), f"pkg:deb/debian/{name}@{_escaped(version)}?arch={arch}")
        for _, name, version, arch in rows
    )


def as_cyclonedx(materials: Sequence[Material]) -> dict[str, Any]:
    """The bill, ready for JSON; the part that is Keepline itself is what the bill is about."""
    ours = next(part for part in materials if part.name == OURSELVES)
    unique = {
        part.purl: part for part in reversed(materials) if part is not ours
    }  # Asterisk's Debian may be this one's like
    others = sorted(unique.values(), key=lambda part: (not part.purl.startswith("pkg:pypi/"), part.purl))
    known = {part.purl for part in materials}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(ours, "application")},
        "components": [_component(part, "library") for part in others],
        "dependencies": [{"ref": part.purl, "dependsOn": sorted(set(part.needs) & known)} for part in (ours, *others)],
    }


def write(materials: Sequence[Material]) -> None:
    """Write the bill. Raises `MaterialsError`."""
    try:
        FILE.write_text(json.dumps(as_cyclonedx(materials), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise MaterialsError from error


def text() -> str:
    """The bill as it was made. Raises `MaterialsError` when there is none."""
    try:
        return FILE.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MaterialsError from error


def read() -> tuple[Material, ...]:
    """What the bill lists, Keepline first. Raises `MaterialsError`."""
    try:
        bill = json.loads(text())
        return tuple(_material(found) for found in (bill["metadata"]["component"], *bill["components"]))
    except (ValueError, KeyError, TypeError) as error:
        raise MaterialsError from error


def _purpose(name: str, of_all: str) -> str:
    return of_all if of_all and name != "asterisk" else PURPOSES.get(name, "")


def _component(part: Material, kind: str) -> dict[str, Any]:
    told: dict[str, Any] = {"type": kind, "bom-ref": part.purl, "name": part.name, "version": part.version}
    if part.purpose:
        told["description"] = part.purpose
    if part.licence:
        told["licenses"] = [{"license": {"name": part.licence}}]
    return told | {"purl": part.purl}


def _material(found: dict[str, Any]) -> Material:
    licence = next((told["license"]["name"] for told in found.get("licenses", ())), "")
    return Material(found["name"], found["version"], licence, found.get("description", ""), found["purl"])


def _required(package: metadata.Distribution) -> Iterator[str]:
    for line in package.requires or ():
        requirement, _, marker = line.partition(";")
        if "extra" not in marker and (named := re.match(r"[A-Za-z0-9._-]+", requirement)):
            yield _known_as(named[0])


def _needed_by(name: str, needed: dict[str, tuple[str, ...]]) -> str:
    users = [user for user, needs in needed.items() if name in needs]
    return put_together(NEEDED_BY, {"names": ", ".join(users)}) if users else ""


def _licence(told: metadata.PackageMetadata) -> str:
    if expression := _first(told, "License-Expression"):
        return expression
    classified = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if "License ::" in line]
    short = _first(told, "License")
    if short and short != "UNKNOWN" and "\n" not in short and len(short) <= LONGEST_LICENCE:
        return short
    return " AND ".join(LICENCES.get(name, name) for name in classified)


def _first(told: metadata.PackageMetadata, field: str) -> str:
    return next((value.strip() for value in told.get_all(field) or ()), "")


def _known_as(name: str) -> str:
    """PEP 503: one spelling for all."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _of_pypi(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{_escaped(version)}"


def _escaped(version: str) -> str:
    return version.replace("+", "%2B").replace(":", "%3A")
