"""The page's certificate: trusted by programs that are not ours, good for the page's own names only, renewed in time, made under a wrong clock."""

from __future__ import annotations

import datetime
import socket
import ssl
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.access import certificates
from appliance.access.certificates import BUILT, DAY, LEAF_DAYS, TlsFiles
from appliance.errors import CertificateError

NAMES = ("keepline.local", "localhost", "192.168.1.5")
NOW = 1_795_000_000.0  # November 2026


@pytest.fixture
def made(tmp_path: Path) -> TlsFiles:
    return certificates.ensure(tmp_path, NAMES, NOW)


def verify(made: TlsFiles, *more: str, at: float = NOW) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-attime", f"{at:.0f}"]
    return subprocess.run(
        [*command, *more, "-CAfile", made.ca_pem, made.chain_pem], capture_output=True, text=True, check=False
    )


def fingerprints(made: TlsFiles) -> tuple[str, bytes]:
    leaf = x509.load_pem_x509_certificate(made.chain_pem.read_bytes())
    return made.fingerprint(), leaf.fingerprint(hashes.SHA256())


@pytest.mark.parametrize(
    "name", [("-verify_hostname", "keepline.local"), ("-verify_hostname", "localhost"), ("-verify_ip", "192.168.1.5")]
)
def test_openssl_trusts_it_for_each_of_its_names(made: TlsFiles, name: tuple[str, str]) -> None:
    done = verify(made, *name)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "names", [("keepline.local",), ("192.168.1.5",), ("fd00::5", "keepline.local"), ("Keepline.LOCAL",)]
)
def test_any_mixture_of_names_and_addresses_makes_a_strict_chain(tmp_path: Path, names: tuple[str, ...]) -> None:
    made = certificates.ensure(tmp_path, names, NOW)
    assert verify(made).returncode == 0
    ca = x509.load_pem_x509_certificate(made.ca_pem.read_bytes())
    for strict in (x509.NameConstraints, x509.BasicConstraints, x509.KeyUsage):
        assert ca.extensions.get_extension_for_class(strict).critical  # who does not understand it must not trust it


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("keepline.local",), "bank.example"),
        (("keepline.local",), "192.168.1.1"),
        (("keepline.local",), "fd00::1"),
        (("192.168.1.5",), "bank.example"),
        (("192.168.1.5",), "192.168.1.6"),
        (("keepline.local", "192.168.1.5"), "192.168.1.6"),
        (("keepline.local", "192.168.1.5"), "local"),
    ],
)
def test_the_ca_is_worth_nothing_for_other_names(tmp_path: Path, ours: tuple[str, ...], theirs: str) -> None:
    made = certificates.ensure(tmp_path, ours, NOW)
    made.chain_pem.write_bytes(forged(made, theirs))
    done = verify(made)
    assert done.returncode != 0
    assert "subtree" in done.stderr


def forged(made: TlsFiles, name: str) -> bytes:
    """What a thief of the CA's key would make."""
    ca = x509.load_pem_x509_certificate(made.ca_pem.read_bytes())
    ca_key = serialization.load_pem_private_key(made.ca_pem.with_name("ca-key.pem").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    since = datetime.datetime.fromtimestamp(NOW - DAY, datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(since)
        .not_valid_after(since + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([certificates._general_name(name)]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("name", "trusted"), [("localhost", True), ("bank.example", False)])
def test_pythons_ssl_trusts_it_for_its_names_only(tmp_path: Path, name: str, trusted: bool) -> None:
    made = certificates.ensure(tmp_path, ("localhost",), datetime.datetime.now(datetime.UTC).timestamp())
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.chain_pem, made.key_pem)
    asking = ssl.create_default_context(cafile=str(made.ca_pem))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(ours, server_side=True).close()
        except OSError:
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        asking.wrap_socket(theirs, server_hostname=name).close()
        accepted = True
    except ssl.SSLCertVerificationError:
        accepted = False
    finally:
        theirs.close()
        thread.join()
    assert accepted is trusted


def test_what_is_good_stays(tmp_path: Path, made: TlsFiles) -> None:
    before = fingerprints(made)
    for days in (0, 1, LEAF_DAYS - 33):
        assert fingerprints(certificates.ensure(tmp_path, NAMES, NOW + days * DAY)) == before
    assert fingerprints(certificates.ensure(tmp_path, tuple(reversed(NAMES)), NOW)) == before


def test_the_leaf_is_renewed_in_time_and_the_ca_stays(tmp_path: Path, made: TlsFiles) -> None:
    ca, leaf = fingerprints(made)
    later = NOW + (LEAF_DAYS - 31) * DAY
    ca_then, leaf_then = fingerprints(certificates.ensure(tmp_path, NAMES, later))
    assert (ca_then, leaf_then != leaf) == (ca, True)
    assert verify(made, at=later).returncode == 0


def test_a_name_less_needs_no_new_ca_and_a_name_more_does(tmp_path: Path, made: TlsFiles) -> None:
    ca, leaf = fingerprints(made)
    ca_less, leaf_less = fingerprints(certificates.ensure(tmp_path, NAMES[:2], NOW))
    assert (ca_less, leaf_less != leaf) == (ca, True)
    ca_more, _ = fingerprints(certificates.ensure(tmp_path, (*NAMES, "box.example"), NOW))
    assert ca_more != ca
    assert verify(made, "-verify_hostname", "box.example").returncode == 0


@pytest.mark.parametrize("wrong", [0.0, BUILT - 400 * DAY, NOW + 20 * 365 * DAY], ids=["1970", "too early", "2046"])
def test_a_first_start_under_a_wrong_clock_is_put_right_with_the_same_ca(tmp_path: Path, wrong: float) -> None:
    made = certificates.ensure(tmp_path, NAMES, wrong)
    ca = made.fingerprint()
    again = certificates.ensure(tmp_path, NAMES, NOW)
    assert again.fingerprint() == ca
    assert verify(again).returncode == 0


@pytest.mark.parametrize("lost", ["ca.pem", "ca-key.pem", "chain.pem", "key.pem"])
def test_whatever_a_power_cut_left_half_done_is_made_again(tmp_path: Path, lost: str) -> None:
    made = certificates.ensure(tmp_path, NAMES, NOW)
    other = certificates.ensure(tmp_path / "other", NAMES, NOW)
    file = tmp_path / "tls" / lost
    file.write_bytes((other.ca_pem.parent / lost).read_bytes())
    certificates.ensure(tmp_path, NAMES, NOW + LEAF_DAYS * DAY)  # a renewal is due: then even a wrong CA key shows
    assert verify(made, at=NOW + LEAF_DAYS * DAY).returncode == 0
    file.unlink()
    certificates.ensure(tmp_path, NAMES, NOW + LEAF_DAYS * DAY + 1) if lost != "ca-key.pem" else None
    assert verify(made, at=NOW + LEAF_DAYS * DAY + 1).returncode == 0


def test_without_the_cas_key_nothing_is_renewed_but_what_is_good_serves_on(tmp_path: Path, made: TlsFiles) -> None:
    before = fingerprints(made)
    (tmp_path / "tls/ca-key.pem").unlink()  # as it is for the page, which may not read it
    assert fingerprints(certificates.ensure(tmp_path, NAMES, NOW)) == before
    with pytest.raises(CertificateError):
        certificates.ensure(tmp_path, NAMES, NOW + LEAF_DAYS * DAY)


def test_the_cas_key_is_for_its_owner_alone(tmp_path: Path, made: TlsFiles) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "tls").iterdir()}
    assert modes == {"ca-key.pem": 0o600, "ca.pem": 0o640, "chain.pem": 0o640, "key.pem": 0o640}


def test_the_fingerprint_is_what_others_show(made: TlsFiles) -> None:
    command = ["openssl", "x509", "-in", str(made.ca_pem), "-noout", "-fingerprint", "-sha256"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip().endswith("=" + made.fingerprint())
