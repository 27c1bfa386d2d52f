# SPDX-License-Identifier: Apache-2.0
"""The local certificate authority: ECDSA P-256, for mutual TLS between robots and supervisor."""

import ipaddress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from swarm_vault.errors import VaultError
from swarm_vault.files import PRIVATE, write_atomic

_CA_DAYS = 3650
_LEAF_DAYS = 365
_RENEW_DAYS = 30
_CLOCK_SLACK = timedelta(hours=1)
"""A robot without a battery-backed clock may be behind."""


class Authority:
    """Issue certificates from the authority in a folder."""

    def __init__(
        self, folder: Path, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        self._folder = folder
        self._cert = cert
        self._key = key

    @classmethod
    def ensure(cls, folder: Path) -> 'Authority':
        """Open the authority of a folder, or found one.

        Raises:
            VaultError: Its files cannot be used.
        """
        cert_path, key_path = folder / 'ca.pem', folder / 'ca.key'
        if not cert_path.exists():
            # Without its certificate a key has issued nothing yet: a crash came between the two.
            key = ec.generate_private_key(ec.SECP256R1())
            write_atomic(key_path, _key_pem(key), mode=PRIVATE)
            write_atomic(cert_path, _pem(_authority_certificate(key)))
        return cls(folder, _load_cert(cert_path), _load_key(key_path))

    def ensure_leaf(self, name: str, *, common_name: str) -> None:
        """Issue `<name>.pem` and `.key` unless a usable certificate of this authority exists."""
        cert_path, key_path = self._folder / f'{name}.pem', self._folder / f'{name}.key'
        if cert_path.exists() and key_path.exists() and self._is_usable(cert_path, key_path):
            return
        key = ec.generate_private_key(ec.SECP256R1())
        write_atomic(key_path, _key_pem(key), mode=PRIVATE)
        write_atomic(cert_path, _pem(self._leaf_certificate(key, common_name)))

    def _is_usable(self, cert_path: Path, key_path: Path) -> bool:
        cert = _load_cert(cert_path)
        left = cert.not_valid_after_utc - datetime.now(timezone.utc)
        soon = left <= timedelta(days=_RENEW_DAYS)
        return (
            not soon
            and self._has_issued(cert)
            and cert.public_key() == _load_key(key_path).public_key()
        )

    def _has_issued(self, cert: x509.Certificate) -> bool:
        try:
            cert.verify_directly_issued_by(self._cert)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _leaf_certificate(
        self, key: ec.EllipticCurvePrivateKey, common_name: str
    ) -> x509.Certificate:
        names = [
            x509.DNSName('localhost'),
            x509.DNSName(common_name.replace('_', '-')),
            x509.IPAddress(ipaddress.ip_address('127.0.0.1')),
        ]
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(_name(common_name), self._cert.subject, key, days=_LEAF_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())


def _authority_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name('hybrid_swarm local authority')
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _builder(name, name, key, days=_CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _load_cert(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise VaultError(f'{path}: is no certificate ({error}); restore or remove it') from error


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise VaultError(f'{path}: is no private key ({error}); restore or remove it') from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise VaultError(f'{path}: is no ECDSA key; restore or remove it')
    return key
