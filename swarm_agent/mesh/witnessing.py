# SPDX-License-Identifier: Apache-2.0
"""Peers are witnesses of each other's logs: every 2 s each says where its logs stand."""

from collections.abc import Iterable
from pathlib import Path

from swarm.v1 import mesh_pb2

from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.keys import load_signer, load_trust
from swarm_vault.segments import log_folder
from swarm_vault.witness import WitnessBook

SAY_EVERY_NS = 2_000_000_000
WITNESSES = 4
"""Each robot's logs have at most so many witnesses: those that follow it in the circle of ids."""
WRITERS = ('reflex', 'situation', 'planner')
_MAX_TOLD = 100


class WitnessDesk:
    """What this robot says and hears about logs.

    Args:
        vault_dir: The robot's vault.
        agent_id: Who we are.
        members: All robots of the fleet.

    Raises:
        VaultError: The robot's key is missing, or its book of witnessed heads is damaged.
    """

    def __init__(self, vault_dir: Path, agent_id: str, members: Iterable[str]) -> None:
        self._agent_id = agent_id
        self._folders = [log_folder(vault_dir, agent_id, writer) for writer in WRITERS]
        circle = sorted(members)
        self._witnessed = {one for one in circle if agent_id in _witnesses_of(one, circle)}
        self.book = WitnessBook(
            vault_dir=vault_dir,
            signer=load_signer(vault_dir, agent_id),
            trust=load_trust(vault_dir),
            writer='situation',
        )
        """For the recorder to serve: nothing here waits for the disk."""
        self._cosigned: list[str] = []
        self._said: list[str] = []
        self._said_ns = 0
        self._told: set[str] = set()

    def words(self, now_ns: int, stamp_ns: int) -> mesh_pb2.LogHeads | None:
        """What to say now; None when it is not time, or there is nothing new.

        Args:
            now_ns: Steady time.
            stamp_ns: Wall clock, for the hearers.
        """
        if now_ns - self._said_ns < SAY_EVERY_NS:
            return None
        self._said_ns = now_ns
        notes = [note for folder in self._folders if (note := newest_note(folder))]
        fresh = [note for note in notes if note not in self._said]
        cosigned, self._cosigned, self._said = self._cosigned, [], notes
        if not fresh and not cosigned:
            return None
        return mesh_pb2.LogHeads(
            agent_id=self._agent_id, stamp_ns=stamp_ns, checkpoints=fresh, cosigned=cosigned
        )

    def hear(self, heads: Iterable[mesh_pb2.LogHeads]) -> list[str]:
        """Countersign and keep; returns each new reason why something was refused, once."""
        found: list[str] = []
        for said in heads:
            found += [self._keep(note, said.agent_id) for note in said.cosigned]
            if said.agent_id in self._witnessed:
                found += [self._countersign(note, said.agent_id) for note in said.checkpoints]
        fresh = sorted({reason for reason in found if reason} - self._told)
        self._told.update(fresh[: _MAX_TOLD - len(self._told)])
        return [reason for reason in fresh if reason in self._told]

    def _countersign(self, note: str, author: str) -> str:
        try:
            if f'/{author}/' not in note.partition('\n')[0]:
                return f'{author}: speaks for another log'
            self._cosigned.append(self.book.countersign(note))
        except VaultError as error:
            return str(error)
        return ''

    def _keep(self, note: str, witness: str) -> str:
        if f'/{self._agent_id}/' not in note.partition('\n')[0]:
            return ''  # for another hearer
        try:
            self.book.keep(note, witness)
        except VaultError as error:
            return str(error)
        return ''


def _witnesses_of(agent_id: str, circle: list[str]) -> list[str]:
    at = circle.index(agent_id)
    return (circle[at + 1 :] + circle[:at])[:WITNESSES]
