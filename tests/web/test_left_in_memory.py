"""The lock button through the real daemon to the real page process, and what that process still holds afterwards, as a thief with a debugger would look."""

from __future__ import annotations

import base64
import http.client
import ssl
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.access import certificates, factors, passkeys, policy
from appliance.access.decisions import Choice, Switch
from appliance.access.passkeys import Site
from appliance.access.unlock import unlock
from appliance.daemon import Daemon
from appliance.messages import Envelope, Kind
from appliance.panel import pins
from appliance.settings import read
from appliance.store import bech32
from appliance.store.epochs import open_epoch
from appliance.store.reader import Reader
from tests import planned
from tests.fakes.authenticator import Authenticator
from tests.rig import program
from tests.rig.ports import free_port
from tests.rig.program import ROOT, START
from tests.rig.speech import hush
from tests.web.practice import wait_for_port
from tests.whole.search import core_of, find

PASSWORD = "lantern copper river seven"
NOTE = "Her sister Ottilie Canary asks for Friday"
SETTINGS = """
[store]
folder = "{store}"
work_factor = 15
[voice]
agi_port = 0
audio_port = 0
asterisk_port = 9
[page]
host = "127.0.0.1"
port = {port}
names = ["localhost"]
[control]
path = "{folder}/control.sock"
[panel]
board = "mock"
pins = "{root}/hardware/pins.toml"
[time]
marker = "{folder}/synchronised"
"""


@dataclass
class Box:
    """Daemon and page of one box, and somebody's browser."""

    folder: Path
    port: int
    daemon: Daemon
    page: subprocess.Popen[bytes]
    trust: ssl.SSLContext
    cookie: str = ""

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def ask(self, method: str, path: str, **form: str) -> tuple[int, http.client.HTTPMessage]:
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.trust, timeout=START)
        headers = {
            "Cookie": self.cookie,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            connection.request(method, path, urllib.parse.urlencode(form), headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers
        finally:
            connection.close()

    def log_in(self) -> None:
        status, headers = self.ask("POST", "/login", name="ana", password=PASSWORD)
        assert (status, headers["Location"]) == (303, "/")
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def log_in_by_passkey(self, device: Authenticator) -> str:
        """Two touches; what the passkey derived."""
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.trust, timeout=START)
        connection.request("POST", "/login/passkey/question", "", {"Sec-Fetch-Site": "same-origin"})
        question = connection.getresponse().read().decode()
        connection.close()
        derived = device.derived(question)
        status, headers = self.ask("POST", "/login/passkey", answer=device.answer(question), derived=derived)
        assert (status, headers["Location"]) == (303, "/")
        self.cookie = next(line for line in headers.get_all("Set-Cookie") or [] if "keepline=" in line).partition(";")[
            0
        ]
        return derived

    def give_passkey(self) -> Authenticator:
        """Ana has one that opens her key."""
        site = Site("localhost", f"https://localhost:{self.port}", "Elm Street Dental")
        device, ana = Authenticator(host=site.host, origin=site.origin), unlock(self.store, "ana", PASSWORD)
        question = passkeys.creation(site, "ana", b"handle", b"challenge", ())
        made = passkeys.made(passkeys.read(device.make(question)), site, "Key ring", 0.0, True)
        assert ana.own
        held = factors.open_held(self.store, "ana", ana.own)
        with passkeys.identity_of(device.derived(question), made.id) as identity:
            planned.write_factors(self.store, held.with_passkey(made, ana.own, identity).files(ana.own))
        return device

    def logged_in(self) -> bool:
        return self.ask("GET", "/pulse")[0] == 200

    def press(self) -> None:
        """The lock button of the panel, on gpiozero's mock pins."""
        wiring = pins.read(ROOT / "hardware" / "pins.toml")
        pin = self.daemon._panel._board._factory.pin(wiring.lock.pin)  # type: ignore[attr-defined]  # the mock board has a factory
        pin.drive_low()
        time.sleep(0.06)
        pin.drive_high()

    def leave(self) -> str:
        delivery = self.daemon._inbox.begin(Kind.VOICEMAIL, "front-desk", Envelope(caller_name="Quillon Canary"))
        delivery.append(bytes(16_000))
        return delivery.finish(Envelope(caller_name="Quillon Canary", duration=1.0)).stamp.id

    def secrets(self, id: str) -> dict[str, bytes]:
        """Whatever of Ana's opens that message, as text and as it lies in memory."""
        ana = unlock(self.store, "ana", PASSWORD)
        row = Reader(self.store).row(id)
        assert ana.own
        keys = {"person": ana.own, "practice": ana.practice, "epoch": open_epoch(self.store, row.epoch, ana.practice)}
        found = {"password": PASSWORD.encode(), "password in the form": urllib.parse.quote_plus(PASSWORD).encode()}
        for name, key in keys.items():
            text = key.encode()
            found |= {
                f"{name} key, text": text.encode(),
                f"{name} key, octets": bytes(bech32.decode(b"AGE-SECRET-KEY-", text.encode())),
            }
        return found


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    store, port = tmp_path / "store", free_port()
    store.mkdir()
    (tmp_path / "synchronised").touch()
    file = tmp_path / "keepline.toml"
    file.write_text(SETTINGS.format(store=store, port=port, folder=tmp_path, root=ROOT), encoding="utf-8")
    planned.found(store, "ana", PASSWORD, 15).forget()
    planned.decide(store, Choice(Switch.PASSWORD_ALONE, True, "ana", "A test.", "None."), time.time(), True)
    planned.acknowledge(store, "ana", policy.sheet(store).version, time.time(), clock_trusted=True)
    hush(store / "prompts")
    daemon = Daemon(read(file))
    daemon.start()
    watching = threading.Thread(target=daemon.watch)
    watching.start()
    trust = ssl.create_default_context(cafile=str(certificates.files(store).ca_pem))
    page = program.start(program.command(file, "web"), tmp_path / "web.log")
    try:
        wait_for_port(port, START)
        yield Box(tmp_path, port, daemon, page, trust)
    finally:
        program.end(page)
        daemon.end()
        watching.join()
        daemon.stop()


def test_the_lock_button_ends_the_session_while_a_browser_could_ask_a_few_times_at_most(box: Box) -> None:
    """Counted, not measured: on a busy machine the browser is as slow as the box. Were anything on the way looked at once a second, it would be a hundred."""
    took, answered = [], []
    for _ in range(3):
        box.log_in()
        assert box.logged_in()
        time.sleep(0.3)  # the button wants to have been up
        pressed, asked = time.monotonic(), 0
        box.press()
        while box.logged_in():
            asked += 1
        took.append(time.monotonic() - pressed)
        answered.append(asked)
    print(f"from the press to the refusal: {', '.join(f'{one:.2f} s' for one in took)}; asked meanwhile: {answered}")
    assert min(answered) < 30


def test_what_a_passkey_derived_is_gone_when_its_person_has_logged_off(box: Box, tmp_path: Path) -> None:
    device, id = box.give_passkey(), box.leave()
    sought = box.secrets(id)
    derived = box.log_in_by_passkey(device)
    assert box.ask("GET", f"/messages/{id}")[0] == 200
    assert box.ask("POST", "/logout")[0] == 303
    for _ in range(
        6
    ):  # a piece of the last request as it came may stand in the page server until others come, of no key
        box.ask("POST", "/login/passkey", answer="x" * 1800, derived="y" * 43)
    octets = base64.urlsafe_b64decode(derived + "=")
    with passkeys.identity_of(derived, base64.urlsafe_b64encode(device.id).decode().rstrip("=")) as identity:
        sought |= {"passkey's identity": bytes(identity.to_bytes())}
    sought |= {"derived, text": derived.encode(), "derived, octets": octets}
    assert find(sought, [core_of(box.page.pid, tmp_path)]) == []


@pytest.mark.parametrize("way", ["log-off", "lock"])
def test_afterwards_the_page_process_holds_nothing_that_opens(box: Box, way: str, tmp_path: Path) -> None:
    id = box.leave()
    sought = box.secrets(id)
    box.log_in()
    assert box.ask("POST", f"/messages/{id}/notes", note=NOTE)[0] == 303
    for path in ("/", f"/messages/{id}", f"/messages/{id}/content", "/account"):
        assert box.ask("GET", path)[0] in {200, 206}
    sought |= {"note": NOTE.encode(), "note in the form": urllib.parse.quote_plus(NOTE).encode()}
    if way == "lock":
        box.press()
    else:
        assert box.ask("POST", "/logout")[0] == 303
    while box.logged_in():
        time.sleep(0.05)
    core = core_of(box.page.pid, tmp_path)
    assert core.stat().st_size > 10_000_000
    assert b"keepline session 1" in core.read_bytes()  # we did look into it
    assert find(sought, [core]) == []
