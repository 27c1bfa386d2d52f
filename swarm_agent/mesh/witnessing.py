# SPDX-License-Identifier: Apache-2.0
"""Peers are witnesses of each other's logs: every 2 s each says where its logs stand.

It says so sooner where many lines are new, and once more when its record is closed. With a newer
head goes the proof that it continues what each witness holds. A witness that holds something else
says what, and gets its proof the next time.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from swarm.v1 import common_pb2, mesh_pb2

from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.heads.core import Word
from swarm_vault.heads.steps import step_from
from swarm_vault.heads.wire import proof_of, step_message
from swarm_vault.heads.witness import Brought, Judged, Witness
from swarm_vault.keys import load_signer, load_trust
from swarm_vault.lines import JsonValue
from swarm_vault.notes import parse_note
from swarm_vault.recorder import Recorder
from swarm_vault.segments import is_written, log_folder
from swarm_vault.witness import WitnessBook

SAY_EVERY_NS = 2_000_000_000
LOOK_EVERY_NS = SAY_EVERY_NS // 4
"""How often a node asks for what is to be said."""
AGAIN_NS = 10_000_000_000
"""How often a head is told again that a witness has not answered: it may not have heard it."""
SAY_LINES = 32
"""So many new signed lines of a log are told of at the next look."""
WITNESSES = 4
"""Each robot's logs have at most so many witnesses: those that follow it in the circle of ids."""
WRITERS = ('reflex', 'situation', 'planner')
STEPS = 4
"""Steps in a message, so that it stays small."""
_MAX_STEPS = 12
_MAX_TOLD = 100


class WitnessDesk:
    """What this robot says and hears about logs.

    Args:
        vault_dir: The robot's vault.
        agent_id: Who we are.
        members: All robots of the fleet.
        recorder: Records what is decided on others' heads, and serves the book.

    Raises:
        VaultError: The robot's key is missing, or its book of witnessed heads is damaged.
    """

    def __init__(
        self, vault_dir: Path, agent_id: str, members: Iterable[str], recorder: Recorder
    ) -> None:
        self._agent_id = agent_id
        self._folders = {name: log_folder(vault_dir, agent_id, name) for name in WRITERS}
        circle = sorted(members)
        self._watched = {one for one in circle if agent_id in _witnesses_of(one, circle)}
        self._watchers = set(_witnesses_of(agent_id, circle))
        trust = load_trust(vault_dir)
        book = WitnessBook(
            vault_dir=vault_dir,
            signer=load_signer(vault_dir, agent_id),
            trust=trust,
            writer='situation',
        )
        recorder.attach(book)
        self.witness = Witness(book, recorder, trust, agent_id)
        self._held = {
            (log.partition('/')[2], by): size for (log, by), size in book.returned().items()
        }
        """So many lines of each of our logs each witness has countersigned."""
        self._missed: set[str] = set()
        """Logs whose proof from what we hold is missing."""
        self._announced: dict[str, int] = {}
        """How many lines of each of our logs we told of last: our witnesses may hold that."""
        self._cosigned: list[str] = []
        self._said: list[str] = []
        self._said_ns = self._again_ns = 0
        self._told: set[str] = set()

    def words(self, now_ns: int, stamp_ns: int) -> list[mesh_pb2.LogHeads]:
        """What to say now; empty when it is not time, or there is nothing new.

        Args:
            now_ns: Steady time.
            stamp_ns: Wall clock, for the hearers.
        """
        ends = self._ends()
        if now_ns - self._said_ns < SAY_EVERY_NS and not self._many(ends):
            return []
        self._said_ns = now_ns
        if now_ns - self._again_ns >= AGAIN_NS:
            self._again_ns = now_ns
            self._said = [note for note in self._said if self._answered(note)]
        return self._words(ends, stamp_ns)

    def _answered(self, note: str) -> bool:
        """Whether all witnesses have countersigned so many lines of one of our logs."""
        head = parse_note(note).checkpoint
        return all(self._held.get((head.writer, by)) == head.size for by in self._watchers)

    def last_words(self, stamp_ns: int) -> list[mesh_pb2.LogHeads]:
        """What to say last of all, when the own record is closed and signed."""
        return self._words(self._ends(), stamp_ns, last=True)

    def others_write(self) -> bool:
        """Whether another process of this robot still writes its log."""
        return any(map(is_written, self._folders.values()))

    def _ends(self) -> dict[str, str]:
        """The newest note of each of our logs."""
        found = ((name, newest_note(folder)) for name, folder in self._folders.items())
        return {name: note for name, note in found if note}

    def _many(self, ends: Mapping[str, str]) -> bool:
        """Whether a log has grown so much that its witnesses should not wait for it."""
        return any(
            note not in self._said and _size(note) - self._announced.get(name, 0) >= SAY_LINES
            for name, note in ends.items()
        )

    def _words(
        self, ends: Mapping[str, str], stamp_ns: int, *, last: bool = False
    ) -> list[mesh_pb2.LogHeads]:
        told = {name: _size(note) for name, note in ends.items()}
        fresh = [note for note in ends.values() if note not in self._said]
        self._said = list(ends.values())
        steps = list(self._steps(told, last=last))[:_MAX_STEPS]
        self._announced = told
        parts = [steps[at : at + STEPS] for at in range(0, len(steps), STEPS)] or [[]]
        heads = [mesh_pb2.LogHeads(steps=part) for part in parts]
        heads[-1].checkpoints.extend(fresh)
        cosigned, self._cosigned = self._cosigned, []
        missed, self._missed = sorted(self._missed), set()
        held = [common_pb2.HeadHeld(log=log, size=self.witness.held(log)) for log in missed]
        heads.append(mesh_pb2.LogHeads(cosigned=cosigned, held=held))
        said = [one for one in heads if one.ByteSize()]
        for one in said:
            one.agent_id, one.stamp_ns = self._agent_id, stamp_ns
        return said

    def hear(self, heads: Iterable[mesh_pb2.LogHeads]) -> list[dict[str, JsonValue]]:
        """Countersign and keep; returns what the event of each refusal says, once.

        Raises:
            VaultError: What was decided cannot be recorded.
        """
        refused: list[dict[str, JsonValue]] = []
        for said in heads:
            reasons = [self._keep(note, said.agent_id) for note in said.cosigned]
            self._take_held(said)
            if said.agent_id in self._watched:
                brought = list(_brought(said))
                usual = [one for one in brought if one.log.partition('/')[2] in WRITERS]
                judged = self.witness.judge(usual)
                reasons += [self._note(one) for one in judged]
                if len(usual) < len(brought):
                    reasons.append(f'{said.agent_id}: speaks of a log that no robot writes')
                refused += [one.data for one in judged if one.held_note and one.refused]
            fresh = sorted({reason for reason in reasons if reason} - self._told)
            told = fresh[: _MAX_TOLD - len(self._told)]
            self._told.update(told)
            refused += [{'log': said.agent_id, 'reason': reason} for reason in told]
        return refused

    def _steps(self, told: Mapping[str, int], *, last: bool) -> Iterator[common_pb2.HeadStep]:
        """From what the witnesses hold to the heads that are told; who holds the same shares."""
        held = {
            (writer, size) for (writer, by), size in self._held.items() if by in self._watchers
        }
        for writer, size in sorted(
            {place for place in held if place[1]} | self._late(held, last=last)
        ):
            step = step_from(self._folders[writer], size, up_to=told.get(writer, 0))
            if step is not None:
                message = step_message(writer, step)
                message.checkpoint = message.checkpoint or newest_note(self._folders[writer])
                yield message

    def _late(self, held: set[tuple[str, int]], *, last: bool) -> set[tuple[str, int]]:
        """What was told last where not all have answered: the signature may be on its way.

        With the last words it counts too who has never answered: nobody can ask us any more.
        """
        return {
            (writer, size)
            for writer, size in self._announced.items()
            if any(name == writer and before != size for name, before in held)
            or (last and any(self._held.get((writer, by)) != size for by in self._watchers))
        }

    def _take_held(self, said: mesh_pb2.LogHeads) -> None:
        """What a witness misses a proof from wins over what we thought."""
        for one in said.held:
            agent, _, writer = one.log.partition('/')
            if agent == self._agent_id and writer in self._folders and one.size < 2**63:
                self._held[writer, said.agent_id] = one.size

    def _note(self, judged: Judged) -> str:
        """Take over what was decided; returns why a head is no head at all, or nothing."""
        word, log = judged.answer.word, judged.brought.log
        if judged.cosigned:
            self._cosigned.append(judged.cosigned)
        if word in (Word.WANTED, Word.UNPROVED):
            self._missed.add(log)
        elif word is Word.COUNTERSIGN:
            self._missed.discard(log)
        return judged.answer.reason if judged.refused and not judged.held_note else ''

    def _keep(self, note: str, witness: str) -> str:
        if f'/{self._agent_id}/' not in note.partition('\n')[0]:
            return ''  # for another hearer
        try:
            self.witness.book.keep(note, witness)
            checkpoint = parse_note(note).checkpoint
        except VaultError as error:
            return str(error)
        self._held[checkpoint.writer, witness] = checkpoint.size
        return ''


def wait_while(busy: Callable[[], bool], most_s: float) -> None:
    """Return when something is over, or after so long [s]."""
    deadline = time.monotonic() + most_s
    while busy() and time.monotonic() < deadline:
        time.sleep(0.02)


def _size(note: str) -> int:
    return parse_note(note).checkpoint.size


def _brought(said: mesh_pb2.LogHeads) -> Iterator[Brought]:
    """The steps of a message, then the heads that it announces."""
    for step in said.steps:
        proof = proof_of(step)
        log = f'{said.agent_id}/{step.writer}'
        yield Brought(log=log, note=step.checkpoint, proof=proof, step=True)
    for note in said.checkpoints:
        writer = note.partition('\n')[0].rpartition('/')[2]
        yield Brought(log=f'{said.agent_id}/{writer}', note=note)


def _witnesses_of(agent_id: str, circle: list[str]) -> list[str]:
    at = circle.index(agent_id)
    return (circle[at + 1 :] + circle[:at])[:WITNESSES]
