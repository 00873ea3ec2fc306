"""`keepline modem detect` and `keepline modem test`: which modems there are, and what each can do. Needs neither daemon nor store."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.cli import output
from appliance.errors import ModemRefusedError, SerialError, UsageError
from appliance.fax.class1 import Class1
from appliance.fax.modem_test import Examination, Finding, Verdict, lists_class_1
from appliance.fax.profiles import GENERIC, PROFILES, Profile, recognise, recognise_usb
from appliance.serial_devices import SerialDevice, find_devices, look_at
from appliance.serial_port import SerialPort


@dataclass(frozen=True, slots=True)
class Found:
    """A serial port and what is behind it."""

    device: str  # the name that stays, if it has one
    path: str
    usb: str
    title: str
    is_fax: bool
    profile: str  # "" when nothing is known
    state: str  # in words


def detect(given: Namespace, find: Callable[[], tuple[SerialDevice, ...]] = find_devices) -> None:
    """`keepline modem detect`: looks at the serial ports; asks only what is a modem by its kind of port, free, and ours to use."""
    if given.device and not given.device.exists():
        raise SerialError(f"{given.device} is not there. Without --device every serial port is looked at.")
    devices = (look_at(given.device),) if given.device else find()
    found = [_look(device, ask=bool(given.device) or given.all or _is_modem(device)) for device in devices]
    if given.json:
        output.as_json(found)
        return
    rows = [(item.device, item.title or item.usb, item.profile, item.state) for item in found]
    output.table("", ("Device", "Says on USB", "Profile", "What it is"), rows, _NOTHING)
    for profile in dict.fromkeys(item.profile for item in found if item.is_fax):
        for quirk in PROFILES[profile].quirks:
            output.say(f"{profile}: {quirk.what} ({quirk.source})")


def test(given: Namespace) -> None:
    """`keepline modem test`: tries each command. Raises `ModemRefusedError` when the modem cannot be used."""
    profile = _profile(given.profile)
    port = SerialPort(given.device, profile.speed, hardware_flow=profile.hardware_flow)
    try:
        examination = Examination(Class1(port, time.monotonic, profile), time.monotonic, profile)
        examination.run(off_hook=given.line)
    finally:
        port.close()
    if given.json:
        output.as_json(_as_values(given.device, examination))
    else:
        _tell(examination, off_hook=given.line)
    if not examination.usable:
        raise ModemRefusedError(f"{given.device} cannot be used for faxes as it is: see above what fails, and why.")


def _is_modem(device: SerialDevice) -> bool:
    """Is it a modem by what USB says? Anything else behind a serial port might take our questions for something else."""
    return recognise_usb(device.usb) is not None or device.path.name.startswith("ttyACM")


def _look(device: SerialDevice, *, ask: bool) -> Found:
    known = recognise_usb(device.usb)
    if device.users:
        return _found(device, known, f"in use by {', '.join(device.users)}: left alone", is_fax=known is not None)
    if not ask:
        return _found(device, known, "not looked at: it need not be a modem (--all asks it, too)")
    try:
        port = SerialPort(device.path, GENERIC.speed)
    except SerialError as error:
        return _found(device, known, str(error), is_fax=known is not None)
    try:
        return _ask(device, known, Class1(port, time.monotonic, GENERIC))
    except SerialError as error:
        return _found(device, known, str(error), is_fax=known is not None)
    finally:
        port.close()


def _ask(device: SerialDevice, known: Profile | None, modem: Class1) -> Found:
    if not (modem.is_ready() or modem.is_ready()):  # the first question may have met rubbish
        return _found(device, known, "does not answer AT: no modem, or one that hangs (unplug it for ten seconds)")
    said = modem.ask_identity()
    classes = modem.ask("+FCLASS=?")[1]
    profile = recognise(said)
    if profile is GENERIC and known is not None:
        profile = known
    if not lists_class_1(classes):
        return _found(device, None, "a modem, but none for faxes (AT+FCLASS=? does not list 1)")
    kind = profile.title if profile is not GENERIC else f"of no kind we know ({' / '.join(said) or 'says nothing'})"
    return _found(device, profile, f"fax modem: {kind}. Classes {' '.join(classes)}", is_fax=True)


def _found(device: SerialDevice, profile: Profile | None, state: str, *, is_fax: bool = False) -> Found:
    stays = device.names[0] if device.names else device.path
    return Found(str(stays), str(device.path), device.usb, device.title, is_fax, profile.name if profile else "", state)


def _profile(name: str) -> Profile:
    if (profile := PROFILES.get(name)) is None:
        raise UsageError(f'There is no kind of modem "{name}". There are: {", ".join(PROFILES)}.')
    return profile


def _as_values(device: Path, examination: Examination) -> dict[str, object]:
    return {
        "device": str(device),
        "usable": examination.usable,
        "profile": examination.profile.name,
        "said": list(examination.said),
        "rates": sorted(str(rate) for rate in examination.rates),
        "findings": [
            {
                "what": item.what,
                "command": item.outcome.command,
                "answer": item.outcome.answer,
                "seconds": round(item.seconds, 3),
                "verdict": item.outcome.verdict.value,
                "advice": item.outcome.advice,
            }
            for item in examination.findings
        ],
    }


def _tell(examination: Examination, *, off_hook: bool) -> None:
    rows = [
        (
            item.what,
            item.outcome.command,
            item.outcome.answer,
            f"{item.seconds * 1000:.0f} ms",
            item.outcome.verdict.value,
        )
        for item in examination.findings
    ]
    output.table(examination.profile.title, ("What", "Command", "Answer", "Took", "Verdict"), rows, "")
    for item in examination.findings:
        if item.outcome.advice:
            output.say(f"{item.what} ({item.outcome.verdict.value}): {item.outcome.advice}")
    output.say(_conclude(examination.findings, usable=examination.usable, off_hook=off_hook))


def _conclude(findings: list[Finding], *, usable: bool, off_hook: bool) -> str:
    if not usable:
        return "It cannot be used as it is."
    lacks = sum(item.outcome.verdict is Verdict.LACKS for item in findings)
    well = (
        "It can be used." if not lacks else f"It can be used; {lacks} of the things it could do better are named above."
    )
    return well if off_hook else f"{well} --line also tries it on the line."


_NOTHING = (
    "No serial port was found. Is the modem plugged in, and has it power? After plugging it in, `sudo dmesg | tail` should name it; a MultiTech on USB "
    "stays dead without its firmware file (hardware/README.md)."
)
