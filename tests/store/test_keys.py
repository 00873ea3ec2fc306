"""Keys: written, read, and never shown."""

from __future__ import annotations

import copy
import pickle
import subprocess
import traceback

import pytest

from appliance.errors import KeyFormatError, SealKeyError
from appliance.store import bech32
from appliance.store.age_file import open_bytes, seal
from appliance.store.keys import Identity, Recipient

# the key pair of the shared vectors; the public half is what `age-keygen -y` says
SECRET = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"
PUBLIC = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef"


def test_a_secret_key_names_its_public_half() -> None:
    public = (
        subprocess.run(("age-keygen", "-y"), input=SECRET.encode(), capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )
    assert str(Identity.parse(SECRET).recipient) == public == PUBLIC


def test_keys_are_read_back_as_they_were_written() -> None:
    identity = Identity.generate()
    assert Identity.parse(identity.encode()).recipient == identity.recipient
    assert Identity.parse(identity.to_bytes()).encode() == identity.encode()
    assert Recipient.parse(str(identity.recipient)) == identity.recipient


def test_no_two_keys_are_alike() -> None:
    assert len({Identity.generate().recipient for _ in range(20)}) == 20


def test_the_secret_is_never_shown() -> None:
    identity = Identity.parse(SECRET)
    shown = f"{identity} {identity!r} {vars(type(identity))} {[identity]}"
    assert PUBLIC in shown
    assert SECRET[16:] not in shown
    assert bech32.decode(b"AGE-SECRET-KEY-", SECRET.encode()).hex() not in shown


@pytest.mark.parametrize(
    "text", [SECRET[:-1], SECRET[:-1] + "Q", SECRET.lower(), SECRET + "\n", PUBLIC, "", "ä" + SECRET]
)
def test_what_is_no_secret_key_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(KeyFormatError) as refused:
        Identity.parse(text)
    told = "".join(traceback.format_exception_only(refused.value)) + repr(refused.value.__cause__)
    assert text[20:40] not in told or not text[20:40]


@pytest.mark.parametrize("text", [PUBLIC[:-1], PUBLIC.upper(), SECRET, "", "age1", "ä"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(KeyFormatError):
        Recipient.parse(text)


def test_a_key_of_another_length_is_refused() -> None:
    for length in (0, 31, 33):
        with pytest.raises(KeyFormatError):
            Recipient.parse(bech32.encode(b"age", bytes(length)).decode())


def test_a_wiped_key_opens_nothing() -> None:
    identity = Identity.generate()
    sealed = seal(b"sound", [identity.recipient])
    with identity:
        assert open_bytes(sealed, [identity]) == b"sound"
    for use in (identity.encode, identity.to_bytes, lambda: open_bytes(sealed, [identity])):
        with pytest.raises(SealKeyError):
            use()
    assert str(identity.recipient).startswith("age1")


def test_a_secret_key_is_not_copied_by_the_way() -> None:
    identity = Identity.generate()
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            duplicate(identity)
