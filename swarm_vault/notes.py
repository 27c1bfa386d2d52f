# SPDX-License-Identifier: Apache-2.0
"""Checkpoints as C2SP signed notes, and what a witness adds to one. Pure.

A checkpoint says: the log named in the first line had so many lines, this is the root of their
Merkle tree. Two extension lines carry the hash of the last line and the time. Signatures follow,
one a line: the log's own (Ed25519 over the text) and those of witnesses (C2SP `cosignature/v1`).
Formats: c2sp.org/tlog-checkpoint, c2sp.org/signed-note, c2sp.org/tlog-cosignature.
"""

import base64
import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from swarm_vault.errors import VaultError
from swarm_vault.keys import Signer, Trust, Verdict

ORIGIN = 'hybrid_swarm/'
MAX_NOTE_CHARACTERS = 8192
_DASH = '— '
_ED25519, _COSIGNATURE = b'\x01', b'\x04'
_KEY_ID_BYTES, _TIME_BYTES = 4, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A statement of where a chain stood."""

    agent_id: str
    writer: str
    size: int
    """How many lines."""
    root: bytes
    """Of the Merkle tree over them."""
    head: str
    """The hash of the last of them, as the next line's `prev` carries it."""
    time_ns: int

    @property
    def log(self) -> str:
        """<agent>/<writer>."""
        return f'{self.agent_id}/{self.writer}'

    @property
    def origin(self) -> str:
        """The log's name in the note, and that of its signature."""
        return ORIGIN + self.log

    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode()
        return f'{self.origin}\n{self.size}\n{root}\nhead {self.head}\ntime_ns {self.time_ns}\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One line under a note."""

    name: str
    key_id: bytes
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A checkpoint with its signatures, as read; nothing is verified yet."""

    text: str
    """As it stands there; what was signed."""
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]


def signed_note(checkpoint: Checkpoint, signer: Signer) -> str:
    """The checkpoint with the log's own signature."""
    text = checkpoint.text()
    signature = signer.sign_bytes(text.encode())
    return text + '\n' + _signature_line(checkpoint.origin, signer, _ED25519, signature)


def cosigned_note(note: Note, signer: Signer, time_s: int) -> str:
    """The checkpoint with the log's signature and a witness's.

    Args:
        note: What the log signed.
        signer: The witness.
        time_s: When it saw the checkpoint, seconds since the epoch.
    """
    signature = signer.sign_bytes(_cosigned_bytes(note.text, time_s))
    stamped = struct.pack('>Q', time_s) + signature
    line = _signature_line(signer.agent_id, signer, _COSIGNATURE, stamped)
    own = ''.join(_line_of(s) for s in note.signatures if s.name == note.checkpoint.origin)
    return f'{note.text}\n{own}{line}'


def parse_note(content: str) -> Note:
    """Read a note.

    Raises:
        VaultError: It is no checkpoint of a log.
    """
    if len(content) > MAX_NOTE_CHARACTERS:
        raise VaultError(f'note has over {MAX_NOTE_CHARACTERS} characters')
    text, gap, signatures = content.partition('\n\n')
    text += '\n'
    try:
        checkpoint = _parse_text(text)
        found = tuple(_parse_signatures(signatures)) if gap else ()
    except (ValueError, IndexError) as error:
        raise VaultError(f'note is no checkpoint ({error})') from error
    if checkpoint.text() != text:
        raise VaultError('note is no checkpoint (it is not in the pinned form)')
    return Note(text=text, checkpoint=checkpoint, signatures=found)


def verify_log_signature(note: Note, trust: Trust) -> Verdict:
    """Whether the log that the note speaks of has signed it."""
    agent_id = note.checkpoint.agent_id
    for signature in _of(note, note.checkpoint.origin, agent_id, _ED25519, trust):
        return trust.verify_bytes(agent_id, signature.content, note.text.encode())
    known = agent_id in trust.members
    reason = f'{agent_id!r} has not signed it' if known else f'author {agent_id!r} is no member'
    return Verdict(ok=False, reason=reason)


def signed_with_another_key(note: Note, trust: Trust) -> bool:
    """Whether a signature in the log's name is of a key that its robot does not have here."""
    checkpoint = note.checkpoint
    public = trust.public_bytes(checkpoint.agent_id)
    ours = None if public is None else _key_id(checkpoint.origin, _ED25519, public)
    return any(s.name == checkpoint.origin and s.key_id != ours for s in note.signatures)


def witnesses_of(note: Note, trust: Trust) -> dict[str, int]:
    """Who countersigned a note, other than the log itself, and when [s since the epoch]."""
    found: dict[str, int] = {}
    for member in trust.members:
        if member == note.checkpoint.agent_id:
            continue
        for signature in _of(note, member, member, _COSIGNATURE, trust):
            stamp, content = signature.content[:_TIME_BYTES], signature.content[_TIME_BYTES:]
            if len(stamp) < _TIME_BYTES:
                continue
            time_s = int.from_bytes(stamp, 'big')
            if trust.verify_bytes(member, content, _cosigned_bytes(note.text, time_s)).ok:
                found[member] = time_s
    return found


def _cosigned_bytes(text: str, time_s: int) -> bytes:
    return f'cosignature/v1\ntime {time_s}\n{text}'.encode()


@lru_cache(maxsize=1024)
def _key_id(name: str, algorithm: bytes, public: bytes) -> bytes:
    return sha256(name.encode() + b'\n' + algorithm + public).digest()[:_KEY_ID_BYTES]


def _of(note: Note, name: str, member: str, algorithm: bytes, trust: Trust) -> Iterator[Signature]:
    public = trust.public_bytes(member)
    if public is None:
        return
    key_id = _key_id(name, algorithm, public)
    yield from (s for s in note.signatures if s.name == name and s.key_id == key_id)


def _signature_line(name: str, signer: Signer, algorithm: bytes, content: bytes) -> str:
    key_id = _key_id(name, algorithm, signer.public_bytes)
    return _line_of(Signature(name=name, key_id=key_id, content=content))


def _line_of(signature: Signature) -> str:
    content = base64.b64encode(signature.key_id + signature.content).decode()
    return f'{_DASH}{signature.name} {content}\n'


def _parse_text(text: str) -> Checkpoint:
    origin, size, root, head, time_ns, _ = text.split('\n')
    agent_id, writer = origin.removeprefix(ORIGIN).split('/')
    return Checkpoint(
        agent_id=agent_id,
        writer=writer,
        size=int(size),
        root=_decode(root),
        head=head.removeprefix('head '),
        time_ns=int(time_ns.removeprefix('time_ns ')),
    )


def _parse_signatures(text: str) -> Iterator[Signature]:
    *lines, rest = text.split('\n')
    if rest:
        raise ValueError('the last signature has no end')
    for line in lines:
        dash, name, content = line.split(' ')
        if dash != _DASH.strip():
            raise ValueError(f'{line[:40]!r} is no signature')
        decoded = _decode(content)
        yield Signature(name=name, key_id=decoded[:_KEY_ID_BYTES], content=decoded[_KEY_ID_BYTES:])


def _decode(text: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f'{text[:40]!r} is no base64') from error
    if base64.b64encode(decoded).decode() != text:
        raise ValueError(f'{text[:40]!r} is base64 with bits that say nothing')
    return decoded
