# SPDX-License-Identifier: Apache-2.0
"""Who is who: a local certificate authority for gRPC, Ed25519 keys for everything that is signed.

Everything lies under `nexus/`: `tls/` (ECDSA P-256 certificates for mutual TLS), `keys/` (private
signing keys, mode 0600) and `trust/` (public keys of all members).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from swarm.v1.common_pb2 import Signed

from swarm_vault.errors import VaultError
from swarm_vault.files import PRIVATE, locked, write_atomic
from swarm_vault.listing import ending_in
from swarm_vault.reading import read_regular

SUPERVISOR = 'supervisor'
OPERATOR = 'operator'
SERVER = 'server'


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether something can be trusted, and why not."""

    ok: bool
    reason: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """What one side of a mutual TLS channel needs, PEM."""

    ca: bytes
    cert: bytes
    key: bytes


class Signer:
    """Sign in one member's name."""

    def __init__(self, agent_id: str, key: Ed25519PrivateKey) -> None:
        self.agent_id = agent_id
        self._key = key

    @property
    def public_bytes(self) -> bytes:
        """The public half, raw."""
        return _raw(self._key.public_key())

    def sign_bytes(self, content: bytes) -> bytes:
        """Sign bytes that name their own kind, as notes do; everything else uses `sign`."""
        return self._key.sign(content)

    def sign(self, domain: str, sequence: int, payload: bytes) -> Signed:
        """Sign a payload.

        Args:
            domain: What kind of thing it is, e.g. 'swarm.v1.PeerIntent'.
            sequence: Rises with every message of this member in this domain; receivers refuse
                what does not rise (`SequenceGuard`).
            payload: The bytes.
        """
        signature = self._key.sign(_signed_bytes(domain, self.agent_id, sequence, payload))
        return Signed(
            domain=domain,
            agent_id=self.agent_id,
            sequence=sequence,
            payload=payload,
            signature=signature,
        )


class Trust:
    """The members' public keys, read once."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = dict(keys)
        self._public = {agent_id: _raw(key) for agent_id, key in keys.items()}

    @property
    def members(self) -> tuple[str, ...]:
        """Whose signatures can be checked."""
        return tuple(sorted(self._keys))

    def public_bytes(self, agent_id: str) -> bytes | None:
        """A member's public key, raw; None for who is no member."""
        return self._public.get(agent_id)

    def remembering(self) -> 'Trust':
        """The same keys for who meets the same signatures often: each is judged once."""
        return _RememberingTrust(self._keys)

    def verify_bytes(self, agent_id: str, signature: bytes, content: bytes) -> Verdict:
        """Judge a signature that `Signer.sign_bytes` made."""
        key = self._keys.get(agent_id)
        if key is None:
            return Verdict(ok=False, reason=f'author {agent_id!r} is no member')
        try:
            key.verify(signature, content)
        except InvalidSignature:
            return Verdict(ok=False, reason=f'signature of {agent_id!r} does not fit')
        return Verdict(ok=True)

    def verify(self, signed: Signed, *, domain: str, agent_id: str | None = None) -> Verdict:
        """Judge a signature; whatever is odd is not ok. Replays are the caller's to refuse.

        Args:
            signed: What arrived.
            domain: The only domain that is acceptable here.
            agent_id: The only acceptable author; None: any member.
        """
        if signed.domain != domain:
            return Verdict(ok=False, reason=f'signed as {signed.domain!r}, expected {domain!r}')
        if agent_id is not None and signed.agent_id != agent_id:
            reason = f'signed by {signed.agent_id!r}, expected {agent_id!r}'
            return Verdict(ok=False, reason=reason)
        content = _signed_bytes(signed.domain, signed.agent_id, signed.sequence, signed.payload)
        return self.verify_bytes(signed.agent_id, signed.signature, content)


class _RememberingTrust(Trust):
    """For one pass through a vault: what it remembers only grows."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        super().__init__(keys)
        self._judged: dict[tuple[str, bytes, bytes], Verdict] = {}

    def verify_bytes(self, agent_id: str, signature: bytes, content: bytes) -> Verdict:
        asked = (agent_id, signature, content)
        if asked not in self._judged:
            self._judged[asked] = super().verify_bytes(agent_id, signature, content)
        return self._judged[asked]


class SequenceGuard:
    """Refuse what was seen before: per author and domain only a rising sequence passes."""

    def __init__(self) -> None:
        self._highest: dict[tuple[str, str], int] = {}

    def accept(self, signed: Signed) -> Verdict:
        """Judge a message whose signature was verified, and remember its sequence if it rises."""
        if self.reached(signed):
            highest = self._highest[signed.domain, signed.agent_id]
            reason = f'sequence {signed.sequence} of {signed.agent_id!r} is not above {highest}'
            return Verdict(ok=False, reason=reason)
        self._highest[signed.domain, signed.agent_id] = signed.sequence
        return Verdict(ok=True)

    def reached(self, signed: Signed) -> bool:
        """Whether this message, or a later one of its author and domain, was accepted."""
        return signed.sequence <= self._highest.get((signed.domain, signed.agent_id), -1)


def ensure_authority(vault_dir: Path, agents: Sequence[str]) -> None:
    """Make the certificate authority and every member's keys, as far as they do not exist.

    Members are the agents, 'supervisor' and 'operator'. Safe to call again, by several processes,
    and after a crash. Certificates that end within 30 days are renewed.

    Raises:
        VaultError: Existing files cannot be used, or another process makes them for too long.
    """
    # Certificates are heavy to import, and the nodes only sign and verify.
    from swarm_vault.authority import Authority

    nexus = vault_dir / 'nexus'
    members = (*agents, SUPERVISOR, OPERATOR)
    with locked(nexus / '.lock', 'the certificate authority'):
        authority = Authority.ensure(nexus / 'tls')
        authority.ensure_leaf(SERVER, common_name=SUPERVISOR)
        for member in (*agents, OPERATOR):
            authority.ensure_leaf(member, common_name=member)
        for member in members:
            _ensure_signing_key(nexus, member)


def issue_operator(vault_dir: Path, name: str) -> str:
    """Make a person's own certificate, `operator.<name>`, as far as it does not exist.

    Returns:
        The certificate's common name.

    Raises:
        VaultError: There is no authority here that could issue it.
    """
    from swarm_vault.authority import Authority

    nexus = vault_dir / 'nexus'
    if not (nexus / 'tls' / 'ca.key').exists():
        raise VaultError(f'{nexus}: holds no authority; name the vault in which it was made')
    common_name = f'{OPERATOR}.{name}'
    with locked(nexus / '.lock', 'the certificate authority'):
        Authority.ensure(nexus / 'tls').ensure_leaf(common_name, common_name=common_name)
    return common_name


def operator_files(vault_dir: Path, name: str) -> TlsFiles:
    """What a person needs for mutual TLS: an own certificate where there is one, else the shared.

    Raises:
        VaultError: A file is missing.
    """
    own = f'{OPERATOR}.{name}'
    has_own = bool(name) and (vault_dir / 'nexus' / 'tls' / f'{own}.pem').exists()
    return channel_files(vault_dir, own if has_own else OPERATOR)


def load_signer(vault_dir: Path, agent_id: str) -> Signer:
    """Read a member's signing key.

    Raises:
        VaultError: There is none, or it cannot be read.
    """
    path = signing_key_path(vault_dir, agent_id)
    content = _read(path, 'the signing key')
    return Signer(agent_id, _private_key(path, content))


def load_trust(vault_dir: Path) -> Trust:
    """Read all members' public keys; without any, nothing verifies.

    Raises:
        VaultError: A key file cannot be read.
    """
    paths = ending_in(vault_dir / 'nexus' / 'trust', '.pub')
    return Trust({path.stem: _public_key(path, _read(path, 'a public key')) for path in paths})


def channel_files(vault_dir: Path, agent_id: str) -> TlsFiles:
    """Read what a member needs for mutual TLS; 'supervisor' gets the server's certificate.

    Raises:
        VaultError: A file is missing.
    """
    folder = vault_dir / 'nexus' / 'tls'
    name = SERVER if agent_id == SUPERVISOR else agent_id
    return TlsFiles(
        ca=_read(folder / 'ca.pem', 'the authority'),
        cert=_read(folder / f'{name}.pem', 'a certificate'),
        key=_read(folder / f'{name}.key', 'a private key'),
    )


def hand_over(vault_dir: Path, target_dir: Path, members: Iterable[str]) -> None:
    """Copy some members' credentials, the authority's certificate and all public keys.

    So a robot's computer gets its own keys and nobody else's; the authority's private key stays.
    """
    source, target = vault_dir / 'nexus', target_dir / 'nexus'
    shared = [Path('tls/ca.pem')]
    shared += [path.relative_to(source) for path in sorted((source / 'trust').glob('*.pub'))]
    for path in shared:
        write_atomic(target / path, _read(source / path, 'a public file'))
    for member in members:
        name = SERVER if member == SUPERVISOR else member
        public = f'tls/{name}.pem'
        write_atomic(target / public, _read(source / public, 'a certificate'))
        for private in (f'tls/{name}.key', f'keys/{member}.key'):
            write_atomic(target / private, _read(source / private, 'a private key'), mode=PRIVATE)


def signing_key_path(vault_dir: Path, agent_id: str) -> Path:
    """Where a member's private signing key lies."""
    return vault_dir / 'nexus' / 'keys' / f'{agent_id}.key'


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _signed_bytes(domain: str, agent_id: str, sequence: int, payload: bytes) -> bytes:
    return b'\0'.join((domain.encode(), agent_id.encode(), str(sequence).encode(), payload))


def _ensure_signing_key(nexus: Path, member: str) -> None:
    private, public = nexus / 'keys' / f'{member}.key', nexus / 'trust' / f'{member}.pub'
    if private.exists():
        key = _private_key(private, private.read_bytes())
    else:
        key = Ed25519PrivateKey.generate()
        content = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_atomic(private, content, mode=PRIVATE)
    expected = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if not public.exists():
        write_atomic(public, expected)
    elif public.read_bytes() != expected:
        raise VaultError(f'{public}: is not the public half of {private}; remove the wrong one')


def _private_key(path: Path, content: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise VaultError(f'{path}: is no private key ({error}); restore or remove it') from error
    if not isinstance(key, Ed25519PrivateKey):
        raise VaultError(f'{path}: is no Ed25519 key; restore or remove it')
    return key


def _public_key(path: Path, content: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise VaultError(f'{path}: is no public key ({error}); restore or remove it') from error
    if not isinstance(key, Ed25519PublicKey):
        raise VaultError(f'{path}: is no Ed25519 key; restore or remove it')
    return key


def _read(path: Path, what: str) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        raise VaultError(
            f'{path}: {what} cannot be read ({error.strerror});'
            ' make it with ensure_authority or hand it over from where that ran'
        ) from error
