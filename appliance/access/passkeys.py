"""Passkeys (WebAuthn Level 3): made on a telephone, a computer or a key of its own, and asked for there with a finger or a PIN.

The door of py_webauthn, which is heavy and loaded by the first passkey only. A passkey belongs to the host name under which it was made. Where the
authenticator has the PRF extension it can do more than prove who is there: what it derives from our salt opens that person's key, and no password is needed.
"""

# ruff: noqa: PLC0415 - 23 MB and a quarter of a second that most requests do without

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import secrets
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from appliance.clock import Clock
from appliance.errors import PasskeyError
from appliance.store import primitives
from appliance.store.keys import Identity

HANDLE: Final = 16  # octets that name a person to an authenticator and tell it nothing
PATIENCE: Final = 300.0  # s that a challenge stands
TOUCH: Final = 120_000  # ms that the browser waits for a finger
PRF: Final = 32  # octets, WebAuthn Level 3 §10.1.4
SALT: Final = b"keepline passkey salt 1"  # the authenticator mixes it with a secret of this very passkey
_PURPOSE: Final = b"keepline passkey 1"
_NONCE: Final = 16
_MAC: Final = 32
_LONGEST: Final = 8 * 1024  # letters of an answer


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser believes to be."""

    host: str
    origin: str
    practice: str = ""  # as the browser shows it beside the passkey

    @property
    def may_have_passkeys(self) -> bool:
        """Browsers make passkeys for names, never for bare addresses."""
        try:
            ipaddress.ip_address(self.host.strip("[]"))
        except ValueError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of a passkey: nothing secret."""

    id: str  # base64url
    key: str  # its public half, COSE, base64url
    count: int  # how often the authenticator says it was used; 0 where it does not count
    name: str  # what its person calls it
    host: str
    made: float  # s since 1970
    opens: bool  # does it open the person's key, too?

    @property
    def file(self) -> str:
        """Under what name the person's key, sealed to this passkey, lies."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:32] + ".age"


class Challenges:
    """Challenges that are ours, fresh, for one purpose, and answered once. What nobody answers takes no room: a challenge proves itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._answered: dict[bytes, float] = {}  # challenge -> monotonic s at which it has ended by itself
        self._lock = threading.Lock()

    def draw(self, purpose: str) -> bytes:
        """A new challenge."""
        start = secrets.token_bytes(_NONCE) + struct.pack(">d", self._clock.monotonic() + PATIENCE)
        return start + self._mac(start, purpose)

    def must_stand(self, challenge: bytes, purpose: str) -> None:
        """Raises `PasskeyError` for one that is not ours, is too old, was for another purpose or was answered."""
        start, mac = challenge[:-_MAC], challenge[-_MAC:]
        if len(start) != _NONCE + 8 or not hmac.compare_digest(mac, self._mac(start, purpose)):
            raise PasskeyError
        if struct.unpack(">d", start[_NONCE:])[0] < self._clock.monotonic() or challenge in self._answered:
            raise PasskeyError

    def use_up(self, challenge: bytes) -> None:
        """It was answered rightly; raises `PasskeyError` if somebody was quicker with the same answer."""
        now = self._clock.monotonic()
        with self._lock:
            if challenge in self._answered:
                raise PasskeyError
            self._answered = {one: end for one, end in self._answered.items() if end > now} | {
                challenge: now + PATIENCE
            }

    def _mac(self, start: bytes, purpose: str) -> bytes:
        return hmac.digest(self._secret, start + purpose.encode(), "sha256")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser gives back, read and not yet believed."""

    id: str
    challenge: bytes
    told: dict[str, Any] = field(repr=False)


def creation(site: Site, person: str, handle: bytes, challenge: bytes, known: Sequence[Passkey]) -> str:
    """What a browser needs to make a passkey of this person, as JSON."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.practice,
        user_id=handle,
        user_name=person,
        user_display_name=person.capitalize(),
        challenge=challenge,
        timeout=TOUCH,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_descriptor(passkey) for passkey in known if passkey.host == site.host],
    )
    return _with_prf(webauthn.options_to_json(options))


def request(site: Site, challenge: bytes, known: Sequence[Passkey] = ()) -> str:
    """What a browser needs to ask for a passkey, as JSON: for one of `known`, or for any that this host name has."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TOUCH,
        allow_credentials=[_descriptor(passkey) for passkey in known if passkey.host == site.host],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _with_prf(webauthn.options_to_json(options))


def read(text: str) -> Answer:
    """A browser's answer; raises `PasskeyError` for anything else."""
    try:
        if len(text) > _LONGEST:
            raise ValueError
        told = json.loads(text)
        client = json.loads(_octets(told["response"]["clientDataJSON"]))
        return Answer(str(told["id"]), _octets(client["challenge"]), told)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        raise PasskeyError from None


def made(answer: Answer, site: Site, name: str, at: float, opens: bool) -> Passkey:
    """The passkey that was just made; raises `PasskeyError` when the answer is not what was asked for."""
    import webauthn
    from webauthn.helpers import bytes_to_base64url

    try:
        found = webauthn.verify_registration_response(
            credential=answer.told,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (
        Exception
    ):  # of the library's many families: whatever it does not take is no passkey, and its text may quote what came
        raise PasskeyError from None
    id, key = bytes_to_base64url(found.credential_id), bytes_to_base64url(found.credential_public_key)
    return Passkey(id, key, found.sign_count, name, site.host, at, opens)


def check(answer: Answer, site: Site, passkey: Passkey) -> int:
    """Was it this very passkey, here, with its person's finger or PIN? Gives the new count; raises `PasskeyError`."""
    import webauthn

    if passkey.host != site.host or passkey.id != answer.id:
        raise PasskeyError
    try:
        return webauthn.verify_authentication_response(
            credential=answer.told,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=_octets(passkey.key),
            credential_current_sign_count=passkey.count,
            require_user_verification=True,
        ).new_sign_count
    except Exception:  # as in `made`
        raise PasskeyError from None


def identity_of(derived: str, id: str) -> Identity:
    """The identity that a passkey opens with: what its authenticator derived from our salt (base64url), by HKDF. Raises `PasskeyError`."""
    secret = _octets(derived)
    with primitives.forgetting(secret):
        if len(secret) != PRF:
            raise PasskeyError
        scalar = primitives.derive(secret, hashlib.sha256(id.encode()).digest(), _PURPOSE)
    with primitives.forgetting(scalar):
        return Identity(primitives.SecretKey.from_bytes(scalar))


def _with_prf(options: str) -> str:
    told = json.loads(options)
    told["extensions"] = {"prf": {"eval": {"first": _text(hashlib.sha256(SALT).digest())}}}
    return json.dumps(told)


def _descriptor(passkey: Passkey) -> Any:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return PublicKeyCredentialDescriptor(id=_octets(passkey.id))


def _octets(text: str) -> bytes:
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(text)
    except (ValueError, TypeError, AttributeError):
        raise PasskeyError from None


def _text(octets: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(octets)
