# SPDX-License-Identifier: Apache-2.0
"""A supervisor without its service, killed at a chosen place, and back on the same vault."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import yaml
from supervisor_room import CONFIG, SETTINGS, write_fleet
from swarm.v1 import mission_pb2, operator_pb2

from swarm_config.fleets import load_fleet
from swarm_supervisor.building import build
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.operations import submit
from swarm_supervisor.roster import Standing
from swarm_supervisor.taking_up import take_up
from swarm_vault.laws.core.roles import Principal
from swarm_vault.laws.operators import OPERATOR


class KilledError(BaseException):
    """Stands for SIGKILL: nothing catches it, nothing is tidied up."""


def killed(*_: object, **__: object) -> None:
    """What a step is replaced by, before which the process dies."""
    raise KilledError


def write_governed(folder: Path, robots: int = 2) -> Path:
    """A fleet whose policy asks a human before a patrol."""
    path = write_fleet(folder, robots)
    codex = folder / 'codex'
    codex.mkdir()
    text = (CONFIG / 'codex' / 'POLICY.md').read_text()
    (codex / 'POLICY.md').write_text(
        text.replace('approve_skills: []', 'approve_skills: [patrol]')
    )
    (codex / 'operators.yaml').write_text(
        'default: safety_officer\noperators: {vic: viewer, opa: operator}\n'
    )
    plan = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**plan, 'codex': 'codex'}))
    return path


@contextlib.contextmanager
def life(folder: Path) -> Iterator[Headquarters]:
    """One life of the supervisor; at its end nothing is written any more."""
    hq = build(load_fleet(folder / 'fleet.yaml'), folder / 'vault', SETTINGS)
    try:
        take_up(hq)
        for member in hq.roster:
            if member.standing is Standing.EXPECTED:
                member.standing = Standing.REGISTERED
                hq.store.save_member(member)
        yield hq
    except KilledError:
        pass
    finally:
        hq.store.close()
        hq.mirror.close()
        hq.recorder.close()


def ordered(hq: Headquarters, text: str, by: str = 'ada', request_id: str = 'r'):
    """Give an order in words; returns the answer."""
    request = operator_pb2.SubmitRequest(text=text, operator=by, request_id=request_id)
    return asyncio.run(submit(hq, request, principal(hq, by)))


def principal(hq: Headquarters, name: str) -> Principal:
    return hq.register.principal(OPERATOR, name)


def accepted(hq: Headquarters) -> None:
    """All robots have all their orders and work on them."""
    for mission in hq.missions:
        for order in mission.orders:
            order.sent, order.status = True, mission_pb2.ACK_STATUS_ACCEPTED
            hq.store.save_order(order)
