"""`./install.sh try`: the whole appliance on a line of real parts, for a person to play with, or once by itself (`--once`)."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from typing import Final

from appliance.fax import tiff
from tests.rig.appliance import NAME, PASSWORD, Appliance, StartError
from tests.rig.compare import correlation
from tests.rig.letters import report, to_tiff
from tests.rig.page_client import PageClient
from tests.rig.patient import Patient
from tests.rig.ports import free_port, port_is_free
from tests.rig.speech import speech

PAGE_PORT: Final = 8443
CALLERS: Final = (
    (
        "5550142",
        "Maria Lopez",
        "Hello, this is Maria Lopez. Please call me back at five five five, zero one four two. Thank you.",
    ),
    (
        "5550173",
        "Sam Okafor",
        "Hi, it's Sam Okafor. I would like to move my appointment to next week. My number is five five five, zero one seven three.",
    ),
    (
        "",
        "",
        "Good morning. Please call me back about my visit on Friday. My number is five five five, zero one nine nine.",
    ),
)
ALIKE: Final = 0.99
FAX_SENDER: Final = "Riverside Lab"  # as company/extensions.conf has it
FAX_TRIES: Final = 3  # sending machines call again, too: on a busy computer a soft modem loses calls
FAX_WITHIN: Final = 180.0  # s for one try; it takes 40


def main() -> int:
    """Plain: keeps running and takes keys. With --once: one call, one fax, each checked."""
    parser = argparse.ArgumentParser(
        prog="./install.sh try", description="The whole appliance on a line of real parts, without hardware."
    )
    parser.add_argument(
        "--once", action="store_true", help="place one call, send one fax, check that both arrived, and end"
    )
    once = parser.parse_args().once
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    port = PAGE_PORT if port_is_free(PAGE_PORT) else free_port()
    print("Starting the telephone company, Asterisk, a fax modem, the daemon and the page ...", flush=True)
    try:
        with Appliance(page_port=port, fax_line=True) as appliance:
            return _once(appliance) if once else _play(appliance)
    except (StartError, TimeoutError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _once(appliance: Appliance) -> int:
    number, name, words = CALLERS[0]
    print(f"{name} calls and speaks ...", flush=True)
    spoken = place_call(appliance, number, name, words)
    appliance.wait_for_messages(1)
    if not send_fax(appliance):
        return 1
    arrived = appliance.wait_for_messages(2)
    ids = {row["row"]["stamp"]["kind"]: row["row"]["stamp"]["id"] for row in arrived}
    with PageClient(appliance.address, appliance.ca_file) as page:
        page.log_in(NAME, PASSWORD)  # which agrees to the policy sheet: nobody sees a caller before
        print(appliance.keepline("inbox", "list", "--as", NAME, "--password-stdin", typed=PASSWORD + "\n"))
        heard, seen = page.sound(ids["voicemail"]), page.fax(ids["fax"])
    likeness = correlation(spoken, heard)
    same = [list(leaf.rows) for leaf in tiff.read(seen)] == [report()]
    print(
        f"Opened on the page with {NAME}'s password:\n"
        f"  the voicemail sounds as spoken: correlation {likeness:.4f} (1 is the same, {ALIKE} is asked for)\n"
        f"  the fax {'is the page that was sent, in every dot' if same else 'is not the page that was sent'}"
    )
    if likeness < ALIKE or not same:
        print("That is not what was spoken and sent.", file=sys.stderr)
        return 1
    print("All well. Next: ./install.sh try (without --once) and open the page yourself.")
    return 0


def _play(appliance: Appliance) -> int:
    print(
        f"""
  The page       {appliance.address}
  Name           {NAME}
  Password       {PASSWORD}

A real box also asks for a passkey or a code of your telephone. Here the trial's admin has decided that the password is enough, and said why: see "Switches"
on the page. Switch it off there, or go to your name at the top, to try passkeys, codes and printed codes yourself.

Your browser will warn about the certificate: this trial box has made its own. That is expected here; go on.

  c   a patient calls and leaves a message
  f   a laboratory sends a fax of one page
  q   quit; nothing is left behind
""",
        flush=True,
    )
    count = 0
    calls: list[threading.Thread] = []
    for key in _keys():
        if key in {"q", "\x03", "\x04"}:
            break
        if key == "c":
            number, name, words = CALLERS[count % len(CALLERS)]
            count += 1
            print(f"{name or 'Somebody without a name'} calls ... watch the list.", flush=True)
            calls.append(threading.Thread(target=place_call, args=(appliance, number, name, words)))
            calls[-1].start()
        if key == "f":
            if any(call.name == FAX_SENDER and call.is_alive() for call in calls):
                print("The fax line is taken: one fax at a time.", flush=True)
                continue
            calls.append(threading.Thread(target=send_fax, args=(appliance,), name=FAX_SENDER))
            calls[-1].start()
    for call in calls:
        call.join()
    print("Ending; everything of this trial is erased.")
    return 0


def place_call(appliance: Appliance, number: str, name: str, words: str) -> bytes:
    """One patient calls, says `words` after the tone and hangs up; the sound that was spoken."""
    spoken = speech(words)
    with Patient(number, name).call(appliance.company) as call:
        call.wait_for_tone(within=60)  # the greeting is long
        call.wait(1.0)  # until the tone is over
        call.say(spoken)
    return spoken


def send_fax(appliance: Appliance) -> bool:
    """Asterisk's own fax machine sends a page to the box; whether it heard that the page is kept."""
    print(
        f"{FAX_SENDER} sends a fax of one page; that takes as long as on any line, about half a minute ...", flush=True
    )
    for _ in range(FAX_TRIES):
        began = time.monotonic()
        sent, told = appliance.company.send_fax(appliance.fax_number, to_tiff([report()]), FAX_WITHIN)
        if sent:
            print(f"{FAX_SENDER} has sent it, in {time.monotonic() - began:.0f} s.", flush=True)
            return True
        print(f"It did not get through ({told or 'no answer'}); {FAX_SENDER} calls again ...", flush=True)
    print("The fax did not get through.", file=sys.stderr)
    return False


def _keys() -> Iterator[str]:
    """Keys as they are pressed; from a pipe, its characters."""
    with _one_key_at_a_time():
        while key := sys.stdin.read(1):
            yield key.lower()


@contextlib.contextmanager
def _one_key_at_a_time() -> Iterator[None]:
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


if __name__ == "__main__":
    sys.exit(main())
