"""As much SIP as a caller needs (RFC 3261, RFC 3264): messages as text, no sockets."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

SOUND, DIGITS = 0, 101  # RTP payload types: PCMU (RFC 3551), telephone-event (RFC 4733)


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`method`) or a response (`status`)."""

    method: str
    status: int
    headers: dict[str, list[str]]
    body: str

    @classmethod
    def parse(cls, datagram: bytes) -> Message:
        head, _, body = datagram.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        words = first.split()
        if words[0].startswith("SIP/"):
            return cls(headers["cseq"][0].split()[1], int(words[1]), headers, body)
        return cls(words[0], 0, headers, body)

    def sound_goes_to(self) -> tuple[str, int]:
        """Address and port of the other side's RTP. Raises ValueError when the message has none."""
        address, port = (
            re.search(r"^c=IN IP4 (\S+)", self.body, re.MULTILINE),
            re.search(r"^m=audio (\d+)", self.body, re.MULTILINE),
        )
        if not address or not port:
            raise ValueError("no session description")
        return address[1], int(port[1])


@dataclass
class Dialog:
    """One call as the caller's side writes it down."""

    ours: tuple[str, int]
    theirs: tuple[str, int]
    sound_port: int
    dialled: str
    number: str | None
    name: str
    asserted: bool = False  # says who calls in P-Asserted-Identity, as an ATA does
    call_id: str = field(default_factory=lambda: f"{random.getrandbits(64):x}@rig")
    tag: str = field(default_factory=lambda: f"{random.getrandbits(32):x}")
    branch: str = field(default_factory=lambda: f"z9hG4bK{random.getrandbits(48):x}")
    their_tag: str = ""

    def is_of(self, message: Message) -> bool:
        return message.headers["call-id"] == [self.call_id]

    def invite(self) -> bytes:
        return self._request("INVITE", self.branch, self._offer())

    def ack(self, response: Message) -> bytes:
        """For a refusal it belongs to the INVITE's transaction, for an answer to one of its own."""
        return self._request("ACK", self.branch if response.status >= 300 else self._branch())

    def cancel(self) -> bytes:
        return self._request("CANCEL", self.branch)

    def bye(self) -> bytes:
        return self._request("BYE", self._branch())

    def remember(self, response: Message) -> None:
        if tag := re.search(r";tag=([^\s;]+)", response.headers["to"][0]):
            self.their_tag = f";tag={tag[1]}"

    def reply(self, request: Message) -> bytes:
        """200 OK to whatever the other side asks in mid-call."""
        copied = [
            f"{name.title()}: {value}"
            for name in ("via", "from", "to", "call-id", "cseq")
            for value in request.headers[name]
        ]
        body = self._offer() if request.method in {"INVITE", "UPDATE"} and request.body else ""
        return self._text("SIP/2.0 200 OK", [*copied, f"Contact: {self._contact()}"], body)

    def _request(self, method: str, branch: str, body: str = "") -> bytes:
        to = "" if method in {"INVITE", "CANCEL"} else self.their_tag
        account = "line1" if self.asserted else self.number or "anonymous"
        lines = [
            f"Via: SIP/2.0/UDP {self.ours[0]}:{self.ours[1]};branch={branch};rport",
            f"From: {'' if self.asserted else self._quoted_name()} <sip:{account}@{self.ours[0]}>;tag={self.tag}",
            f"To: <sip:{self.dialled}@{self.theirs[0]}>{to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {2 if method == 'BYE' else 1} {method}",
            f"Contact: {self._contact()}",
            "Max-Forwards: 70",
        ]
        if self.asserted and self.number:
            lines.append(f"P-Asserted-Identity: {self._quoted_name()} <sip:{self.number}@{self.ours[0]}>")
        return self._text(f"{method} sip:{self.dialled}@{self.theirs[0]}:{self.theirs[1]} SIP/2.0", lines, body)

    def _offer(self) -> str:
        lines = [
            "v=0",
            f"o=rig 1 1 IN IP4 {self.ours[0]}",
            "s=-",
            f"c=IN IP4 {self.ours[0]}",
            "t=0 0",
            f"m=audio {self.sound_port} RTP/AVP {SOUND} {DIGITS}",
            f"a=rtpmap:{SOUND} PCMU/8000",
            f"a=rtpmap:{DIGITS} telephone-event/8000",
            f"a=fmtp:{DIGITS} 0-15",
            "a=ptime:20",
            "a=sendrecv",
        ]
        return "\r\n".join(lines) + "\r\n"

    def _quoted_name(self) -> str:
        return '"' + self.name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _contact(self) -> str:
        return f"<sip:rig@{self.ours[0]}:{self.ours[1]}>"

    @staticmethod
    def _branch() -> str:
        return f"z9hG4bK{random.getrandbits(48):x}"

    @staticmethod
    def _text(first: str, lines: list[str], body: str) -> bytes:
        kind = ["Content-Type: application/sdp"] if body else []
        return "\r\n".join([first, *lines, *kind, f"Content-Length: {len(body.encode())}", "", body]).encode()
