"""The files that make a device trust the box: read by the systems' own tools where we have them, and by their rules where we have not."""

from __future__ import annotations

import base64
import plistlib
import re
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from appliance.access import certificates
from appliance.access.certificates import Ca
from web import installers


@pytest.fixture
def ca(tmp_path: Path) -> Ca:
    return certificates.ensure(tmp_path, ("keepline.local", "192.168.1.5"), time.time()).ca()


def openssl(form: str, octets: bytes, *what: str) -> str:
    command = ["openssl", "x509", "-inform", form, "-noout", *what]
    return subprocess.run(command, input=octets, capture_output=True, check=True).stdout.decode()


def test_both_forms_are_the_same_certificate_to_openssl(ca: Ca) -> None:
    shown = openssl("DER", ca.der, "-fingerprint", "-sha256", "-subject")
    assert shown == openssl("PEM", ca.pem, "-fingerprint", "-sha256", "-subject")
    found = ca.fingerprint()
    assert found.sha256 in shown.replace(":", "")
    assert found.sha1 in openssl("DER", ca.der, "-fingerprint", "-sha1").replace(":", "")
    assert ca.name in shown
    assert "".join(found.lines()).replace(" ", "") == found.sha256
    assert found.short().replace(" ", "") == found.sha1


def test_the_profile_is_one_trusted_root_and_nothing_else(ca: Ca) -> None:
    read = plistlib.loads(installers.profile(ca, "Elm & Street <Dental>"))
    assert (read["PayloadType"], read["PayloadVersion"], read["PayloadRemovalDisallowed"]) == (
        "Configuration",
        1,
        False,
    )
    assert "Elm & Street <Dental>" in read["PayloadDisplayName"]
    [root] = read["PayloadContent"]
    assert (root["PayloadType"], root["PayloadVersion"]) == ("com.apple.security.root", 1)
    assert root["PayloadContent"] == ca.der
    assert root["PayloadIdentifier"].startswith(read["PayloadIdentifier"] + ".")
    assert len({uuid.UUID(read["PayloadUUID"]), uuid.UUID(root["PayloadUUID"])}) == 2


def test_the_same_certificate_makes_the_same_profile_and_another_makes_another(ca: Ca, tmp_path: Path) -> None:
    assert installers.profile(ca, "Elm") == installers.profile(ca, "Elm")
    other = certificates.ensure(tmp_path / "other", ("keepline.local",), time.time()).ca()
    theirs = plistlib.loads(installers.profile(other, "Elm"))
    assert theirs["PayloadUUID"] != plistlib.loads(installers.profile(ca, "Elm"))["PayloadUUID"]


def written(script: str) -> str:
    """What the block of `echo` lines writes into the .pem file."""
    block = script.split('>"%pem%" (\r\n')[1].split("\r\n)\r\n", maxsplit=1)[0]
    lines = block.split("\r\n")
    assert all(line.startswith("echo ") for line in lines)
    return "\n".join(line.removeprefix("echo ") for line in lines) + "\n"


def test_the_command_file_carries_the_whole_certificate(ca: Ca) -> None:
    script = installers.commands(ca).decode("ascii")
    assert openssl("PEM", written(script).encode(), "-fingerprint", "-sha256") == openssl(
        "DER", ca.der, "-fingerprint", "-sha256"
    )
    for line in (*ca.fingerprint().lines(), ca.fingerprint().short()):
        assert f"echo  {line}\r\n" in script


def test_the_command_file_keeps_to_the_rules_of_cmd(ca: Ca) -> None:
    script = installers.commands(ca).decode(
        "ascii"
    )  # cmd reads it in the machine's code page: nothing but ASCII is safe
    lines = script.split("\r\n")
    assert "\n" not in "".join(lines)  # cmd loses its labels in files with bare line feeds
    assert all(len(line) < 8191 for line in lines)  # the longest line that cmd takes
    labels = {line.removeprefix(":") for line in lines if line.startswith(":")}
    assert set(re.findall(r"goto (\w+)", script)) <= labels
    assert set(re.findall(r"%(\w+)%", script)) == {"TEMP", "RANDOM", "pem", "cer"}
    assert re.sub(r"%\w+%", "", script).count("%") == 0
    for line in lines:
        outside = re.sub(r'"[^"]*"', "", line)
        if line.startswith("echo"):
            assert not set("&|<>^") & set(outside), line
    assert not set("&|<>^()%!") & set(written(script).replace("\n", ""))  # nothing in base64 means anything to cmd
    assert lines.index(")") > lines.index('>"%pem%" (')


def test_the_command_file_asks_before_it_adds_and_needs_no_administrator(ca: Ca) -> None:
    script = installers.commands(ca).decode("ascii")
    shown, asked, added = (script.index(word) for word in ("-hashfile", "choice /C YN", "-addstore"))
    assert shown < asked < added
    assert "certutil -user -addstore Root" in script
    assert script.index("if errorlevel 2 goto refused") < added
    for word in ("http:", "https:", "powershell", "runas", "bitsadmin", "-urlcache"):
        assert word not in script.lower()


def test_base64_of_any_certificate_survives_echo() -> None:
    """A line of `echo` that is one of its own words would write nothing: base64 lines never are."""
    for octets in (bytes(range(256)) * 3, b"\xa2\x79" * 400):
        ca = Ca(octets, b"", "x")
        body = written(installers.commands(ca).decode("ascii")).split("\n")[1:-2]
        assert base64.b64decode("".join(body)) == octets
        assert not {line.lower() for line in body} & {"on", "off", "/?", ""}
