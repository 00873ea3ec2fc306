"""How soon a patient who dials hears the greeting, through a real Asterisk: ours beside Asterisk's own answering machine, which plays a file and records one.

Both stand behind the same files of `hardware/asterisk/`, in the ATA's place, and say the same greeting; only who answers differs.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from appliance.clock import SystemClock
from appliance.settings import Voice
from appliance.store.inbox import Inbox, RingSet
from appliance.store.keys import Identity
from appliance.voice.callflow import Sound
from appliance.voice.line import VoiceLine
from appliance.voice.prompts import Prompts
from tests.bench.calls import SPOKEN
from tests.bench.figures import Figure
from tests.rig import ulaw
from tests.rig.line import BOX_SETTINGS, PhoneCompany
from tests.rig.patient import Call, Patient

ALONE: Final = 15  # calls, one after the other
AT_ONCE: Final = 10
CROWDS: Final = 5
LOUD: Final = 1000  # of 32,767: the greeting, not the codec's idea of silence
PATIENCE: Final = 20.0  # s

# The peer's dialplan: what a practice would write that has Asterisk alone
MACHINE: Final = """
[general]
static = yes
[globals]
#include "machine/extensions.conf"
[from-line]
exten => _[0-9+]!,1,Answer()
 same => n,Playback(${GREETING})
 same => n,Record(${GREETING}-%d.ulaw,8,180)
 same => n,Hangup()
"""
MODULES: Final = ("app_playback", "app_record", "format_pcm")


def measure() -> list[Figure]:
    """Alone, and in a crowd."""
    with _ours() as company:
        ours_alone, ours_crowd = _alone(company), _crowded(company)
    with _peer() as company:
        alone, crowd = _alone(company), _crowded(company)
    peer = "(peer: Asterisk's own Playback)"
    return [
        Figure(f"dialling to first sound of the greeting {peer}", ours_alone, alone, "ms", "under 250", "lower"),
        Figure(f"the same, slowest of {AT_ONCE} in one moment {peer}", ours_crowd, crowd, "ms", "under 250", "lower"),
    ]


def _alone(company: PhoneCompany) -> float:
    return statistics.median(_slowest(company, 1) for _ in range(ALONE))


def _crowded(company: PhoneCompany) -> float:
    return statistics.median(_slowest(company, AT_ONCE) for _ in range(CROWDS))


def _slowest(company: PhoneCompany, patients: int) -> float:
    """ms until the last of them hears something."""
    with ExitStack() as calls:
        start = time.monotonic()
        waiting = [
            calls.enter_context(Patient(f"55501{number:02}").dial(company, straight=True)) for number in range(patients)
        ]
        while waiting := [call for call in waiting if not _hears(call)]:
            if time.monotonic() > start + PATIENCE:
                raise TimeoutError("nobody was greeted")
            time.sleep(0.002)
        return (time.monotonic() - start) * 1000


def _hears(call: Call) -> bool:
    return any(abs(sample) > LOUD for sample in memoryview(call.heard).cast("h"))


@contextmanager
def _ours() -> Iterator[PhoneCompany]:
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as name, PhoneCompany() as company:
        folder, practice = Path(name), Identity.generate()
        (folder / "keys").mkdir()
        (folder / "keys" / "practice.pub").write_text(f"{practice.recipient}\n", encoding="ascii")
        inbox = Inbox(folder, RingSet(AT_ONCE, 10), SystemClock(Path("/nonexistent")))
        inbox.start()
        options = Voice(agi_port=0, audio_port=0, calls_at_once=AT_ONCE, longest_message=10)
        line = VoiceLine(options, inbox, Prompts.of(SPOKEN))
        line.start()
        company.hand_calls_to("127.0.0.1", line.agi_port)
        try:
            yield company
        finally:
            line.stop()
            inbox.close()


@contextmanager
def _peer() -> Iterator[PhoneCompany]:
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as name:
        settings = (BOX_SETTINGS, _machine(Path(name)))
        with PhoneCompany(box_settings=settings) as company:
            yield company


def _machine(folder: Path) -> Path:
    """What differs from the box's settings."""
    (folder / "machine").mkdir()
    given = (BOX_SETTINGS / "machine" / "extensions.conf").read_text(encoding="utf-8")
    modules = (BOX_SETTINGS / "modules.conf").read_text(encoding="utf-8")
    loaded = "".join(f"load = {module}.so\n" for module in MODULES)
    (folder / "machine" / "extensions.conf").write_text(given + "GREETING = @ETC@/greeting\n", encoding="utf-8")
    (folder / "modules.conf").write_text(f"{modules}\n{loaded}", encoding="utf-8")
    (folder / "extensions.conf").write_text(MACHINE, encoding="utf-8")
    (folder / "greeting.ulaw").write_bytes(ulaw.encode(SPOKEN[Sound.GREETING]))
    return folder
