"""The line editor of a bare terminal: octets in, echo and lines out. Whatever a noisy cable sends, it makes a line or nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

LONGEST: Final = 72  # signs of a line; more are refused with a bell

_CR, _LF, _ESCAPE, _BELL = 0x0D, 0x0A, 0x1B, b"\x07"
_RUBOUT: Final = b"\b \b"


@dataclass(frozen=True, slots=True)
class Line:
    """Enter was pressed."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """Ctrl-D on an empty line: the technician leaves."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A key that ended no line; `echo` is what the terminal shows for it, perhaps nothing."""

    echo: bytes


class _Escape(Enum):
    """Where in an escape sequence (an arrow key, say) we are."""

    NONE = auto()
    BEGUN = auto()
    INSIDE = auto()


@dataclass(slots=True)
class Editor:
    """One line being typed. CR, LF and CR LF each end it; backspace and Ctrl-U take back; Ctrl-C begins anew."""

    _text: list[str] = field(default_factory=list)
    _after_cr: bool = False
    _escape: _Escape = _Escape.NONE

    def press(self, octet: int, hidden: bool) -> Line | End | Typed | None:
        """What one `octet` means; None when it means nothing. `hidden` shows stars for what is typed."""
        after_cr, self._after_cr = self._after_cr, octet == _CR
        if self._swallows(octet) or (octet == _LF and after_cr):
            return None
        match octet:
            case 0x0D | 0x0A:
                return Line(self._take())
            case 0x08 | 0x7F | 0x15 | 0x03:  # backspace and delete; Ctrl-U and Ctrl-C
                return self._rub_out(1 if octet in {0x08, 0x7F} else len(self._text))
            case 0x04 if not self._text:
                return End()
            case _ if 0x20 <= octet <= 0x7E:
                return self._add(chr(octet), hidden)
            case _:
                return None

    def clear(self) -> None:
        """Forget what was typed of a line that will not be ended."""
        self._text.clear()

    def _swallows(self, octet: int) -> bool:
        """Escape sequences (ECMA-48 §5.4: ESC [ ... final) mean nothing here; a control sign ends a broken one."""
        match self._escape:
            case _ if octet == _ESCAPE:
                self._escape = _Escape.BEGUN
                return True
            case _ if octet < 0x20:
                self._escape = _Escape.NONE
                return False
            case _Escape.NONE:
                return False
            case _Escape.BEGUN:
                self._escape = _Escape.INSIDE if octet in b"[O" else _Escape.NONE
                return True
            case _Escape.INSIDE:
                self._escape = _Escape.NONE if 0x40 <= octet <= 0x7E else _Escape.INSIDE
                return True

    def _take(self) -> str:
        text = "".join(self._text)
        self.clear()
        return text

    def _rub_out(self, count: int) -> Typed:
        count = min(count, len(self._text))
        del self._text[len(self._text) - count :]
        return Typed(_RUBOUT * count)

    def _add(self, sign: str, hidden: bool) -> Typed:
        if len(self._text) >= LONGEST:
            return Typed(_BELL)
        self._text.append(sign)
        return Typed(b"*" if hidden else sign.encode())
