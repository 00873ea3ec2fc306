"""FastAGI: how Asterisk hands us a call. The one door to pyst2.

pyst2's own FastAGI server is Python 2 and its `AGI` assumes a child process with signals, so here are a subclass that leaves the signal alone and text files
over the socket that bound what Asterisk may send before pyst2 sees it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import UUID

from asterisk import agi as pyst2

from appliance.errors import BadCallError, CallerGoneError
from appliance.voice.listener import Connection
from appliance.voice.recording import Caller

_LONGEST_LINE: Final = 2_048  # octets; Asterisk's own buffer for a command is as long
_MOST_LINES: Final = 256  # in a whole call; Asterisk sends about 25
_ANSWER: Final = 10.0  # s to answer a command; Asterisk takes a ms
_LOOK: Final = 1.0  # s between two looks whether the sound still flows
_LONGEST_NUMBER: Final = 32  # E.164 has 15 digits; the rest is for signs and carriers' prefixes
_LONGEST_NAME: Final = 64
_RESTRICTED: Final = range(0x20, 0x40)  # values of agi_callingpres that mean "presentation restricted"

#: How lines and networks write that they have no number or name to give, in small letters. `p` and `o` are Bellcore's private and out-of-area.
_NOBODY: Final = frozenset(
    {
        "",
        "unknown",
        "anonymous",
        "withheld",
        "private",
        "restricted",
        "blocked",
        "unavailable",
        "p",
        "o",
        "asterisk",
        "none",
    }
    | {
        "out of area",
        "no name",
        "not available",
        "private number",
        "unknown caller",
        "number withheld",
        "caller id blocked",
    }
)

T = TypeVar("T")


class AgiCall:
    """One call as Asterisk offers it. Made from a fresh connection; raises `BadCallError` when what speaks there is not Asterisk."""

    def __init__(self, connection: Connection) -> None:
        self._lines: Final = _Lines(connection)
        self._agi: Final[Any] = _ask(lambda: _Agi(self._lines))
        if "agi_channel" not in self._agi.env:
            raise BadCallError("what connected to the FastAGI port does not speak AGI.")

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return caller_from(self._agi.env)

    def answer(self) -> None:
        """Take the handset off the hook. Raises `CallerGoneError`, `BadCallError`."""
        self._lines.allow(_ANSWER)
        _ask(self._agi.answer)

    def connect_audio(self, call: UUID, host: str, port: int, alive: Callable[[], bool]) -> None:
        """Let the sound flow over AudioSocket; returns when it has ended. Gives up when `alive` no longer holds. Raises as `answer`."""
        self._lines.allow(_ANSWER, alive)
        _ask(lambda: self._agi.appexec("AudioSocket", f"{call},{host}:{port}"))


def caller_from(variables: dict[str, str]) -> Caller:
    """The caller in AGI's variables: printable, of bounded length, empty where the line has nothing to say."""
    try:
        restricted = int(variables.get("agi_callingpres", "0")) in _RESTRICTED
    except ValueError:
        restricted = False
    if restricted:
        return Caller()
    return Caller(
        _said(variables.get("agi_callerid", ""), _LONGEST_NUMBER),
        _said(variables.get("agi_calleridname", ""), _LONGEST_NAME),
    )


def _said(text: str, longest: int) -> str:
    printable = "".join(letter for letter in text if letter.isprintable()).strip(' "<>')
    return "" if printable.lower() in _NOBODY else printable[:longest].rstrip()


class _Agi(pyst2.AGI):  # type: ignore[misc]  # pyst2 ships no types
    """pyst2's AGI without `__init__`, which would take over SIGHUP and print every caller's number."""

    def __init__(self, lines: _Lines) -> None:
        self.stdin = self.stdout = lines
        self.stderr = _Nowhere()
        self._got_sighup = False
        self.env: dict[str, str] = {}
        self._get_agi_env()


class _Nowhere:
    """pyst2 writes all it hears and says to its standard error: numbers too. It goes here."""

    def write(self, text: str) -> None:
        """Forgets `text`."""


class _Lines:
    """The connection as the text file that pyst2 expects: lines of bounded length and number, with a deadline."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Final = connection
        self._received = b""
        self._lines_left = _MOST_LINES
        self._alive: Callable[[], bool] = lambda: False

    def allow(self, seconds: float, alive: Callable[[], bool] = lambda: False) -> None:
        """From now on wait `seconds` for a line, and longer for as long as `alive` says so."""
        self._connection.deadline = time.monotonic() + seconds
        self._alive = alive

    def readline(self) -> str:
        """The next line. Raises `CallerGoneError` at the end of the connection, `BadCallError`."""
        while True:
            line, end, rest = self._received.partition(b"\n")
            if len(line) > _LONGEST_LINE:
                raise BadCallError("an AGI line is too long.")
            if end:
                self._received = rest
                self._lines_left -= 1
                if self._lines_left < 0:
                    raise BadCallError("too many AGI lines.")
                if line.strip() != b"HANGUP":  # comes unasked, and pyst2 would take it for an answer
                    return line.decode("utf-8", "replace") + "\n"
            else:
                self._received += self._read()

    def write(self, text: str) -> None:
        """Send a command."""
        self._connection.socket.settimeout(_ANSWER)
        self._connection.socket.sendall(text.encode())

    def flush(self) -> None:
        """Nothing is held back."""

    def _read(self) -> bytes:
        while True:
            if self._alive():
                self._connection.deadline = time.monotonic() + _LOOK
            try:
                received = self._connection.read(_LONGEST_LINE)
            except BadCallError:
                if self._alive():
                    continue
                raise
            if not received:
                raise CallerGoneError
            return received


def _ask(question: Callable[[], T]) -> T:
    """What pyst2 answers, its errors as ours."""
    try:
        return question()
    except pyst2.AGIInvalidCommand:
        raise BadCallError("Asterisk lacks a command or module that we need: is app_audiosocket loaded?") from None
    except (OSError, pyst2.AGIAppError, pyst2.AGIUnknownError):
        raise CallerGoneError from None
    except (pyst2.AGIException, ValueError, IndexError):
        raise BadCallError("an AGI answer makes no sense.") from None
