"""The technician's console at work: it waits on one serial port, lets a technician in by PIN, answers a few questions, and lets nobody further.

It tells states in words and never a message; it starts no program. Wrong PINs make everybody wait, longer each time, across log-offs and pulled cables.
"""

from __future__ import annotations

import errno
import math
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from appliance import logs
from appliance.console import pin
from appliance.console.commands import (
    Answer,
    Claim,
    Help,
    Lock,
    Question,
    Quit,
    Show,
    Unknown,
    find,
    plain,
    tell_fingerprint,
    tell_help,
)
from appliance.console.editor import Editor, End, Line, Typed
from appliance.control.client import Client
from appliance.control.values import Status
from appliance.deeds import Act, Deed
from appliance.errors import ControlError, KeeplineError, SerialError
from appliance.serial_port import SerialPort
from appliance.settings import Settings

log = logs.get(__name__)

BY: Final = "console"  # in the record
DELAYS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)  # s to wait after the first, second ... wrong PIN
PATIENCE: Final = 60.0  # s for a PIN to be typed
RETRY: Final = 2.0  # s between looks for a port that is not there

# systemd lists the devices a unit may use when it starts it, so a kind of port that was first plugged in later is closed to us until we are started anew
_FORBIDDEN: Final = {errno.EACCES, errno.EPERM}


class Port(Protocol):
    """What the console needs of a serial port."""

    def read(self) -> bytes: ...
    def write(self, octets: bytes, /) -> None: ...
    def is_connected(self) -> bool | None: ...


class _LoggedOff(Exception):
    """The session has ended; says why, for the technician."""


class _Ended(Exception):
    """The console itself was told to end."""


@dataclass(slots=True)
class Console:
    """What outlives a session: whom to ask, which PIN fits, and how long everybody has to wait after wrong ones."""

    ask: Callable[[], Status]
    fits: Callable[[str], bool]
    zone: ZoneInfo
    idle: float  # s without a key until a technician is logged off
    stop: threading.Event
    show_claim: Callable[[], str]
    monotonic: Callable[[], float] = time.monotonic
    answers: Mapping[Question, Callable[[], str]] = field(default_factory=dict)
    tell: Callable[[Act], None] = lambda _: None  # the record
    lock: Callable[[], None] = lambda: None
    _wrong: int = 0
    _closed_until: float = -math.inf

    def attend(self, port: Port) -> None:
        """Serve whoever comes to this port, until `stop` is set. Raises `SerialError` when the port has gone."""
        editor = Editor()
        while not self.stop.is_set():
            session = _Session(self, port, editor)
            try:
                session.run()
            except _LoggedOff as end:
                session.say(str(end))
            except _Ended:
                return

    def wait(self) -> float:
        """For how many seconds no PIN is taken."""
        return max(0.0, self._closed_until - self.monotonic())

    def admits(self, typed: str) -> bool:
        """Is this the PIN? A wrong one closes the door for a while. Raises `NoPinError`."""
        if self.fits(typed):
            self._wrong = 0
            self.tell(Act.LOGGED_IN)
            return True
        self._wrong += 1
        self._closed_until = self.monotonic() + DELAYS[min(self._wrong, len(DELAYS)) - 1]
        log.warning("console.wrong_pin times=%d", self._wrong)
        self.tell(Act.LOG_IN_FAILED)
        return False


@dataclass(slots=True)
class _Session:
    """One technician, from the first key to log-off."""

    console: Console
    port: Port
    editor: Editor  # the port's: it knows whether a line feed belongs to the Enter that ended the last session
    _ahead: deque[int] = field(default_factory=deque)  # octets that came in and nobody has looked at
    _was_connected: bool = False

    def run(self) -> None:
        self.editor.clear()
        self._await_enter()
        self.say("\nKeepline technician's console.")
        self._log_in()
        log.info("console.logged_in")
        self.say('Logged in. "help" lists what you can ask.')
        while True:
            self._obey(self._line("keepline> ", hidden=False, within=self.console.idle))

    def say(self, text: str) -> None:
        self.port.write(plain(text + "\n").replace("\n", "\r\n").encode("ascii"))

    def _log_in(self) -> None:
        while True:
            self._sit_out()
            typed = self._line("PIN: ", hidden=True, within=PATIENCE)
            try:
                if typed and self.console.admits(typed):
                    return
            except KeeplineError as error:
                raise _LoggedOff(str(error)) from None
            if typed:
                self.say("That is not the PIN.")

    def _sit_out(self) -> None:
        """Whatever is typed meanwhile counts for nothing."""
        if seconds := math.ceil(self.console.wait()):
            self.say(f"Wait {seconds} {'second' if seconds == 1 else 'seconds'}.")
        while self.console.wait() > 0:
            self._listen()
            self._ahead.clear()

    def _obey(self, line: str) -> None:
        if not line.strip():
            return
        match find(line):
            case Unknown(hint):
                self.say(hint)
            case Help():
                self.say(tell_help())
            case Claim():
                self._tell(lambda: f"The code that claims this box: {self.console.show_claim()}")
            case Lock():
                self._tell(self._lock)
            case Quit():
                raise _LoggedOff("Logged off. Press Enter to log in again.")
            case Answer(tell):
                self._tell(lambda: tell(self.console.ask(), self.console.zone))
            case Show(question):
                self._tell(self.console.answers[question])

    def _lock(self) -> str:
        self.console.lock()
        return "Everybody is logged off the page."

    def _tell(self, answer: Callable[[], str]) -> None:
        try:
            self.say(answer())
        except KeeplineError as error:
            self.say(str(error))

    def _await_enter(self) -> None:
        """Silent until somebody presses Enter: the far end may be no person, or nobody."""
        while not any(isinstance(key, Line) for key in self._keys(hidden=True)):
            self._listen()

    def _line(self, prompt: str, hidden: bool, within: float) -> str:
        """The next line, if no key is waited for longer than `within` seconds."""
        last_key = self.console.monotonic()  # as of the prompt, however long that takes to be sent
        self.port.write(prompt.encode("ascii"))
        while self.console.monotonic() - last_key < within:
            for key in self._keys(hidden):
                last_key = self.console.monotonic()
                match key:
                    case Line(text):
                        self.port.write(b"\r\n")
                        return text
                    case End():
                        raise _LoggedOff("\nLogged off. Press Enter to log in again.")
                    case Typed(echo):
                        self.port.write(echo)
            self._listen()
        raise _LoggedOff("\nLogged off: nothing was typed for a while. Press Enter to log in again.")

    def _keys(self, hidden: bool) -> Iterator[Line | End | Typed]:
        """What was typed, key by key; the rest stays for whoever asks next."""
        while self._ahead:
            if key := self.editor.press(self._ahead.popleft(), hidden):
                yield key

    def _listen(self) -> None:
        """Take in what comes; end when told to, or when the far end lets go of a line it held before."""
        if self.console.stop.is_set():
            raise _Ended
        self._ahead.extend(self.port.read())
        connected = self.port.is_connected()
        if self._was_connected and connected is False:
            log.info("console.unplugged")
            raise _LoggedOff("")
        self._was_connected = self._was_connected or connected is True


def record(client: Client, act: Act) -> None:
    """Who knows the PIN nobody knows, but that somebody came. Without a daemon the console is there all the same: it helps to find out why."""
    with suppress(ControlError):
        client.record(Deed(act, by=BY))


def set_pin(settings: Settings, new: str) -> None:
    """`keepline console --set-pin`. Raises `UsageError` for a PIN that is easily guessed."""
    pin.write(settings.store.folder, new)


def serve(settings: Settings) -> None:
    """`keepline console`: the port the settings name, until SIGTERM or SIGINT; waits for it as long as it is not there."""
    logs.start(settings.log.level)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: stop.set())
    client = Client(settings.control.path)
    console = Console(
        ask=client.status,
        fits=lambda typed: pin.fits(settings.store.folder, typed),
        zone=ZoneInfo(settings.practice.zone),
        idle=settings.console.idle_minutes * 60,
        stop=stop,
        show_claim=client.show_claim,
        tell=lambda act: record(client, act),
        lock=lambda: client.lock(BY),
        answers={Question.FINGERPRINT: lambda: tell_fingerprint(client.fingerprint())},
    )
    _keep_attending(console, settings)


def _keep_attending(console: Console, settings: Settings) -> None:
    there = True
    while not console.stop.is_set():
        try:
            port = SerialPort(settings.console.device, settings.console.speed)
        except SerialError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _FORBIDDEN:
                raise
            if there:
                log.warning("console.no_port %s", error)
            there = False
            console.stop.wait(RETRY)
            continue
        there = True
        _attend(console, port)


def _attend(console: Console, port: SerialPort) -> None:
    log.info("console.open")
    try:
        console.attend(port)
    except SerialError:
        log.info("console.gone")
        console.stop.wait(RETRY)
    finally:
        port.close()
