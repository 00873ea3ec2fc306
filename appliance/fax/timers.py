"""How long and how often: T.30's timers and counters, and how much damage a page may have. Seconds unless it says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

T1: Final = 35.0  # to find out whether there is a fax at the other end, T.30 §5.4.3.1: 35 +- 5
T2: Final = 6.0  # for the next command, T.30 §5.4.3.1: 6 +- 1
T4: Final = 3.0  # for the answer to what we sent, automatic stations, T.30 §5.4.3.1: 3.0 +- 15 %
TRIES: Final = 3  # of a command without an answer, T.30 §5.4.2: then the line is dropped
INVITATIONS: Final = 7  # x (2.2 s for CSI and DIS + T4) makes T1, within its tolerance
TRAININGS: Final = 12  # DCS in one call: three at each of four rates, more than any caller needs
TURNS: Final = 6  # of the caller's that we listen to for one command; it says none oftener than TRIES
IDLE: Final = 60  # of the caller's in a row that bring no page further: four of PPS at each of eight rates need 40
INTERRUPTION: Final = 1.5  # for the frames that a modem has met in place of a page: their flags are there already
REPEATED: Final = 3.8  # after our answer a command that follows is the one before, which the caller repeats T4 (3.45 s at most) after it heard nothing
ANSWER: Final = (
    1.5  # for a page to be kept before its caller is answered, which waits 2.55 s or more; to be heard takes us 1
)
ROUNDS: Final = 16  # of RR and RNR: each takes ANSWER and 2.4 s for the two frames at least, so more than T5 (T.30 §5.4.3.1: 60 s +- 5)
KEPT_AT_LAST: Final = 600.0  # for a page to be kept when the call is over: nobody waits on the line any more

TRAINING: Final = 1.5  # of zeros, T.30 §5.3.6.1.3 (TCF), +- 10 %
TRAINING_CLEAN: Final = (
    1.0  # of zeros in a row that make a training good; the ends of it may be spoiled by the modems' own start and stop
)

ANSWERING: Final = (
    30.0  # from ATA to CONNECT: 1.8 to 2.5 s of silence, 2.6 to 4 s of CED (T.30 §4.3.1), and room for slow modems
)
CARRIER: Final = 6.0  # for a page's carrier to come: as for a command
TRAINING_CARRIER: Final = (
    3.5  # for a training's: 75 ms and 1.4 s of V.17's long start; our FTT must come before the caller's T4 is over
)
FRAME: Final = 5.0  # from the first flag of a frame to its end: 256 octets take 7 s at 300 bit/s, but only short ones travel so slowly
STALLED: Final = 5.0  # without an octet in the midst of a page: the modem has lost it; T.4 allows no line longer than 5 s without ECM
LONGEST_PAGE: Final = 1800.0  # a page that takes longer is no page: at 2400 bit/s this is half a megabyte
LONGEST_IMAGE: Final = 540_000  # octets of a page without ECM: as many as take LONGEST_PAGE at 2400 bit/s
LONGEST_BLOCK: Final = 92_160  # octets: 256 frames of 300, and a fifth more for stuffed bits
REPLY: Final = 2.0  # for the modem to answer a plain command; measured: 2 ms soft, some 100 ms in hardware
RESET: Final = 5.0  # for a modem to come back from ATZ; V.250 gives no limit, hardware takes up to 2 s
GUARD: Final = 1.1  # of silence before and after +++, V.250 S12: 1 s
RINGING: Final = (
    12.0  # without a ring or a word about the caller: the ringing is over; networks pause 3 to 6 s between rings
)
CHECK: Final = 30.0  # between looks at a modem that has nothing to do
RECOVERY: Final = 90.0  # to bring back a modem that hangs, or to give up
SENDING: Final = 8.0  # for the modem to send one frame at 300 bit/s: the longest identity takes 1 s of flags and 0.8 s
SILENCE: Final = (
    0.5  # for that silence to come: on a noisy line it never does, and the caller waits T4 for us and no longer
)
TURNAROUND: Final = 7  # x 10 ms of silence before we send, T.30 §5.1: 75 +- 20 ms between directions


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much damage without ECM makes us ask for a page again, and for new training."""

    bad_share: float = 0.10  # of the lines: RTN
    bad_run: int = 15  # damaged lines in a row: RTN
    retrain_share: float = 0.02  # of the lines: taken, but train again (RTP)
