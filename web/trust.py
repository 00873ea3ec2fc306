"""HTTPS without warnings: how a computer or telephone is told to trust the box, with everything it needs to fetch; and what the page does once it does."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask import Blueprint, Response, render_template, request

from appliance.access import certificates
from appliance.access.certificates import Ca
from web import installers
from web.guard import TRUSTS, YEAR, unclaimed
from web.languages import spoken
from web.services import here

trust = Blueprint("trust", __name__)


class System(StrEnum):
    """What the page is looked at with."""

    WINDOWS = "windows"
    MAC = "mac"
    IOS = "ios"
    ANDROID = "android"
    FIREFOX = "firefox"
    LINUX = "linux"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: in words, and as a picture where there is one (`web/templates/trust_pictures.html`)."""

    words: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """How one system is told."""

    system: System
    title: str
    file: str  # the endpoint of what is fetched first
    file_words: str
    steps: tuple[Step, ...]
    lines: tuple[str, ...] = ()  # to be typed


GUIDES: Final = (
    Guide(
        System.WINDOWS,
        spoken("Windows"),
        "trust.commands",
        spoken("Fetch the file for Windows"),
        (
            Step(
                spoken(
                    "Open the file that was fetched. If Windows says that it protected your PC, choose “More info” and “Run "
                    "anyway”: the file comes from this box and from no shop."
                ),
                "windows-warning",
            ),
            Step(
                spoken(
                    "A black window shows the fingerprint. Compare it with the one on the box’s own console, and press Y when they are the same."
                ),
                "windows-console",
            ),
            Step(spoken("Windows asks once more. Choose “Yes”."), "windows-yes"),
            Step(
                spoken(
                    "Close the browser and open it again. Edge, Chrome and Firefox all trust the box now, for your Windows account."
                )
            ),
        ),
    ),
    Guide(
        System.MAC,
        spoken("macOS"),
        "trust.crt",
        spoken("Fetch the certificate"),
        (
            Step(
                spoken(
                    "Open the file that was fetched. Keychain Access opens; if it asks where to add it, choose “login”."
                )
            ),
            Step(
                spoken(
                    "Find “%(name)s” in the list and open it with two clicks. Compare the SHA-256 fingerprint below “Details”."
                ),
                "mac-list",
            ),
            Step(spoken("Below “Trust”, beside “Secure Sockets Layer (SSL)”, choose “Always Trust”."), "mac-trust"),
            Step(spoken("Close the window; your Mac asks for its own password. Then open the browser again.")),
        ),
        (
            "security add-trusted-cert -r trustRoot -p ssl -k ~/Library/Keychains/login.keychain-db ~/Downloads/keepline.crt",
        ),
    ),
    Guide(
        System.IOS,
        spoken("iPhone and iPad"),
        "trust.profile",
        spoken("Fetch the profile"),
        (
            Step(spoken("Do this in Safari. When it asks, allow the profile to be downloaded.")),
            Step(
                spoken("Open Settings. At the top stands “Profile Downloaded”: open it and choose “Install”."),
                "ios-profile",
            ),
            Step(
                spoken(
                    "In Settings open General, About, and at the very end Certificate Trust Settings. Switch “%(name)s” on. "
                    "Without this last step the warning stays."
                ),
                "ios-trust",
            ),
        ),
    ),
    Guide(
        System.ANDROID,
        spoken("Android"),
        "trust.crt",
        spoken("Fetch the certificate"),
        (
            Step(
                spoken(
                    "Open Settings and search there for “CA certificate”. (It stands below Security and privacy, More security "
                    "settings, Encryption and credentials, Install a certificate.)"
                ),
                "android-list",
            ),
            Step(
                spoken(
                    "Choose “CA certificate”, then “Install anyway”, and the file keepline.crt among the downloads."
                ),
                "android-anyway",
            ),
            Step(
                spoken(
                    "Chrome trusts the box now. The telephone needs a screen lock for this, and says from time to time that the "
                    "network may be watched: that is a general notice."
                )
            ),
        ),
    ),
    Guide(
        System.FIREFOX,
        spoken("Firefox"),
        "trust.crt",
        spoken("Open the certificate"),
        (
            Step(
                spoken(
                    "On Windows, macOS and Android Firefox follows the system: do what stands there, and here nothing. Otherwise "
                    "Firefox asks now whether to trust a new authority."
                )
            ),
            Step(
                spoken(
                    "Choose “View” and compare the SHA-256 fingerprint. Then tick “Trust this CA to identify websites” and choose OK."
                ),
                "firefox-tick",
            ),
        ),
    ),
    Guide(
        System.LINUX,
        spoken("Linux"),
        "trust.pem",
        spoken("Fetch the certificate"),
        (
            Step(
                spoken(
                    "Type this in a terminal. The first line tells the system; the second tells Chrome and Chromium, and needs the "
                    "package libnss3-tools."
                )
            ),
        ),
        (
            "sudo install -m 644 ~/Downloads/keepline.pem /usr/local/share/ca-certificates/keepline.crt && sudo update-ca-certificates",
            'certutil -d sql:"$HOME/.pki/nssdb" -A -t C,, -n Keepline -i ~/Downloads/keepline.pem',
        ),
    ),
)

# the first that occurs in what the browser calls itself; only which section stands first hangs on it
_SIGNS: Final = (
    ("iphone", System.IOS),
    ("ipad", System.IOS),
    ("android", System.ANDROID),
    ("windows", System.WINDOWS),
    ("macintosh", System.MAC),
    ("firefox", System.FIREFOX),
    ("linux", System.LINUX),
)


@trust.get("/trust")
@unclaimed
def show() -> str:
    """The page that says how."""
    ca, present = _ca(), system(request.user_agent.string)
    found = ca.fingerprint()
    guides = sorted(GUIDES, key=lambda guide: guide.system is not present)
    names = here().settings.page.names
    return render_template(
        "trust.html",
        guides=guides,
        present=present,
        name=ca.name,
        lines=found.lines(),
        short=found.short(),
        named=[_address(name) for name in names if not _is_number(name) and name != "localhost"],
        numbered=[_address(name) for name in names if _is_number(name) and not ipaddress.ip_address(name).is_loopback],
    )


@trust.get("/trust/keepline.crt")
@unclaimed
def crt() -> Response:
    """The certificate in binary form. Its own SHA-256 is the fingerprint. Not as an attachment: so Firefox offers to trust it."""
    return Response(_ca().der, mimetype="application/x-x509-ca-cert")


@trust.get("/trust/keepline.pem")
@unclaimed
def pem() -> Response:
    """The certificate as text."""
    return _file(_ca().pem, "application/x-pem-file", "keepline.pem")


@trust.get("/trust/keepline.mobileconfig")
@unclaimed
def profile() -> Response:
    """For iPhone, iPad and Mac."""
    made = installers.profile(_ca(), here().settings.practice.name)
    return _file(made, "application/x-apple-aspen-config", "keepline.mobileconfig")


@trust.get("/trust/keepline-trust.cmd")
@unclaimed
def commands() -> Response:
    """For Windows."""
    return _file(installers.commands(_ca()), "application/octet-stream", "keepline-trust.cmd")


@trust.post("/trusted")
@unclaimed
def remember() -> Response:
    """This browser has shown that it trusts the certificate (`static/trusted.js`): from now on it is told to insist on that for a year."""
    response = Response(status=204)
    response.set_cookie(TRUSTS, "yes", max_age=YEAR, secure=True, httponly=True, samesite="Strict", path="/")
    return response


def system(agent: str) -> System:
    """What a browser that calls itself `agent` seems to run on; Windows when it does not say."""
    low = agent.lower()
    return next((found for sign, found in _SIGNS if sign in low), System.WINDOWS)


def _ca() -> Ca:
    return certificates.files(here().folder).ca()


def _address(name: str) -> str:
    port, shown = here().settings.page.port, f"[{name}]" if ":" in name else name
    return f"https://{shown}" if port == 443 else f"https://{shown}:{port}"


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _file(octets: bytes, media_type: str, name: str) -> Response:
    response = Response(octets, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
