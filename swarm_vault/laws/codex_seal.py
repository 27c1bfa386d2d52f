# SPDX-License-Identifier: Apache-2.0
"""The codex under a commander's signature: what was signed, by whom, and whether it still holds.

CODEX.sig beside LAWS.md, POLICY.md and operators.yaml names the digest of each and carries an
Ed25519 signature of that text. It counts where a fleet plan names the public key (`codex_key`),
and only there. A codex may have no register of operators; that there is none is signed, too.
"""

import base64
import binascii
import hashlib
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from swarm_vault.errors import VaultError
from swarm_vault.files import PRIVATE, write_atomic

FILE = 'CODEX.sig'
REGISTER = 'operators.yaml'
FILES = ('LAWS.md', 'POLICY.md', REGISTER)
_NONE = 'none'
"""Stands for the digest of a file that is not there."""
_HEAD = 'hybrid_swarm codex 1'
_SEAL = re.compile(r'(.*\nsigned by ([a-z][a-z0-9_-]{0,31})\n.*)signature (\S+)\n', re.DOTALL)
_LONGEST = 4096
_AGAIN = 'a commander runs: swarm codex sign'


def make_key(path: Path) -> Path:
    """Make a pair of keys, the private one at the path; returns the path of the public one.

    Raises:
        VaultError: There is a file already.
    """
    public = path.with_suffix('.pub')
    if path.exists() or public == path:
        raise VaultError(f'{path}: exists already, or ends in .pub; name a new file for the key')
    key = Ed25519PrivateKey.generate()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    plain = key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    write_atomic(path, plain, mode=PRIVATE)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    write_atomic(public, key.public_key().public_bytes(pem, spki))
    return public


def seal(codex: Path, key_path: Path, by: str) -> str:
    """Sign the codex as it is now; returns what was signed.

    Raises:
        VaultError: The key or a file of the codex cannot be read.
    """
    try:
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        text = _text(codex, by)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise VaultError(f'codex: cannot be signed ({error})') from error
    if not isinstance(key, Ed25519PrivateKey):
        raise VaultError(f'{key_path}: is no Ed25519 key; make one with: swarm codex key')
    signature = base64.b64encode(key.sign(text.encode())).decode()
    write_atomic(codex / FILE, f'{text}signature {signature}\n'.encode())
    return text


def seal_fault(codex: Path, key_path: Path) -> str:
    """Why the codex is not as a holder of the key signed it; empty when it is; never raises."""
    try:
        key = serialization.load_pem_public_key(key_path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        return f'codex: the key {key_path.name} cannot be read ({error})'
    if not isinstance(key, Ed25519PublicKey):
        return f'codex: {key_path.name} is no Ed25519 key'
    try:
        sealed = (codex / FILE).read_text(encoding='utf-8')
        found = _SEAL.fullmatch(sealed) if len(sealed) <= _LONGEST else None
        if found is None:
            return f'codex: {FILE} is no signature of a codex'
        now = _text(codex, found[2])
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        return f'codex: it is not signed, {missing} is missing; {_AGAIN}'
    except (OSError, UnicodeDecodeError) as error:
        return f'codex: cannot be read ({error})'
    return _judged(key, found[1], found[3], now)


def _judged(key: Ed25519PublicKey, text: str, signature: str, now: str) -> str:
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, binascii.Error, ValueError):
        return f'codex: the signature in {FILE} is not by the key of the fleet plan'
    if text == now:
        return ''
    signed = text.splitlines()
    changed = [line.split()[0] for line in now.splitlines() if line not in signed]
    new = [name for name in changed if not any(line.split()[0] == name for line in signed)]
    if new:
        return f'codex: {", ".join(new)} is not under the signature; {_AGAIN}'
    return f'codex: {", ".join(changed) or FILE} was changed after it was signed'


def _text(codex: Path, by: str) -> str:
    lines = [f'{name} {_digest(codex / name)}' for name in FILES]
    return '\n'.join((_HEAD, f'signed by {by}', *lines)) + '\n'


def _digest(path: Path) -> str:
    if path.name == REGISTER and not path.exists():
        return _NONE
    return hashlib.sha256(path.read_bytes()).hexdigest()
