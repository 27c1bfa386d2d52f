# SPDX-License-Identifier: Apache-2.0
"""Signed statements of where a chain stood: they lie beside the log, one a second while it grows.

Who cuts the end of a log off, or writes it anew from the middle, cannot sign the new end.
"""

import base64
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from swarm.v1.common_pb2 import Signed

from swarm_vault.errors import VaultError
from swarm_vault.files import sync_folder, write_all
from swarm_vault.keys import Signer, load_signer, signing_key_path
from swarm_vault.lines import Link, encode_json, parse_line
from swarm_vault.segments import cut_torn, last_line, log_folder

DOMAIN = 'swarm.v1.Checkpoint'
FILE = 'checkpoints.jsonl'


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The chain's line `seq` had this hash, says the agent."""

    agent_id: str
    writer: str
    seq: int
    head: str
    time_ns: int
    signature: bytes = b''

    def payload(self) -> bytes:
        """What is signed."""
        return encode_json(
            {
                'agent_id': self.agent_id,
                'writer': self.writer,
                'seq': self.seq,
                'head': self.head,
                'time_ns': self.time_ns,
            }
        )

    def signed(self) -> Signed:
        """The statement as a signed message, for `Trust.verify`."""
        return Signed(
            domain=DOMAIN,
            agent_id=self.agent_id,
            sequence=self.seq,
            payload=self.payload(),
            signature=self.signature,
        )


def checkpoint_line(checkpoint: Checkpoint) -> bytes:
    """The line of the file, without the newline."""
    text = base64.b64encode(checkpoint.signature).decode()
    return checkpoint.payload()[:-1] + b',"signature":"' + text.encode() + b'"}'


def parse_checkpoint(line: bytes) -> Checkpoint:
    """Read a line of the file.

    Raises:
        VaultError: It is no checkpoint.
    """
    fields = parse_line(line)
    try:
        return Checkpoint(
            agent_id=str(fields['agent_id']),
            writer=str(fields['writer']),
            seq=fields['seq'],
            head=str(fields['head']),
            time_ns=int(fields['time_ns']),
            signature=base64.b64decode(fields['signature'], validate=True),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VaultError(f'line is no checkpoint ({error!r})') from error


class Checkpoints:
    """Append checkpoints; without a signing key, do nothing. Not thread-safe."""

    def __init__(self, vault_dir: Path, *, agent_id: str, writer: str) -> None:
        self._agent_id = agent_id
        self._writer = writer
        self._signer: Signer | None = None
        self._path = log_folder(vault_dir, agent_id, writer) / FILE
        self._descriptor = -1
        self.seq = 0
        """How many lines of the chain are covered."""
        if signing_key_path(vault_dir, agent_id).exists():
            self._signer = load_signer(vault_dir, agent_id)
            self._recover()

    @property
    def signed(self) -> bool:
        """Whether there is a key to sign with."""
        return self._signer is not None

    def write(self, end: Link) -> None:
        """State that the chain ends before `end`, unless that was stated."""
        if self._signer is None or end.seq <= self.seq:
            return
        bare = Checkpoint(
            agent_id=self._agent_id,
            writer=self._writer,
            seq=end.seq - 1,
            head=end.prev,
            time_ns=time.time_ns(),
        )
        signature = self._signer.sign(DOMAIN, bare.seq, bare.payload()).signature
        self._append(checkpoint_line(replace(bare, signature=signature)) + b'\n')
        self.seq = end.seq

    def sync(self) -> None:
        """Return after everything stated is durable."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _recover(self) -> None:
        if self._path.exists():
            cut_torn(self._path)
            line = last_line(self._path)
            self.seq = parse_checkpoint(line).seq + 1 if line else 0

    def _append(self, line: bytes) -> None:
        if self._descriptor < 0:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o644)
            sync_folder(self._path.parent)
        write_all(self._descriptor, line)
