# SPDX-License-Identifier: Apache-2.0
"""One event proved without its log: a C2SP tlog-proof, checked offline (c2sp.org/tlog-proof).

The proof goes with the event's line. Who holds the keys of log and witnesses needs nothing else.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.keys import Trust, Verdict
from swarm_vault.lines import parse_line
from swarm_vault.merkle import inclusion_proof, leaf_hash, proves_inclusion
from swarm_vault.notes import parse_note, verify_log_signature, witnesses_of
from swarm_vault.segments import lines_after, log_folder
from swarm_vault.witness import read_testimony_notes

_HEAD = 'c2sp.org/tlog-proof@v1'


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An event's line and the text that proves it."""

    line: bytes
    text: str


def prove_event(vault_dir: Path, event_id: str) -> Proof:
    """Prove an event by the newest countersigned checkpoint that covers it, else by the log's own.

    Args:
        vault_dir: The vault.
        event_id: '<agent>/<writer>/<seq>'.

    Raises:
        VaultError: There is no such event, or no checkpoint covers it yet.
    """
    agent_id, writer, number = (*event_id.split('/'), '', '')[:3]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise VaultError(f'{event_id!r} names no event; expected <agent>/<writer>/<seq>')
    index, folder = int(number), log_folder(vault_dir, agent_id, writer)
    countersigned = [
        content
        for content in read_testimony_notes(vault_dir)
        if parse_note(content).checkpoint.log == f'{agent_id}/{writer}'
    ]
    contents = [*countersigned, newest_note(folder)]
    content = next((c for c in contents if c and parse_note(c).checkpoint.size > index), '')
    if not content:
        raise VaultError(f'{event_id}: no checkpoint of the log covers it')
    size = parse_note(content).checkpoint.size
    lines = lines_after(folder, 0)[:size]
    if lines and parse_line(lines[0])['seq']:
        raise VaultError(f'{event_id}: the first lines of its log were removed by policy')
    if len(lines) < size:
        raise VaultError(f'{event_id}: its log is shorter than its checkpoint; verify the vault')
    steps = inclusion_proof([leaf_hash(line) for line in lines], index)
    hashes = ''.join(base64.b64encode(step).decode() + '\n' for step in steps)
    return Proof(line=lines[index], text=f'{_HEAD}\nindex {index}\n{hashes}\n{content}')


def check_proof(proof: Proof, trust: Trust) -> Verdict:
    """Judge whether a line stands where its proof says; names the witnesses in the reason."""
    try:
        head, _, content = proof.text.partition('\n\n')
        first, index_line, *hashes = head.split('\n')
        note = parse_note(content)
        index = int(index_line.removeprefix('index '))
        steps = [base64.b64decode(step, validate=True) for step in hashes]
        seq = parse_line(proof.line)['seq']
    except (ValueError, VaultError) as error:
        return Verdict(ok=False, reason=f'is no proof ({error})')
    if first != _HEAD or seq != index:
        return Verdict(ok=False, reason='is no proof of this event')
    signed = verify_log_signature(note, trust)
    if not signed.ok:
        return signed
    checkpoint = note.checkpoint
    proved = proves_inclusion(
        leaf=leaf_hash(proof.line),
        index=index,
        size=checkpoint.size,
        root=checkpoint.root,
        proof=steps,
    )
    if not proved:
        return Verdict(ok=False, reason='the hashes do not lead from the event to the checkpoint')
    witnesses = ', '.join(sorted(witnesses_of(note, trust))) or 'nobody'
    return Verdict(ok=True, reason=f'countersigned by {witnesses}')
