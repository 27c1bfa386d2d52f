# SPDX-License-Identifier: Apache-2.0
"""The governed story: what is prepared for it, what must have happened, and who stands behind it.

An order in words waits for a human; one robot misbehaves by a script until its budget is used up
and it is revoked; the others finish the mission.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from swarm_config.errors import ConfigError
from swarm_vault.keys import issue_operator
from swarm_vault.laws.core.roles import Role
from swarm_vault.laws.operators import add_operator

GIVER, APPROVER = 'bert', 'ada'
"""Two people with keys of their own: an operator and a safety officer."""
ROGUE = 'tb4_1'
"""The robot that misbehaves."""
SIDE_ORDER = f'patrol dock_north, gate_east with {ROGUE}'
"""It promises to do this, and drops it."""
SIDE_AT_S = 3.0
COMMAND = 'deliver from 20.0 4.35 to 15.0 13.5'
"""What it tries again and again: payload needs tier 3, which no human granted it."""
DRILL = {
    'speed_mps': 3.0,
    'drop': {'after_s': 3.0},
    'repeat': {'at_s': 8.0, 'every_s': 1.0, 'times': 4, 'order': COMMAND},
}
_ASKS = ('approve_skills: []', 'approve_skills: [survey]')


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """Who stands behind one order: the chain of names."""

    order_id: str
    intended_by: str
    planned_by: str
    judged_by: str
    approved_by: str
    done_by: str
    became: str


def write_codex(config_dir: Path, out: Path) -> Path:
    """Copy the codex with one more rule: a survey waits for a human.

    Raises:
        ConfigError: The policy is not the one that this story was written for.
    """
    target = out / 'codex'
    shutil.copytree(config_dir / 'codex', target)
    path = target / 'POLICY.md'
    text = path.read_text(encoding='utf-8')
    if _ASKS[0] not in text:
        raise ConfigError(f'{path}: the story needs the line {_ASKS[0]!r} in the fleet block')
    path.write_text(text.replace(*_ASKS, 1), encoding='utf-8')
    return target


def write_drill(out: Path) -> dict[str, Path]:
    """Write the script of misbehaviour; returns it by robot."""
    path = out / 'drill.yaml'
    path.write_text(yaml.safe_dump(DRILL), encoding='utf-8')
    return {ROGUE: path}


def add_people(supervisor_vault: Path) -> None:
    """Give the two people of the story keys and roles."""
    for name, role in ((GIVER, Role.OPERATOR), (APPROVER, Role.SAFETY_OFFICER)):
        add_operator(supervisor_vault, name, role)
        issue_operator(supervisor_vault, name)


def missing_from(
    supervisor: Sequence[Mapping[str, Any]], robots: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """What should have happened and did not, by the logs alone.

    Args:
        supervisor: Events of the supervisor's own log, in the order of time.
        robots: Events of the robots' logs.
    """
    checks = (
        (_approved_first(supervisor), 'no order was held back until a human approved it'),
        (
            bool(_of(supervisor, 'approval.settled', by=APPROVER)),
            f'{APPROVER} approved nothing',
        ),
        (_fault(supervisor, 'bounds'), 'no speed over the limit was counted'),
        (bool(_of(robots, 'judge.revised')), 'no speed was cut to its limit on the robot'),
        (bool(_of(supervisor, 'promise.broken')), 'no broken promise was noticed'),
        (_fault(supervisor, 'promise'), 'no broken promise was counted'),
        (len(_of(robots, 'command.refused')) >= 3, 'the refused command was not repeated'),
        (bool(_of(robots, 'budget.breached')), 'the robot did not notice that it is out'),
        (bool(_of(supervisor, 'robot.revoked', agent=ROGUE)), f'{ROGUE} was not revoked'),
        (bool(_of(supervisor, 'handoff.written')), 'nothing was handed off'),
        (bool(_of(supervisor, 'order.handed_over')), 'nobody took over'),
        (_heard_by_peers(robots), 'the other robots did not hear of the revocation'),
        (bool(_of(supervisor, 'mission.complete')), 'no mission was completed'),
        (not _of(supervisor, 'mission.failed'), 'a mission has failed'),
    )
    return tuple(reason for held, reason in checks if not held)


def chain_of_names(supervisor: Sequence[Mapping[str, Any]]) -> tuple[ChainLink, ...]:
    """Who intended, planned, judged, approved and did each order, from the supervisor's log."""
    names = {str(e['data']['mission_id']): e['data'] for e in _of(supervisor, 'mission.ordered')}
    done_by: dict[str, str] = {}
    for event in _of(supervisor, 'mission.ordered'):
        done_by |= event['data']['orders']
    became = dict.fromkeys(done_by, 'open')
    for event in supervisor:
        data = event['data']
        if event['type'] == 'order.handed_over':
            done_by |= data['to']
            became[str(data['order_id'])] = 'handed over'
        elif str(event['type']).startswith('order.') and 'order_id' in data:
            became.setdefault(str(data['order_id']), 'open')
            if became[str(data['order_id'])] != 'handed over':
                became[str(data['order_id'])] = str(event['type']).removeprefix('order.')
    return tuple(
        _link(order_id, agent, names.get(order_id.rpartition('-')[0], {}), became)
        for order_id, agent in done_by.items()
    )


def _link(
    order_id: str, agent: str, names: Mapping[str, Any], became: Mapping[str, str]
) -> ChainLink:
    return ChainLink(
        order_id=order_id,
        intended_by=str(names.get('intended_by', '')),
        planned_by=str(names.get('planned_by', '')),
        judged_by=str(names.get('judged_by', '')),
        approved_by=str(names.get('approved_by', '')),
        done_by=agent,
        became=became.get(order_id, 'open'),
    )


def _of(events: Sequence[Mapping[str, Any]], type_: str, **data: str) -> list[Mapping[str, Any]]:
    return [
        event
        for event in events
        if event['type'] == type_ and all(event['data'].get(k) == v for k, v in data.items())
    ]


def _fault(supervisor: Sequence[Mapping[str, Any]], kind: str) -> bool:
    return bool(_of(supervisor, 'fault.counted', agent=ROGUE, kind=kind))


def _approved_first(supervisor: Sequence[Mapping[str, Any]]) -> bool:
    order = [str(event['type']) for event in supervisor]
    wanted = ('approval.asked', 'approval.settled', 'mission.ordered')
    places = [order.index(name) if name in order else -1 for name in wanted]
    return -1 not in places and places == sorted(places)


def _heard_by_peers(robots: Sequence[Mapping[str, Any]]) -> bool:
    heard = _of(robots, 'revocation.heard')
    return any(str(event['id']).partition('/')[0] != ROGUE for event in heard)
