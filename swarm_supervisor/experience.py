# SPDX-License-Identifier: Apache-2.0
"""What robots' notes tell of a task that is to be given again, and who gets it for that.

A debrief names the task and its places in the note. Only what a robot did or failed at itself
counts; a note that an operator disputes counts no more. Words of a note are never read here.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from swarm.v1 import common_pb2, mission_pb2

from swarm_supervisor.core.giving import (
    GIVING,
    Candidate,
    Given,
    GivingInputs,
    GivingParams,
    Try,
)
from swarm_supervisor.missions import COMPLETED, FAILED, Order
from swarm_vault.folders import agent_folder
from swarm_vault.memory import read_memory_note
from swarm_vault.recall import USABLE
from swarm_vault.recorder import Recorder

DONE, FELL_SHORT = 'done', 'failed'
_NEWEST = 20
"""So many notes of a robot on one kind of task are read."""
_HALTS = ('stopped', 'revoked', 'locked down', 'the order expired', 'recalled')
"""How the reason of an order begins that others ended: it says nothing of the task."""


class Experience:
    """The recorded choice of a robot, with what the notes say."""

    def __init__(self, recorder: Recorder, vault_dir: Path) -> None:
        """Start the record.

        Args:
            recorder: Records every choice, so that it can be run again.
            vault_dir: The supervisor's vault.
        """
        self._recorder, self._vault_dir, self._params = recorder, vault_dir, GivingParams()
        recorder.start(GIVING, self._params)

    def give(
        self,
        mission_id: str,
        task: mission_pb2.MissionOrder,
        done_s: Mapping[str, float],
        now_ns: int,
    ) -> Given:
        """Choose a robot for a task.

        Args:
            mission_id: Its mission.
            task: The task.
            done_s: In how long each robot that may do it would be done [s]; inf: never.
            now_ns: Since the epoch.
        """
        return self.give_key(mission_id, action_key(task), done_s, now_ns)

    def give_key(
        self, mission_id: str, key: str, done_s: Mapping[str, float], now_ns: int
    ) -> Given:
        """The same for a task that is known by its key alone, as a survey is before it is cut."""
        candidates = tuple(
            Candidate(agent_id=name, done_in_s=in_s, tries=self._tries(name, key, now_ns))
            for name, in_s in sorted(done_s.items())
        )
        inputs = GivingInputs(mission_id=mission_id, task=key, candidates=candidates)
        _, given = self._recorder.decide(GIVING, None, inputs, self._params)
        return given

    def _tries(self, agent_id: str, key: str, now_ns: int) -> tuple[Try, ...]:
        if not key:
            return ()
        folder = agent_folder(self._vault_dir, agent_id) / 'memory'
        paths = sorted(folder.glob(f'*-{file_word(key)}.md'), key=_written)[-_NEWEST:]
        notes = [read_memory_note(path) for path in paths]
        ends = {f'{key}: {DONE}', f'{key}: {FELL_SHORT}'}
        told = [(n.name, f) for n in notes if (f := n.front) and f.about in ends]
        usable = [(name, front) for name, front in told if front.standing in USABLE]
        usable.sort(key=lambda one: (-one[1].since_ns, one[0]))
        return tuple(
            Try(
                note=name,
                failed=front.about == f'{key}: {FELL_SHORT}',
                age_s=round(max(0, now_ns - front.since_ns) / 1e9, 1),
            )
            for name, front in usable
        )


def about(order: Order) -> str:
    """What an order's end says of its task, for the note; empty where it says nothing."""
    key, reason = action_key(order.task()), order.reason.strip()
    if not key or order.status not in {COMPLETED, FAILED}:
        return ''
    others = not order.sent or bool(order.recall) or reason.startswith(_HALTS)
    if order.status == FAILED and others:
        return ''
    return f'{key}: {DONE if order.status == COMPLETED else FELL_SHORT}'


def action_key(order: mission_pb2.MissionOrder) -> str:
    """A task with its places to 10 cm, or its sector; empty for one that names none."""
    kind = order.WhichOneof('task') or ''
    if kind == 'survey':
        return survey_key(order.survey.sector)
    poses: dict[str, list[common_pb2.Pose2D]] = {
        'go_to': [order.go_to.goal],
        'patrol': list(order.patrol.stops),
        'deliver': [order.deliver.pick_up, order.deliver.drop_off],
    }
    places = ' '.join(f'{pose.x_m:.1f},{pose.y_m:.1f}' for pose in poses.get(kind, []))
    return f'{kind} {places}'[:400] if places else ''


def survey_key(sector: str) -> str:
    """A survey, whatever its parts are; without a sector it is of the whole floor."""
    return f'survey {sector or "*"}'


def file_word(key: str) -> str:
    """The word for a task at the end of a note's file name."""
    return key.split(' ', 1)[0].replace('_', '-')


def remark(given: Given) -> str:
    """What experience had to say, for the operator; empty where nothing."""
    said = []
    if given.passed_over:
        said.append(f'{" and ".join(given.passed_over)} failed there before, {given.chosen} goes')
    if given.warned:
        said.append(f'{given.chosen} failed there before, and nobody else is better')
    return '; '.join(said)


def remark_on_parts(given: Given, parts: Collection[str]) -> str:
    """The same of a survey that has parts for these robots."""
    failed = [one.agent_id for one in given.held_back]
    out = [name for name in failed if name not in parts]
    said = [f'{" and ".join(out)} failed at it before, others go'] if out else []
    said += [f'{n} failed at it before, nobody else can go' for n in failed if n in parts]
    return '; '.join(said)


def _written(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:
        return 0, path.name
