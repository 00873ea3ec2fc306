"""The voice line at work: takes the calls that Asterisk hands over and turns each into a message or a polite word.

A call has an AGI thread, which waits for Asterisk, and a line thread, which carries the sound; a recording has a sealing thread. More calls than
`calls_at_once` hear that the lines are busy; when as many again hear that, further ones are left unanswered, so that no flood disturbs calls in progress.
"""

from __future__ import annotations

import threading
import time
from typing import Final
from uuid import UUID

from appliance import logs
from appliance.errors import CallerGoneError, VoiceError
from appliance.logs import Private
from appliance.settings import Voice
from appliance.voice.agi import AgiCall
from appliance.voice.audio_server import AudioServer
from appliance.voice.call import Call
from appliance.voice.callflow import Limits, take_message, turn_away
from appliance.voice.listener import Connection, Listener
from appliance.voice.player import CallerOnLine
from appliance.voice.prompts import Prompts
from appliance.voice.recording import Caller, Inbox, Recording

log = logs.get(__name__)

_SEALING: Final = 30.0  # s for recordings to be sealed when the line stops


class VoiceLine:
    """Everything between Asterisk and the inbox."""

    def __init__(self, options: Voice, inbox: Inbox, prompts: Prompts) -> None:
        self._options: Final = options
        self._inbox: Final = inbox
        self._prompts: Final = prompts
        self._agi: Final = Listener("agi", (options.host, options.agi_port), self._take)
        self._audio: Final = AudioServer((options.host, options.audio_port), self._claim)
        self._lock: Final = threading.Lock()  # guards what follows, for moments
        self._calls: dict[UUID, Call] = {}
        self._expected: dict[UUID, Call] = {}  # those whose sound has not come yet
        self._recordings: set[Recording] = set()

    @property
    def agi_port(self) -> int:
        """TCP port of the FastAGI server."""
        return self._agi.port

    @property
    def audio_port(self) -> int:
        """TCP port of the AudioSocket server."""
        return self._audio.port

    @property
    def calls(self) -> int:
        """How many are in progress."""
        with self._lock:
            return len(self._calls)

    def start(self) -> None:
        """Take calls from now on. Raises `VoiceError` when a port is taken."""
        try:
            self._audio.start()
            self._agi.start()
        except OSError as error:
            self.stop()
            raise VoiceError(
                f"the telephone line cannot be opened on {self._options.host}, ports {self._options.agi_port} and "
                f"{self._options.audio_port}: {error.strerror}. Is Keepline running already? Otherwise see [voice] in the settings."
            ) from error
        log.info("line.listening agi=%d audio=%d", self.agi_port, self.audio_port)

    def stop(self) -> None:
        """Take no more calls, end those in progress and wait until what they left is sealed."""
        self._agi.stop()
        self._audio.stop()
        until = time.monotonic() + _SEALING
        with self._lock:
            recordings = tuple(self._recordings)
        for recording in recordings:
            if not recording.wait(max(0.0, until - time.monotonic())):
                log.error("message.unsealed reason=slow-card")  # its ring is recovered at the next start

    def _take(self, connection: Connection) -> None:
        """A call on its AGI thread, from Asterisk's first word to its last."""
        offer = AgiCall(connection)
        connection.introduce()
        call = self._admit(offer.caller)
        if call is None:
            log.warning("call.unanswered reason=too-many")
            return
        try:
            offer.answer()
            offer.connect_audio(call.id, self._options.host, self.audio_port, call.alive)
        except CallerGoneError:
            pass  # the line thread has seen it too, if there is one
        finally:
            self._dismiss(call)

    def _admit(self, caller: Caller) -> Call | None:
        with self._lock:
            taking = sum(call.takes_message for call in self._calls.values())
            takes_message = taking < self._options.calls_at_once
            if not takes_message and len(self._calls) - taking >= self._options.calls_at_once:
                return None
            call = self._call(caller, takes_message)
            self._calls[call.id] = self._expected[call.id] = call
        log.info("call.arrived from=%s name=%s", Private(caller.number), Private(caller.name))
        return call

    def _call(self, caller: Caller, takes_message: bool) -> Call:
        options = self._options
        limits = Limits(options.longest_message, options.silence, options.shortest_message)
        script = take_message(limits) if takes_message else turn_away()
        return Call(script, CallerOnLine(self._prompts.frames, lambda: self._record(caller)), takes_message)

    def _claim(self, name: UUID) -> Call | None:
        """The call whose sound has come; each can be claimed once."""
        with self._lock:
            call = self._expected.pop(name, None)
            if call is not None:
                call.sound_begins()
            return call

    def _dismiss(self, call: Call) -> None:
        with self._lock:
            self._expected.pop(call.id, None)
        call.end()
        with self._lock:
            del self._calls[call.id]

    def _record(self, caller: Caller) -> Recording | None:
        if not self._inbox.storage_good:
            return None
        recording = Recording(self._inbox, self._options.mailbox, caller, self._sealed)
        with self._lock:
            self._recordings.add(recording)
        recording.start()
        return recording

    def _sealed(self, recording: Recording) -> None:
        with self._lock:
            self._recordings.discard(recording)
