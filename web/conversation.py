"""A transcript of T.30 as a conversation that somebody can follow who never read T.30: who says what, and what it means. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FRAMES: Final = {  # T.30 §5.3.6.1
    "DIS": "This is what I can do.",
    "CSI": "This is my number.",
    "NSF": "I can do more that only my maker knows.",
    "DTC": "I want to fetch a fax from you.",
    "CIG": "This is my number.",
    "NSC": "My maker’s own command.",
    "PWD": "This is my password.",
    "SEP": "This is what I want to fetch.",
    "PSA": "This is a part of my address.",
    "CIA": "This is my address on the Internet.",
    "ISP": "This is my provider’s address.",
    "DCS": "This is how I am going to send.",
    "TSI": "This is my number.",
    "NSS": "My maker’s own way of sending.",
    "SUB": "It is for this mailbox.",
    "SID": "This is my password.",
    "TSA": "This is my address on the Internet.",
    "IRA": "This is whom it is for on the Internet.",
    "CTC": "I go on, more slowly.",
    "CSA": "This is my address on the Internet.",
    "CFR": "The test signal was clean: send.",
    "FTT": "The test signal was spoiled: try a slower rate.",
    "CTR": "Agreed, more slowly.",
    "EOM": "End of the page; what follows is sent in another way.",
    "MPS": "End of the page; another follows.",
    "EOP": "End of the last page.",
    "PRI_EOM": "End of the page; somebody may take up the handset.",
    "PRI_MPS": "End of the page; somebody may take up the handset.",
    "PRI_EOP": "End of the last page; somebody may take up the handset.",
    "EOS": "End of this selection; another follows.",
    "EOR": "I repeat no more of this part.",
    "PPS": "That was a part of the page: have you got all of it?",
    "RR": "Are you ready?",
    "MCF": "I have it, and it is kept.",
    "RTP": "I have it; test the line again before the next.",
    "RTN": "Too much of it was damaged.",
    "PIP": "I have it; somebody wants to speak.",
    "PIN": "It was damaged; somebody wants to speak.",
    "PPR": "Some of it is missing: send that again.",
    "RNR": "Wait, I am still keeping it.",
    "ERR": "Understood, you repeat no more.",
    "PID": "I have it; this way of sending ends.",
    "FDM": "This is how your file was received.",
    "FNV": "I do not accept a part of what you said.",
    "TNR": "I am not ready to send.",
    "TR": "Are you ready to send?",
    "DCN": "I hang up.",
    "CRP": "Say that again.",
    "UNKNOWN": "A frame that T.30 does not know.",
}
STEPS: Final = {
    "PickUp": "The box picks up.",
    "CheckTraining": "The box listens to the test signal.",
    "SendTraining": "The box sends the test signal.",
    "TakePage": "The box takes in the page.",
    "TakeBlock": "The box takes in a part of the page.",
    "CloseBlock": "The box looks whether that part is whole.",
    "GiveUpBlock": "The box keeps what came of that part.",
    "EndPage": "The page is put together.",
    "KeepPage": "The page is sealed and written.",
    "SendPage": "The box sends a page.",
    "SendBlock": "The box sends a part of a page.",
    "HangUp": "The box hangs up.",
}
EVENTS: Final = {
    "Garbled": "Something came that could not be understood.",
    "Silent": "Nothing came.",
    "Interrupted": "Something else came than was waited for.",
    "Gone": "The line was cut.",
    "Kept": "It is kept.",
    "Keeping": "It is not kept yet.",
    "NotKept": "It could not be kept.",
    "Trained": "The test signal came {}.",
    "PageCame": "A page came: {}.",
    "BlockCame": "A part of the page came.",
    "BlockWhole": "That part is whole.",
    "BlockMisses": "Of that part some is missing.",
    "BlockAgain": "That part came before.",
    "BlockLost": "That part is lost.",
}
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
        yield Remark(Side.HERE, "", STEPS[verb], "" if _SECONDS.fullmatch(carried) else carried)
    elif way == "<" and verb in EVENTS:
        told = "{" in EVENTS[verb] or verb in _TOLD or _SECONDS.fullmatch(carried)
        yield Remark(Side.HERE, "", EVENTS[verb].format(_in_words(carried)), "" if told else carried)
    else:
        yield Remark(Side.HERE, "", "", line)


def _split(frames: str) -> list[str]:
    """The frames of one turn: parted by commas, of which their fields have some as well."""
    return re.split(r", (?=[A-Z_]{2,7}\+?(?: |,|$))", frames)


def _said(side: Side, frame: str) -> Remark:
    found = _FRAME.fullmatch(frame)
    if found is None or found["name"] not in FRAMES:
        return Remark(side, "", "", frame)
    return Remark(side, found["name"], FRAMES[found["name"]], found["rest"] or "")


def _in_words(carried: str) -> str:
    found = _QUALITY.fullmatch(carried)
    if found is None:
        return carried or "…"
    rows, damaged, worst = (int(found[place]) for place in (1, 2, 3))
    said = [f"{rows:,} lines", f"{damaged:,} of them damaged" if damaged else "none damaged"]
    if damaged > 1:
        said.append(f"{worst:,} in a row at most")
    if found[4] != "whole":
        said.append("without its end")
    return ", ".join(said)
