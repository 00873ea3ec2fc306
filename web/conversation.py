"""A transcript of T.30 as a conversation that somebody can follow who never read T.30: who says what, and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from web.languages import gettext, number, spoken
from web.words import count

FRAMES: Final = {  # T.30 §5.3.6.1
    "DIS": spoken("This is what I can do."),
    "CSI": spoken("This is my number."),
    "NSF": spoken("I can do more that only my maker knows."),
    "DTC": spoken("I want to fetch a fax from you."),
    "CIG": spoken("This is my number."),
    "NSC": spoken("My maker’s own command."),
    "PWD": spoken("This is my password."),
    "SEP": spoken("This is what I want to fetch."),
    "PSA": spoken("This is a part of my address."),
    "CIA": spoken("This is my address on the Internet."),
    "ISP": spoken("This is my provider’s address."),
    "DCS": spoken("This is how I am going to send."),
    "TSI": spoken("This is my number."),
    "NSS": spoken("My maker’s own way of sending."),
    "SUB": spoken("It is for this mailbox."),
    "SID": spoken("This is my password."),
    "TSA": spoken("This is my address on the Internet."),
    "IRA": spoken("This is whom it is for on the Internet."),
    "CTC": spoken("I go on, more slowly."),
    "CSA": spoken("This is my address on the Internet."),
    "CFR": spoken("The test signal was clean: send."),
    "FTT": spoken("The test signal was spoiled: try a slower rate."),
    "CTR": spoken("Agreed, more slowly."),
    "EOM": spoken("End of the page; what follows is sent in another way."),
    "MPS": spoken("End of the page; another follows."),
    "EOP": spoken("End of the last page."),
    "PRI_EOM": spoken("End of the page; somebody may take up the handset."),
    "PRI_MPS": spoken("End of the page; somebody may take up the handset."),
    "PRI_EOP": spoken("End of the last page; somebody may take up the handset."),
    "EOS": spoken("End of this selection; another follows."),
    "EOR": spoken("I repeat no more of this part."),
    "PPS": spoken("That was a part of the page: have you got all of it?"),
    "RR": spoken("Are you ready?"),
    "MCF": spoken("I have it, and it is kept."),
    "RTP": spoken("I have it; test the line again before the next."),
    "RTN": spoken("Too much of it was damaged."),
    "PIP": spoken("I have it; somebody wants to speak."),
    "PIN": spoken("It was damaged; somebody wants to speak."),
    "PPR": spoken("Some of it is missing: send that again."),
    "RNR": spoken("Wait, I am still keeping it."),
    "ERR": spoken("Understood, you repeat no more."),
    "PID": spoken("I have it; this way of sending ends."),
    "FDM": spoken("This is how your file was received."),
    "FNV": spoken("I do not accept a part of what you said."),
    "TNR": spoken("I am not ready to send."),
    "TR": spoken("Are you ready to send?"),
    "DCN": spoken("I hang up."),
    "CRP": spoken("Say that again."),
    "UNKNOWN": spoken("A frame that T.30 does not know."),
}
STEPS: Final = {
    "PickUp": spoken("The box picks up."),
    "CheckTraining": spoken("The box listens to the test signal."),
    "SendTraining": spoken("The box sends the test signal."),
    "TakePage": spoken("The box takes in the page."),
    "TakeBlock": spoken("The box takes in a part of the page."),
    "CloseBlock": spoken("The box looks whether that part is whole."),
    "GiveUpBlock": spoken("The box keeps what came of that part."),
    "EndPage": spoken("The page is put together."),
    "KeepPage": spoken("The page is sealed and written."),
    "SendPage": spoken("The box sends a page."),
    "SendBlock": spoken("The box sends a part of a page."),
    "HangUp": spoken("The box hangs up."),
}
EVENTS: Final = {
    "Garbled": spoken("Something came that could not be understood."),
    "Silent": spoken("Nothing came."),
    "Interrupted": spoken("Something else came than was waited for."),
    "Gone": spoken("The line was cut."),
    "Kept": spoken("It is kept."),
    "Keeping": spoken("It is not kept yet."),
    "NotKept": spoken("It could not be kept."),
    "Trained": spoken("The test signal came %(how)s."),
    "PageCame": spoken("A page came: %(how)s."),
    "BlockCame": spoken("A part of the page came."),
    "BlockWhole": spoken("That part is whole."),
    "BlockMisses": spoken("Of that part some is missing."),
    "BlockAgain": spoken("That part came before."),
    "BlockLost": spoken("That part is lost."),
}
HOW: Final = {"clean": spoken("clean"), "spoiled": spoken("spoiled")}  # how a test signal came
_QUIET: Final = {"< Done", "> Listen"}  # go without saying
_FRAME: Final = re.compile(r"(?P<name>[A-Z_]{2,7})\+?(?: (?P<rest>.*))?")
_TOLD: Final = {"Kept"}  # what is kept was told when it came
_SECONDS: Final = re.compile(r"[\d.]+")  # how long it may take
_QUALITY: Final = re.compile(r"rows=(\d+) damaged=(\d+) worst-run=(\d+) (\S+)")


class Side(StrEnum):
    """Who a remark is of."""

    BOX = "box"
    SENDER = "sender"
    HERE = "here"  # nothing is said: what the box does or notices


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of the conversation."""

    side: Side
    word: str  # T.30's own: "DCS"; "" where nothing is said
    meaning: str
    detail: str  # fields decoded, and octets


def tell(transcript: Iterable[str]) -> tuple[Remark, ...]:
    """The conversation in `transcript`, whose lines are those of `fax/transcript.py`. A line that it does not know stands as it is."""
    return tuple(remark for line in transcript for remark in _remarks(line.strip()))


def _remarks(line: str) -> Iterator[Remark]:
    way, _, rest = line.partition(" ")
    verb, _, carried = rest.partition(" ")
    if not line or any(line == quiet or line.startswith(quiet + " ") for quiet in _QUIET):
        return
    if way == ">" and verb == "Send":
        yield from (_said(Side.BOX, frame) for frame in _split(carried))
    elif way == "<" and verb == "Heard":
        yield _said(Side.SENDER, carried)
    elif way == ">" and verb in STEPS:
        yield Remark(Side.HERE, "", gettext(STEPS[verb]), "" if _SECONDS.fullmatch(carried) else carried)
    elif way == "<" and verb in EVENTS:
        told = "%(" in EVENTS[verb] or verb in _TOLD or _SECONDS.fullmatch(carried)
        yield Remark(Side.HERE, "", gettext(EVENTS[verb], how=_in_words(carried)), "" if told else carried)
    else:
        yield Remark(Side.HERE, "", "", line)


def _split(frames: str) -> list[str]:
    """The frames of one turn: parted by commas, of which their fields have some as well."""
    return re.split(r", (?=[A-Z_]{2,7}\+?(?: |,|$))", frames)


def _said(side: Side, frame: str) -> Remark:
    found = _FRAME.fullmatch(frame)
    if found is None or found["name"] not in FRAMES:
        return Remark(side, "", "", frame)
    return Remark(side, found["name"], gettext(FRAMES[found["name"]]), found["rest"] or "")


def _in_words(carried: str) -> str:
    found = _QUALITY.fullmatch(carried)
    if found is None:
        return gettext(HOW[carried]) if carried in HOW else carried or "…"
    rows, damaged, worst = (int(found[place]) for place in (1, 2, 3))
    spoilt = gettext("%(n)s of them damaged", n=number(damaged)) if damaged else gettext("none damaged")
    said = [count(rows, "line"), spoilt]
    if damaged > 1:
        said.append(gettext("%(n)s in a row at most", n=number(worst)))
    if found[4] != "whole":
        said.append(gettext("without its end"))
    return ", ".join(said)
