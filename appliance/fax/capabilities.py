"""What a station can do (DIS) and what a caller chose of it (DCS): T.30's table of bits, read both ways.

Bits are numbered from 1 as in T.30 Table 2; on the serial side bit 1 is the lowest bit of the first octet. Every eighth bit from 24 on says that another octet
follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self, TypeVar

from appliance.errors import BadFrameError, TermsError
from appliance.fax.paper import Length, Resolution, Width
from appliance.fax.rates import Modulation, Rate
from appliance.fax.t4 import Coding

Bits = tuple[int, ...]
V = TypeVar("V")


_ALL_SPEEDS: Final = frozenset(Modulation)
_V27: Final = frozenset({Modulation.V27TER})

# Bits 11-14 of a DIS
_OFFERED_SPEEDS: Final[Mapping[Bits, frozenset[Modulation]]] = {
    (0, 1, 0, 0): _V27,
    (0, 0, 0, 0): _V27,  # at 2400 bit/s only; taken as the same, since training finds it out
    (1, 0, 0, 0): frozenset({Modulation.V29}),
    (1, 1, 0, 0): frozenset({Modulation.V27TER, Modulation.V29}),
    (1, 1, 1, 0): frozenset({Modulation.V27TER, Modulation.V29}),  # and V.33, which nobody has any more
    (1, 1, 0, 1): _ALL_SPEEDS,
}
# Bits 11-14 of a DCS
_CHOSEN_RATE: Final[Mapping[Bits, Rate]] = {rate.bits: rate for rate in Rate}
# Bits 17-18 and 19-20
_OFFERED_WIDTHS: Final[Mapping[Bits, frozenset[Width]]] = {
    (0, 0): frozenset({Width.A4}),
    (1, 0): frozenset({Width.A4, Width.B4}),
    (0, 1): frozenset(Width),
    (1, 1): frozenset(Width),  # invalid; T.30 Table 2 note 10 has it read as (0, 1)
}
_CHOSEN_WIDTH: Final[Mapping[Bits, Width]] = {(0, 0): Width.A4, (1, 0): Width.B4, (0, 1): Width.A3}
_LENGTH: Final[Mapping[Bits, Length]] = {(0, 0): Length.A4, (1, 0): Length.B4, (0, 1): Length.UNLIMITED}
# Bits 21-23, milliseconds a line at standard and at fine resolution
_SCAN_TIME: Final[Mapping[Bits, tuple[int, int]]] = {
    (0, 0, 0): (20, 20),
    (0, 0, 1): (40, 40),
    (0, 1, 0): (10, 10),
    (1, 0, 0): (5, 5),
    (0, 1, 1): (10, 5),
    (1, 1, 0): (20, 10),
    (1, 0, 1): (40, 20),
    (1, 1, 1): (0, 0),
}
_SPEED_BITS: Final = (11, 12, 13, 14)
_WIDTH_BITS: Final = (17, 18)
_LENGTH_BITS: Final = (19, 20)
_SCAN_BITS: Final = (21, 22, 23)
_POLLING: Final = 9  # DIS: has a document to be fetched
_RECEIVES: Final = 10  # DIS: can receive; DCS: is to receive
_TWO_DIMENSIONAL: Final = 16
_ECM: Final = 27
_SMALL_FRAMES: Final = 28  # DCS: with ECM, 64 octets a frame instead of 256
_MMR: Final = 31
_RESOLUTIONS: Final = (43, 42, 41, 15)  # finest first
_INCH: Final = 44  # DIS: inch-based resolutions are welcome; DCS: the resolution is one
_METRIC: Final = 45  # DIS: so are the others
_SUB: Final = 49  # DIS: a sub-address may be sent
#: What a DCS may say and we never offer: uncompressed mode, T.43, speech, files, characters, mixed modes, JPEG, colour, JBIG, ciphers, raster content, and
#: resolutions from 600 dots an inch. A page of that kind would be taken for a damaged one.
_NEVER: Final = (26, 36, 38, 53, 54, 55, 57, 60, 62, 68, 69, 78, 79, 84, 85, 86, 92, 93, 94, 105, 106, 107, 108, 109)


class _Fields:
    """A field of bits, numbered from 1. Bits beyond its end are 0."""

    def __init__(self, info: bytes = b"") -> None:
        self._octets = bytearray(info)

    def __getitem__(self, bit: int) -> int:
        place, shift = divmod(bit - 1, 8)
        return self._octets[place] >> shift & 1 if place < len(self._octets) else 0

    def __setitem__(self, bit: int, value: int) -> None:
        place, shift = divmod(bit - 1, 8)
        self._octets.extend(bytes(max(0, place + 1 - len(self._octets))))
        self._octets[place] |= value << shift

    def get(self, bits: Bits, meanings: Mapping[Bits, V]) -> V:
        """What several bits mean together. Raises `BadFrameError` for what the table does not know."""
        try:
            return meanings[tuple(self[bit] for bit in bits)]
        except KeyError:
            raise BadFrameError("asks for what T.30's table of bits does not have.") from None

    def put(self, bits: Bits, meanings: Mapping[Bits, V], meaning: V) -> None:
        """Set several bits to what means `meaning`."""
        values = next(values for values, known in meanings.items() if known == meaning)
        for bit, value in zip(bits, values, strict=True):
            self[bit] = value

    def to_octets(self) -> bytes:
        """At least three octets, each but the last two saying that another one follows."""
        self._octets.extend(bytes(max(0, 3 - len(self._octets))))
        for octet in range(3, len(self._octets)):
            self[octet * 8] = 1
        return bytes(self._octets)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a station can do, as a DIS says it."""

    modulations: frozenset[Modulation] = _ALL_SPEEDS
    resolutions: frozenset[Resolution] = frozenset(Resolution)
    codings: frozenset[Coding] = frozenset(Coding)
    widths: frozenset[Width] = frozenset(Width)
    length: Length = Length.UNLIMITED
    scan_time: tuple[int, int] = (0, 0)  # ms a line, standard and fine
    ecm: bool = True
    receives: bool = True
    polling: bool = False
    sub_addresses: bool = True

    @classmethod
    def from_info(cls, info: bytes) -> Self:
        """What the other station's DIS says. Raises `BadFrameError`."""
        if len(info) < 3:
            raise BadFrameError("is too short for a DIS.")
        fields = _Fields(info)
        codings = {Coding.MR: _TWO_DIMENSIONAL, Coding.MMR: _MMR}
        return cls(
            modulations=fields.get(_SPEED_BITS, _OFFERED_SPEEDS),
            resolutions=frozenset(
                what for what in Resolution if (not what.bit or fields[what.bit]) and (not what.inch or fields[_INCH])
            ),
            codings=frozenset({Coding.MH, *(what for what, bit in codings.items() if fields[bit])}),
            widths=fields.get(_WIDTH_BITS, _OFFERED_WIDTHS),
            length=fields.get(_LENGTH_BITS, _LENGTH),
            scan_time=fields.get(_SCAN_BITS, _SCAN_TIME),
            ecm=bool(fields[_ECM]),
            receives=bool(fields[_RECEIVES]),
            polling=bool(fields[_POLLING]),
            sub_addresses=bool(fields[_SUB]),
        )

    def to_info(self) -> bytes:
        """As a DIS carries it."""
        fields = _Fields()
        fields[_POLLING], fields[_RECEIVES] = int(self.polling), int(self.receives)
        fields.put(_SPEED_BITS, _OFFERED_SPEEDS, self.modulations)
        fields[_TWO_DIMENSIONAL] = int(Coding.MR in self.codings)
        fields.put(_WIDTH_BITS, _OFFERED_WIDTHS, self.widths)
        fields.put(_LENGTH_BITS, _LENGTH, self.length)
        fields.put(_SCAN_BITS, _SCAN_TIME, self.scan_time)
        for bit, able in (
            *((what.bit, what in self.resolutions) for what in Resolution if what.bit),
            (_ECM, self.ecm),
            (_MMR, Coding.MMR in self.codings),
            (_INCH, any(what.inch for what in self.resolutions)),
            (_METRIC, Resolution.R16 in self.resolutions),
            (_SUB, self.sub_addresses),
        ):
            if able:
                fields[bit] = 1
        return fields.to_octets()

    def __str__(self) -> str:
        return " ".join(
            (
                ",".join(sorted(item.value for item in self.modulations)),
                ",".join(item.name for item in Resolution if item in self.resolutions),
                ",".join(item.name for item in Coding if item in self.codings),
                ",".join(item.name for item in Width if item in self.widths),
                self.length.value,
                "ECM" if self.ecm else "no-ECM",
            )
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller chose, as a DCS says it: how the pages that follow travel."""

    rate: Rate = Rate.V17_14400
    resolution: Resolution = Resolution.STANDARD
    coding: Coding = Coding.MH
    width: Width = Width.A4
    length: Length = Length.UNLIMITED
    scan_time: tuple[int, int] = (0, 0)
    ecm: bool = False
    small_frames: bool = False

    @property
    def dots(self) -> int:
        """Picture elements on a line."""
        return self.resolution.dots(self.width)

    @property
    def frame_size(self) -> int:
        """With ECM: octets of the page in a frame."""
        return 64 if self.small_frames else 256

    def same_image(self, other: Terms) -> bool:
        """Could a page that has begun on these terms go on with those?"""
        return replace(other, rate=self.rate) == self

    def at_rate_of(self, info: bytes) -> Self:
        """The same at another rate: a CTC says it in the first two octets of a DCS (T.30 §A.4.1). Raises `BadFrameError`."""
        if len(info) < 2:
            raise BadFrameError("is too short for a CTC.")
        return replace(self, rate=_Fields(info).get(_SPEED_BITS, _CHOSEN_RATE))

    @classmethod
    def from_info(cls, info: bytes) -> Self:
        """What the caller's DCS says. Raises `BadFrameError`, `TermsError`."""
        if len(info) < 3:
            raise BadFrameError("is too short for a DCS.")
        fields = _Fields(info)
        if any(fields[bit] for bit in _NEVER):
            raise TermsError
        flat = Coding.MR if fields[_TWO_DIMENSIONAL] else Coding.MH
        return cls(
            rate=fields.get(_SPEED_BITS, _CHOSEN_RATE),
            resolution=_resolution(fields),
            coding=Coding.MMR if fields[_MMR] else flat,
            width=fields.get(_WIDTH_BITS, _CHOSEN_WIDTH),
            length=fields.get(_LENGTH_BITS, _LENGTH),
            scan_time=fields.get(_SCAN_BITS, _SCAN_TIME),
            ecm=bool(fields[_ECM]),
            small_frames=bool(fields[_ECM] and fields[_SMALL_FRAMES]),
        )

    def to_info(self) -> bytes:
        """As a DCS carries it."""
        fields = _Fields()
        fields[_RECEIVES] = 1
        fields.put(_SPEED_BITS, _CHOSEN_RATE, self.rate)
        fields[_TWO_DIMENSIONAL] = int(self.coding is Coding.MR)
        fields.put(_WIDTH_BITS, _CHOSEN_WIDTH, self.width)
        fields.put(_LENGTH_BITS, _LENGTH, self.length)
        fields.put(_SCAN_BITS, _SCAN_TIME, self.scan_time)
        for bit, chosen in (
            (_ECM, self.ecm),
            (_SMALL_FRAMES, self.ecm and self.small_frames),
            (_MMR, self.coding is Coding.MMR),
            (self.resolution.bit, self.resolution.bit),
            (_INCH, self.resolution.inch),
        ):
            if chosen:
                fields[bit] = 1
        return fields.to_octets()

    def within(self, offered: Capabilities) -> bool:
        """Did we offer all of it?"""
        return (
            self.rate.modulation in offered.modulations
            and any(
                self.resolution.bit == what.bit for what in offered.resolutions
            )  # metric or inch: T.30 Table 2 note 18 has both taken
            and self.coding in offered.codings
            and self.width in offered.widths
            and (offered.ecm or not self.ecm)
            and (self.ecm or self.coding is not Coding.MMR)  # T.30 Table 2 note 25: MMR only with ECM
        )

    def __str__(self) -> str:
        said = (str(self.rate), self.resolution.name, self.coding.name, self.width.name, self.length.value)
        return " ".join((*said, "ECM" if self.ecm else "no-ECM"))


def _resolution(fields: _Fields) -> Resolution:
    """Which resolution a DCS chooses."""
    bit = next((bit for bit in _RESOLUTIONS if fields[bit]), 0)
    meant = [what for what in Resolution if what.bit == bit]
    return next((what for what in meant if what.inch == bool(fields[_INCH])), meant[0])
