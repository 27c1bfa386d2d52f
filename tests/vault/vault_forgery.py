# SPDX-License-Identifier: Apache-2.0
"""A witnessed robot, and what a forger does who owns its disk and its key."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vault_world import log_file, log_lines, pinned, put_lines, record, signed_vault

from swarm_vault.checkpoints import FILE, checkpoint_line, newest_note, parse_checkpoint
from swarm_vault.keys import hand_over, load_signer, load_trust
from swarm_vault.lines import line_hash
from swarm_vault.merkle import Tree
from swarm_vault.mirror import Mirror
from swarm_vault.notes import Checkpoint, signed_note
from swarm_vault.segments import log_folder
from swarm_vault.witness import WitnessBook

FRAMES = 20
SESSION = 6
"""Lines of a session: opened, core.start, 2 said, sealed, closed. The first one is witnessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The robots' vault, the supervisor's, and copies as they were after the first session."""

    robots: Path
    base: Path
    old: bytes
    old_checkpoints: bytes

    @property
    def log(self) -> Path:
        return log_file(self.robots)

    @property
    def copy(self) -> Path:
        return log_file(self.base)

    @property
    def checkpoints(self) -> Path:
        return log_folder(self.robots, 'amr_1', 'reflex') / FILE

    @property
    def book(self) -> Path:
        return self.robots / 'agents/amr_2/witness/situation.jsonl'

    def bag(self, session: int) -> Path:
        return sorted((self.robots / 'bags/amr_1/reflex').glob('*.mcap'))[session]

    def lines(self) -> list[bytes]:
        return log_lines(self.log)

    def copied(self, folder: Path) -> 'Place':
        """A place of its own to spoil."""
        robots = shutil.copytree(self.robots, folder / 'robots')
        return replace(self, robots=robots, base=shutil.copytree(self.base, folder / 'base'))


def witnessed_place(folder: Path) -> Place:
    """amr_1 records twice; amr_2 has seen the first session, the supervisor has a copy of it."""
    robots = signed_vault(folder / 'robots', ('amr_1', 'amr_2'))
    base = folder / 'base'
    hand_over(robots, base, ['supervisor'])
    record(robots, frames=FRAMES, events=2)
    witness(robots, 'amr_2', 'situation')
    mirror = Mirror(base)
    mirror.store('amr_1', 'reflex', 0, log_lines(log_file(robots)))
    mirror.close()
    place = Place(
        robots=robots,
        base=base,
        old=log_file(robots).read_bytes(),
        old_checkpoints=(log_folder(robots, 'amr_1', 'reflex') / FILE).read_bytes(),
    )
    record(robots, frames=FRAMES, events=2)
    return place


def witness(
    vault: Path, agent: str, writer: str, of: str = 'amr_1', book_in: Path | None = None
) -> None:
    """Let one countersign where another's log stands; its book lies in the same vault or not."""
    own = vault if book_in is None else book_in
    book = WitnessBook(
        vault_dir=own, signer=load_signer(own, agent), trust=load_trust(vault), writer=writer
    )
    book.countersign(newest_note(log_folder(vault, of, 'reflex')))
    book.flush(final=True)
    book.close()


def forge(place: Place, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change events, number, chain and sign everything anew, as who owns the key can."""
    events = [json.loads(line) for line in place.lines()]
    change(events)
    rewrite(place, events)


def rewrite(place: Place, events: list[dict[str, Any]]) -> None:
    lines: list[bytes] = []
    prev = '0' * 64
    for seq, event in enumerate(events):
        lines.append(pinned(event | {'seq': seq, 'prev': prev, 'id': f'amr_1/reflex/{seq}'}))
        prev = line_hash(lines[-1])
    put_lines(place.log, lines)
    sign_again(place, lines)


def sign_again(place: Place, lines: list[bytes]) -> None:
    sizes = [parse_checkpoint(c).checkpoint.size for c in log_lines(place.checkpoints)]
    wanted = sorted({min(size, len(lines)) for size in sizes} | {len(lines)})
    put_lines(place.checkpoints, [signed_line(place.robots, lines[:size]) for size in wanted])


def signed_line(vault: Path, lines: list[bytes], agent: str = 'amr_1') -> bytes:
    tree = Tree()
    tree.extend(lines)
    checkpoint = Checkpoint(
        agent_id=agent,
        writer='reflex',
        size=len(lines),
        root=tree.root(),
        head=line_hash(lines[-1]),
        time_ns=5,
    )
    note = signed_note(checkpoint, load_signer(vault, agent))
    return checkpoint_line(note, len(lines), tuple(tree.peaks))


def forge_bag(place: Place, session: int, old: bytes, new: bytes) -> None:
    """Change a bag, and the log so that its seals fit again."""
    path = place.bag(session)
    content = path.read_bytes()
    assert len(old) == len(new)
    assert content.count(old) == 1, content.count(old)
    path.write_bytes(content.replace(old, new))

    def seal(events: list[dict[str, Any]]) -> None:
        for event in events:
            if event['type'] == 'core.frames' and event['data']['bag'].endswith(path.name):
                size = event['data']['bytes']
                event['data']['sha256'] = hashlib.sha256(path.read_bytes()[:size]).hexdigest()

    forge(place, seal)
