"""What a person has beside the password: passkeys, an app's secret, printed codes. Each person's lies in a folder of their own, `keys/factors/<name>/`.

`factors.json` says in clear what there is (public halves of passkeys, how many printed codes are left); `factors.age` holds what must stay secret, sealed to
that person's key, so it opens only after the password was right; `<hash>.age` is that person's key sealed to what one passkey derives. The page prepares
a change with the person's key, the daemon writes it. Guarding the page is all that this can do: a stolen card is guarded by the password.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.access import one_time, people, practice
from appliance.access.passkeys import HANDLE, Passkey
from appliance.access.roles import check_name
from appliance.access.small_file import moment, reading
from appliance.errors import (
    ControlError,
    FactorsChangedError,
    FactorsDamagedError,
    OwnAccountError,
    PersonNameError,
    SealError,
)
from appliance.store import age_file, age_header, primitives
from appliance.store.changes import NOTHING, Change
from appliance.store.keys import Identity

FOLDER: Final = Path("keys/factors")
CLEAR: Final = "factors.json"
SEALED: Final = "factors.age"
MOST_PASSKEYS: Final = 10  # of one person
_VERSION: Final = 1
_LARGEST: Final = 16 * 1024  # octets of a file handed over for writing
_KEY_FILE: Final = re.compile(r"[0-9a-f]{32}\.age")

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody has, as anybody on the box may know it."""

    stamp: str = ""  # another one with each change of what there is; using a factor leaves it
    handle: str = ""  # hexadecimal; names the person to authenticators
    app: bool = False
    codes: int = 0  # printed codes that are left
    passkeys: tuple[Passkey, ...] = ()

    @property
    def any(self) -> bool:
        """Is there any second factor?"""
        return self.app or self.codes > 0 or bool(self.passkeys)

    def find(self, id: str) -> Passkey | None:
        """The passkey with that id."""
        return next((passkey for passkey in self.passkeys if passkey.id == id), None)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What stands in the sealed file."""

    app: str = ""  # the app's secret, base 32; empty when there is none
    used: int = 0  # the last step of it that was taken
    codes: tuple[str, ...] = ()  # digests of the printed codes that are left

    def __repr__(self) -> str:
        return "Secrets(private)"


@dataclass(frozen=True, slots=True)
class FactorFiles:
    """What the daemon writes for one person. Nothing in it opens anything by itself."""

    name: str
    clear: bytes
    sealed: bytes
    built_on: str  # the version that this was prepared on
    proof: bytes = field(repr=False)  # that whoever prepared this holds the person's key
    keys: dict[str, bytes] = field(default_factory=dict)  # file name -> the person's key sealed to a new passkey


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has, opened with their own key. Each change gives another `Held`; `files` is what the daemon then writes."""

    name: str
    factors: Factors = Factors()
    secrets: Secrets = Secrets()
    keys: dict[str, bytes] = field(default_factory=dict)
    built_on: str = ""  # the version that was opened; "" where there was nothing

    def with_handle(self, handle: str) -> Held:
        """Known to authenticators under `handle`."""
        return replace(self, factors=replace(self.factors, handle=handle))

    def with_app(self, secret: str, step: int) -> Held:
        """An app that has proven its secret with the code of `step`."""
        return self._changed(replace(self.factors, app=True), replace(self.secrets, app=secret, used=step))

    def without_app(self) -> Held:
        return self._changed(replace(self.factors, app=False), replace(self.secrets, app="", used=0))

    def with_codes(self, codes: tuple[str, ...]) -> Held:
        """New printed codes; earlier ones no longer count."""
        digests = tuple(one_time.digest(code) for code in codes)
        return self._changed(replace(self.factors, codes=len(codes)), replace(self.secrets, codes=digests))

    def with_passkey(self, passkey: Passkey, own: Identity, derived: Identity | None) -> Held:
        """One passkey more; with `derived` it opens the person's key `own`, too."""
        sealed = {passkey.file: age_file.seal_identity(own, [derived.recipient])} if derived else {}
        factors = replace(self.factors, passkeys=(*self.factors.passkeys, passkey))
        return replace(self._changed(factors, self.secrets), keys=self.keys | sealed)

    def without_passkey(self, id: str) -> Held:
        left = tuple(passkey for passkey in self.factors.passkeys if passkey.id != id)
        return self._changed(replace(self.factors, passkeys=left), self.secrets)

    def used_app(self, code: str, now: float) -> Held | None:
        """After the app's code `code`, or None when that is not right."""
        step = one_time.step_of(self.secrets.app, code, now, self.secrets.used) if self.secrets.app else None
        return None if step is None else replace(self, secrets=replace(self.secrets, used=step))

    def used_code(self, code: str) -> Held | None:
        """After the printed code `code`, which is used up now, or None when there is none such."""
        given = one_time.digest(code).encode()
        left = tuple(digest for digest in self.secrets.codes if not primitives.same(digest.encode(), given))
        if len(left) == len(self.secrets.codes):
            return None
        return replace(self, factors=replace(self.factors, codes=len(left)), secrets=replace(self.secrets, codes=left))

    def used_passkey(self, id: str, count: int) -> Held:
        """After a passkey whose authenticator now counts `count`."""
        passkeys = tuple(
            replace(passkey, count=count) if passkey.id == id else passkey for passkey in self.factors.passkeys
        )
        return replace(self, factors=replace(self.factors, passkeys=passkeys))

    def files(self, own: Identity) -> FactorFiles:
        """For the daemon to write; secrets sealed to the person's own key."""
        text = bytearray(_json(self.secrets))
        with primitives.forgetting(text):
            sealed = age_file.seal(text, [own.recipient])
        return FactorFiles(self.name, _json(self.factors), sealed, self.built_on, practice.proof_of(own), self.keys)

    def _changed(self, factors: Factors, secret: Secrets) -> Held:
        handle = factors.handle or draw_handle()
        return replace(self, factors=replace(factors, stamp=secrets.token_hex(8), handle=handle), secrets=secret)


def draw_handle() -> str:
    """What authenticators may know a person by: nothing that means anything."""
    return secrets.token_hex(HANDLE)


def read(folder: Path, name: str) -> Factors:
    """What `name` has. Raises `FactorsDamagedError`."""
    file = folder / FOLDER / check_name(name) / CLEAR
    try:
        with reading(FactorsDamagedError):
            return _parse(file.read_bytes())
    except FileNotFoundError:
        return Factors()


def open_held(folder: Path, name: str, own: Identity) -> Held:
    """What `name` has, with the secrets, which `own` opens. Raises `FactorsDamagedError`."""
    clear, sealed = _both(folder, name)
    with reading(FactorsDamagedError):
        factors = Factors() if clear is None else _parse(clear)
    if sealed is None:
        return Held(name, factors, built_on=_version(clear, sealed))
    try:
        text = age_file.open_bytes(sealed, [own])
    except SealError:
        raise FactorsDamagedError from None
    with primitives.forgetting(text), reading(FactorsDamagedError):
        told: Any = json.loads(text)
        secret = Secrets(str(told["app"]), int(told["used"]), tuple(map(str, told["codes"])))
        return Held(name, factors, secret, built_on=_version(clear, sealed))


def owner_of(folder: Path, id: str) -> tuple[str, Passkey] | None:
    """Whose passkey that is. One person's damaged file keeps no other out."""
    for file in sorted((folder / FOLDER).glob(f"*/{CLEAR}")):
        with suppress(FactorsDamagedError, PersonNameError):
            if found := read(folder, file.parent.name).find(id):
                return file.parent.name, found
    return None


def open_with_passkey(folder: Path, name: str, passkey: Passkey, derived: Identity) -> Identity:
    """The person's key, by what their passkey derived. Raises `FactorsDamagedError`."""
    try:
        sealed = (folder / FOLDER / check_name(name) / passkey.file).read_bytes()
        return age_file.open_identity(sealed, [derived])
    except (OSError, SealError):
        raise FactorsDamagedError from None


def plan(folder: Path, files: FactorFiles) -> tuple[dict[str, str], Change]:
    """The daemon's part of a change; says what has changed, for the record: nothing where a factor was only used.

    Raises `ControlError` for what cannot be somebody's factors, `NoProofError` when neither that person nor an admin has prepared it, and
    `FactorsChangedError` when it was prepared on what is no longer there: a code that was used meanwhile would count again.
    """
    practice.check_proof(folder, files.proof, people.kept_proof(folder, files.name))
    before, after = read(folder, files.name), _parse_given(files)
    place = FOLDER / files.name
    keys = {place / file: sealed for file, sealed in files.keys.items()}
    wanted = {SEALED, CLEAR, *(passkey.file for passkey in after.passkeys)}
    gone = dict.fromkeys(file for file in _files(folder, place) if file.name not in wanted)
    change = Change({place / SEALED: files.sealed, **keys, place / CLEAR: files.clear, **gone})
    difference = _difference(before, after)
    if files.built_on != version(folder, files.name):
        raise FactorsChangedError
    return difference, change


def plan_reset(folder: Path, name: str, by: str, proof: bytes) -> Change:
    """As `plan_erasure`, at the wish of an admin `by`, who proves to hold the practice key. For oneself the proof is that of one's own key, which only one's
    password opens: a session that was left open holds no such. Raises `NoProofError`, `OwnAccountError`."""
    if name == by:
        if practice.digest_of(proof) != people.kept_proof(folder, name):
            raise OwnAccountError
    else:
        practice.check_proof(folder, proof)
    return plan_erasure(folder, name)


def plan_erasure(folder: Path, name: str) -> Change:
    """Every second factor of `name` goes, as after a new key, whose old one opened them, or when an admin says so."""
    place = FOLDER / check_name(name)
    if not (folder / place).is_dir():
        return NOTHING
    files = sorted(_files(folder, place), key=lambda one: one.name != CLEAR)
    return Change({**dict.fromkeys(files), place: None})


def version(folder: Path, name: str) -> str:
    """Differs whenever what `name` has does, or one of it was used."""
    return _version(*_both(folder, name))


def _version(clear: bytes | None, sealed: bytes | None) -> str:
    return "" if clear is sealed is None else hashlib.sha256(repr((clear, sealed)).encode()).hexdigest()


def _both(folder: Path, name: str) -> tuple[bytes | None, bytes | None]:
    """What stands in clear and what is sealed; None for what is not there. A change between the two reads shows in the version."""
    place = folder / FOLDER / check_name(name)
    with reading(FactorsDamagedError):
        clear, sealed = ((place / file).read_bytes() if (place / file).exists() else None for file in (CLEAR, SEALED))
    return clear, sealed


def _files(folder: Path, place: Path) -> list[Path]:
    return [place / file.name for file in (folder / place).iterdir()] if (folder / place).is_dir() else []


def _difference(before: Factors, after: Factors) -> dict[str, str]:
    """What came and what went, by kind; nothing for a factor that was only used, but for a printed code."""
    if _only_used(before, after):
        return {"used": "printed code"} if after.codes < before.codes else {}
    if before.stamp == after.stamp:
        raise ControlError("a change of what there is has a stamp of its own.")
    old, new = ({replace(passkey, count=0) for passkey in one.passkeys} for one in (before, after))
    added = ["passkey"] * len(new - old) + ["app"] * (after.app and not before.app)
    removed = ["passkey"] * len(old - new) + ["app"] * (before.app and not after.app)
    if after.codes > 0 and after.codes >= before.codes and not added and not removed:
        added.append("printed codes")
    said = {"added": ", ".join(added), "removed": ", ".join(removed)}
    return {what: kinds for what, kinds in said.items() if kinds} or {"as": "changed"}


def _only_used(before: Factors, after: Factors) -> bool:
    """Is there the same as before, but for counts and printed codes that are used up?"""
    same = [
        replace(one, codes=0, passkeys=tuple(replace(key, count=0) for key in one.passkeys)) for one in (before, after)
    ]
    return same[0] == same[1] and after.codes <= before.codes


def _parse_given(files: FactorFiles) -> Factors:
    check_name(files.name)
    sealed_files = (files.sealed, *files.keys.values())
    if not all(age_header.is_sealed(sealed, _LARGEST) for sealed in sealed_files):
        raise ControlError("that is no sealed file.")
    if len(files.clear) > _LARGEST or not all(_KEY_FILE.fullmatch(file) for file in files.keys):
        raise ControlError("those are no second factors.")
    try:
        after = _parse(files.clear)
    except FactorsDamagedError:
        raise ControlError("those are no second factors.") from None
    if len(after.passkeys) > MOST_PASSKEYS or not set(files.keys) <= {one.file for one in after.passkeys}:
        raise ControlError("those are no second factors.")
    return after


def _json(value: Factors | Secrets) -> bytes:
    return json.dumps({"keepline": _VERSION} | dataclasses.asdict(value), indent=1).encode("ascii") + b"\n"


def _parse(text: bytes) -> Factors:
    with reading(FactorsDamagedError):
        told: Any = json.loads(text)
        passkeys = tuple(
            Passkey(
                str(one["id"]),
                str(one["key"]),
                int(one["count"]),
                str(one["name"]),
                str(one["host"]),
                moment(one["made"]),
                bool(one["opens"]),
            )
            for one in told["passkeys"]
        )
        return Factors(str(told["stamp"]), str(told["handle"]), bool(told["app"]), int(told["codes"]), passkeys)
