"""The words of T.30: HDLC frames, as octets on a modem's serial side and as values.

T.30 prints bits in the order they are sent; the serial side of a Class 1 modem carries the first bit sent as the lowest bit of an octet. So DIS, printed
`0000 0001`, is the octet 0x80 here. Flags and stuffed zero bits are the modem's business. It also makes the check sequence (FCS) of what we send, and most
hand over that of what they received behind the frame; all say whether it was right. What remains is address, control, facsimile control field (FCF) and
facsimile information field (FIF).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

from appliance.errors import BadFrameError

ADDRESS: Final = 0xFF  # T.30 §5.3.4: the only address on the public network
CONTROL: Final = 0x03  # T.30 §5.3.5, 1100 0000 as sent
CONTROL_FINAL: Final = 0x13  # 1100 1000: the last frame of this turn
X: Final = 0x01  # T.30 §5.3.6.1: the first bit of an FCF, 1 from the station that has received a DIS
LONGEST: Final = (
    300  # octets on the serial side; the longest frames in use carry 256 octets of a page and 4 of their own
)


class Side(Enum):
    """Which of the two stations a frame is for, to tell an answer from the echo of our own."""

    CALLED = "called"  # the station that was called sends it
    CALLER = "caller"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class _Code:
    """An FCF as T.30 prints it (`X` where the bit says who sends), and which station sends it to the other when the caller has the pages."""

    bits: str
    side: Side


class Kind(Enum):
    """What a frame says. T.30 §5.3.6.1, Table 1 and the paragraphs after it."""

    DIS = _Code("00000001", Side.CALLED)  # digital identification: what the called station can do
    CSI = _Code("00000010", Side.CALLED)  # its number
    NSF = _Code("00000100", Side.CALLED)  # what it can do beyond the standard
    DTC = _Code("10000001", Side.CALLER)  # digital transmit command: the caller wants to be sent to (polling)
    CIG = _Code("10000010", Side.CALLER)
    NSC = _Code("10000100", Side.CALLER)
    PWD = _Code("10000011", Side.CALLER)  # a password, to be sent to
    SEP = _Code("10000101", Side.CALLER)  # a sub-address, to be sent to
    PSA = _Code("10000110", Side.CALLER)
    CIA = _Code("10000111", Side.CALLER)  # addresses on the Internet: CIA, TSA, IRA, CSA
    ISP = _Code("10001000", Side.CALLER)
    DCS = _Code("X1000001", Side.CALLER)  # digital command: the terms of what follows
    TSI = _Code("X1000010", Side.CALLER)  # the sender's number
    NSS = _Code("X1000100", Side.CALLER)  # terms beyond the standard
    SUB = _Code("X1000011", Side.CALLER)  # sub-address
    SID = _Code("X1000101", Side.CALLER)  # the sender's password
    TSA = _Code("X1000110", Side.CALLER)
    IRA = _Code("X1000111", Side.CALLER)
    CTC = _Code("X1001000", Side.CALLER)  # with ECM: continue to correct, perhaps slower
    CSA = _Code("00100100", Side.CALLED)
    CFR = _Code("X0100001", Side.CALLED)  # confirmation to receive
    FTT = _Code("X0100010", Side.CALLED)  # failure to train
    CTR = _Code("X0100011", Side.CALLED)  # response to that
    EOM = _Code("X1110001", Side.CALLER)  # end of message: back to phase B
    MPS = _Code("X1110010", Side.CALLER)  # multi-page: another page follows on the same terms
    EOP = _Code("X1110100", Side.CALLER)  # end of procedure: that was the last page
    PRI_EOM = _Code("X1111001", Side.CALLER)
    PRI_MPS = _Code("X1111010", Side.CALLER)
    PRI_EOP = _Code("X1111100", Side.CALLER)
    EOS = _Code("X1111000", Side.CALLER)
    EOR = _Code("X1110011", Side.CALLER)  # with ECM: end of retransmission, this block is given up
    PPS = _Code("X1111101", Side.CALLER)  # with ECM: partial page signal, a block ends
    RR = _Code("X1110110", Side.CALLER)  # with ECM: ready to receive? after RNR
    MCF = _Code("X0110001", Side.CALLED)  # message confirmation
    RTP = _Code("X0110011", Side.CALLED)  # retrain, positive: taken, but train again before the next
    RTN = _Code("X0110010", Side.CALLED)  # retrain, negative: not taken as good
    PIP = _Code("X0110101", Side.CALLED)  # as MCF and RTN, and a person is called for: never said by us
    PIN = _Code("X0110100", Side.CALLED)
    PPR = _Code("X0111101", Side.CALLED)  # with ECM: partial page request, these frames again
    RNR = _Code("X0110111", Side.CALLED)  # with ECM: receiver not ready
    ERR = _Code("X0111000", Side.CALLED)  # with ECM: response to EOR
    PID = _Code("X0110110", Side.CALLED)
    FDM = _Code("X0111111", Side.CALLED)
    FNV = _Code("X1010011", Side.EITHER)  # a field of the frame before is not valid
    TNR = _Code("X1010111", Side.EITHER)
    TR = _Code("X1010110", Side.EITHER)
    DCN = _Code("X1011111", Side.EITHER)  # disconnect
    CRP = _Code("X1011000", Side.EITHER)  # command repeat
    UNKNOWN = _Code("", Side.EITHER)  # a frame that is whole and says nothing we know

    @property
    def side(self) -> Side:
        """Which station sends it."""
        code: _Code = self.value
        return code.side


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: what it says and its information field."""

    kind: Kind
    info: bytes = b""
    final: bool = True  # the other side may answer now

    def __str__(self) -> str:
        return f"{self.kind.name}{'' if self.final else '+'}"

    @property
    def inner(self) -> Kind | None:
        """Of a PPS or EOR: the command it stands for (T.30 §A.4.3); None for "this page goes on" (NULL)."""
        return _KINDS.get(self.info[0], Kind.UNKNOWN) if self.info and self.info[0] else None

    @classmethod
    def from_octets(cls, octets: bytes) -> Self:
        """The frame that a modem handed over, FCS included. Raises `BadFrameError` when it is damaged or none of T.30's."""
        if check_sequence(octets[:-2]) != octets[-2:]:
            raise BadFrameError
        return cls._unpack(octets[:-2])

    @classmethod
    def from_unchecked(cls, octets: bytes) -> Self:
        """The frame that a modem called good and handed over with a wrong FCS or none at all: one that we know, and exactly as long as such a frame is, or by
        two octets longer. Raises `BadFrameError`."""
        frame = cls._unpack(octets)
        if (length := _find_length(frame)) is None or len(frame.info) - length not in {0, 2}:
            raise BadFrameError
        return cls(frame.kind, frame.info[:length], frame.final)

    @classmethod
    def _unpack(cls, inner: bytes) -> Self:
        """Raises `BadFrameError`."""
        if not 3 <= len(inner) < LONGEST or inner[0] != ADDRESS or inner[1] not in {CONTROL, CONTROL_FINAL}:
            raise BadFrameError
        return cls(_KINDS.get(inner[2], Kind.UNKNOWN), bytes(inner[3:]), inner[1] == CONTROL_FINAL)

    def to_octets(self, *, by_caller: bool) -> bytes:
        """As the modem takes it, without FCS. The caller is the one who has received a DIS."""
        control = CONTROL_FINAL if self.final else CONTROL
        return bytes((ADDRESS, control, _octet(self.kind.value.bits, "1" if by_caller else "0"))) + self.info


def pack_inner(kind: Kind | None, *, by_caller: bool = True) -> bytes:
    """That command as a PPS or EOR carries it."""
    return b"\0" if kind is None else bytes((_octet(kind.value.bits, "1" if by_caller else "0"),))


def turn(*frames: Frame) -> tuple[Frame, ...]:
    """Frames to be sent in one go: only the last of them is final."""
    *before, last = frames
    return (*(Frame(frame.kind, frame.info, final=False) for frame in before), Frame(last.kind, last.info))


def check_sequence(octets: bytes) -> bytes:
    """The FCS of a frame, T.30 §5.3.7: the complement of the remainder by x^16 + x^12 + x^5 + 1, preset to ones, first bit lowest."""
    rest = 0xFFFF
    for octet in octets:
        rest = rest >> 8 ^ _CHECK[(rest ^ octet) & 0xFF]
    return (rest ^ 0xFFFF).to_bytes(2, "little")


def pack_identity(text: str) -> bytes:
    """A number or name as CSI, TSI, SUB and their like carry it: 20 octets, the last character first (T.30 §5.3.6.2.4)."""
    return text.encode("ascii", "replace")[:20].rjust(20)[::-1]


def unpack_identity(info: bytes) -> str:
    """The text of such a field; what nobody could print is left out."""
    return "".join(chr(octet) for octet in reversed(info) if 0x20 <= octet < 0x7F).strip()


def _find_length(frame: Frame) -> int | None:
    """How many octets of information such a frame has; None when nothing tells."""
    match frame.kind:
        case (
            Kind.DIS | Kind.DTC | Kind.DCS
        ):  # from bit 24 on, each eighth says whether another octet follows, T.30 Table 2
            return next((place + 1 for place, octet in enumerate(frame.info) if place >= 2 and octet < _MORE), None)
        case kind if kind in _UNTOLD:
            return None
        case kind:
            return _LENGTHS.get(kind, 0)


def _octet(bits: str, x: str) -> int:
    """A printed FCF as the serial side carries it: the first bit lowest."""
    return int(bits.replace("X", x)[::-1], 2)


def _divide(octet: int) -> int:
    """What one octet adds to the check sequence's remainder."""
    for _ in range(8):
        octet = octet >> 1 ^ 0x8408 if octet & 1 else octet >> 1
    return octet


_MORE: Final = 0x80
_IDENTITIES: Final = (Kind.CSI, Kind.TSI, Kind.CIG, Kind.PWD, Kind.SEP, Kind.SUB, Kind.SID)
_LENGTHS: Final = {  # of information fields, in octets, T.30 §5.3.6.2 and §A.4.3; the other kinds have none
    **dict.fromkeys(_IDENTITIES, 20),
    Kind.CTC: 2,
    Kind.PPS: 4,
    Kind.EOR: 1,
    Kind.PPR: 32,
}
_UNTOLD: Final = {  # of any length, or of no use to us
    *(Kind.NSF, Kind.NSC, Kind.NSS, Kind.PSA, Kind.CIA, Kind.ISP, Kind.TSA, Kind.IRA, Kind.CSA, Kind.FNV),
    Kind.UNKNOWN,
}
_CHECK: Final = tuple(_divide(octet) for octet in range(256))
_KINDS: Final = {_octet(kind.value.bits, x): kind for kind in Kind if kind.value.bits for x in "01"}
