"""The page's certificate, from a CA of the box's own that browsers are told to trust once. The door to x509.

The CA is worth nothing elsewhere: its name constraints permit the page's own names and addresses only, so whoever steals its key can impersonate nobody but
this page. The leaf is renewed by itself; the CA stays for ten years, unless the page gets a name that the constraints do not permit.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance import logs
from appliance.control.values import Fingerprint
from appliance.errors import CertificateError, StoreError
from appliance.store.disk import Disk

FOLDER: Final = Path("tls")
DAY: Final = 86_400.0  # s
LEAF_DAYS: Final = 89  # Mozilla's modern profile wants fewer than 90; the box renews it by itself
CA_DAYS: Final = 3653
RENEW_DAYS: Final = 30  # before the end
BACK_DAYS: Final = 2  # a browser's clock may be behind ours
BUILT: Final = 1_767_225_600.0  # 1 January 2026, UTC: this program did not run before, so an earlier clock is wrong
CA_SINCE: Final = (
    1_735_689_600.0  # 1 January 2025: early enough for every clock that may have been wrong on the first start
)

_PRIVATE: Final = 0o600
_FOR_THE_PAGE: Final = 0o640

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Ca:
    """The CA's certificate, to be handed to whoever shall trust it."""

    der: bytes
    pem: bytes
    name: str  # "Keepline box 1f2e3d4c"

    def fingerprint(self) -> Fingerprint:
        """What a person compares."""
        short = hashlib.sha1(self.der, usedforsecurity=False).hexdigest()  # what Windows shows when it asks
        return Fingerprint(hashlib.sha256(self.der).hexdigest().upper(), short.upper())


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What the page is served with, and what browsers are to trust."""

    ca_pem: Path
    chain_pem: Path
    key_pem: Path

    def fingerprint(self) -> str:
        """SHA-256 of the CA's certificate, as browsers show it, to compare by eye before trusting it."""
        ca = x509.load_pem_x509_certificate(self.ca_pem.read_bytes())
        return ca.fingerprint(hashes.SHA256()).hex(":").upper()

    def ca(self) -> Ca:
        """What browsers are to trust. Raises `CertificateError` when there is none."""
        found = _read(self.ca_pem)
        if found is None:
            raise CertificateError
        der = found.public_bytes(serialization.Encoding.DER)
        return Ca(der, _pem(found), str(found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value))


def ensure(folder: Path, names: Sequence[str], now: float) -> TlsFiles:
    """The page's certificate for `names` (host names and addresses), made or renewed where that is due. `folder` is the store's.

    `now` (s since 1970) may come from a clock that is wrong. Raises `CertificateError` when something is due and cannot be written.
    """
    return _Workshop(folder / FOLDER, tuple(dict.fromkeys(name.lower() for name in names)), now).ensure()


def files(folder: Path) -> TlsFiles:
    """Where the certificates are, made or not."""
    tls = folder / FOLDER
    return TlsFiles(tls / "ca.pem", tls / "chain.pem", tls / "key.pem")


@dataclass(frozen=True, slots=True)
class _Workshop:
    folder: Path
    names: tuple[str, ...]
    now: float

    def ensure(self) -> TlsFiles:
        made = files(self.folder.parent)
        ca, leaf = _read(made.ca_pem), _read(made.chain_pem)
        if ca is None or not self._ca_serves(ca):
            ca = self._make_ca()
            leaf = None
        if leaf is None or not self._leaf_serves(leaf, ca):
            self._make_leaf(ca)
        return made

    def _ca_serves(self, ca: x509.Certificate) -> bool:
        left = ca.not_valid_after_utc.timestamp() - max(self.now, BUILT)
        permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
        return left > (LEAF_DAYS + RENEW_DAYS) * DAY and set(_subtrees(self.names)) <= set(permitted)

    def _leaf_serves(self, leaf: x509.Certificate, ca: x509.Certificate) -> bool:
        try:
            leaf.verify_directly_issued_by(ca)
            if self._key("key.pem").public_key() != leaf.public_key():  # the power went between the two files
                return False
        except (ValueError, TypeError, InvalidSignature, CertificateError):
            return False
        there = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        since, until = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
        in_time = since <= max(self.now, BUILT) < until - RENEW_DAYS * DAY
        return in_time and set(there) == set(map(_general_name, self.names))

    def _make_ca(self) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        number = x509.random_serial_number()
        until = max(self.now, BUILT) + CA_DAYS * DAY
        name = _name("Keepline", f"Keepline box {number & 0xFFFFFFFF:08x}")  # two CAs of one box must not be mistaken
        builder = _builder(name, name, key.public_key(), CA_SINCE, until, number)
        constraints = x509.NameConstraints(_subtrees(self.names), _excluded(self.names) or None)
        for extension, critical in (
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (_key_usage(key_cert_sign=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (constraints, True),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        ca = builder.sign(key, hashes.SHA256())
        self._write("ca-key.pem", _pem_of_key(key), _PRIVATE)
        self._write("ca.pem", _pem(ca), _FOR_THE_PAGE)
        log.info("certificates.ca_made")
        return ca

    def _make_leaf(self, ca: x509.Certificate) -> None:
        ca_key = self._key("ca-key.pem")
        if ca_key.public_key() != ca.public_key():  # the power went between the two files
            ca = self._make_ca()
            ca_key = self._key("ca-key.pem")
        key = ec.generate_private_key(ec.SECP256R1())
        since = max(self.now, BUILT) - BACK_DAYS * DAY
        builder = _builder(
            _name("Keepline", "Keepline page"),
            ca.subject,
            key.public_key(),
            since,
            since + LEAF_DAYS * DAY,
            x509.random_serial_number(),
        )
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_key_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName([_general_name(name) for name in self.names]), False),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        self._write("key.pem", _pem_of_key(key), _FOR_THE_PAGE)
        self._write("chain.pem", _pem(builder.sign(ca_key, hashes.SHA256())) + _pem(ca), _FOR_THE_PAGE)
        log.info("certificates.leaf_made")

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key((self.folder / name).read_bytes(), None)
        except (OSError, ValueError) as error:
            raise CertificateError from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CertificateError
        return key

    def _write(self, name: str, data: bytes, mode: int) -> None:
        disk = Disk()
        try:
            disk.make_folder(self.folder)
            disk.replace(self.folder / name, data, mode)
        except StoreError as error:
            raise CertificateError from error


def _read(file: Path) -> x509.Certificate | None:
    """The first certificate in `file`; None when there is none that can be read."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return None


def _builder(  # noqa: PLR0913, PLR0917 - the fields of a certificate
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: float, until: float, number: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(number)
    return builder.not_valid_before(_time(since)).not_valid_after(_time(until))


def _name(organisation: str, common: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def _key_usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _subtrees(names: Sequence[str]) -> list[x509.GeneralName]:
    """Exactly these names and addresses. (A DNS name also permits what stands below it, RFC 5280 §4.2.1.10.)"""
    return [
        x509.DNSName(name) if (address := _address(name)) is None else x509.IPAddress(ipaddress.ip_network(address))
        for name in names
    ]


def _excluded(names: Sequence[str]) -> list[x509.GeneralName]:
    """A kind of name of which none is permitted would be free (RFC 5280 §4.2.1.10): so all of it is excluded."""
    addresses = [_address(name) for name in names]
    every_address = [x509.IPAddress(ipaddress.ip_network(net)) for net in ("0.0.0.0/0", "::/0")]
    excluded: list[x509.GeneralName] = []
    if not any(address is not None for address in addresses):
        excluded += every_address
    if None not in addresses:
        excluded.append(x509.DNSName(""))
    return excluded


def _address(name: str) -> Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _time(moment: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).replace(microsecond=0)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
