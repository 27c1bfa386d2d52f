# SPDX-License-Identifier: Apache-2.0
"""Operators' preferences: operators/NAME/USER.md in the supervisor's vault, one YAML block.

They are read at each order that its operator gives, and recorded with what they changed.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from swarm.v1 import mission_pb2, operator_pb2

from swarm_supervisor.core.wishes import WISHES, Wishes, WishInputs, WishParams
from swarm_supervisor.strategist import SKILL_OF, Plan
from swarm_vault.cards import STRICT, read_card
from swarm_vault.recorder import Recorder
from swarm_vault.yaml_block import CardState

_NAME = re.compile(r'[a-z][a-z0-9_-]{0,31}')
_Skill = Literal['survey', 'patrol', 'go_to', 'deliver', 'wait', 'return_to_base']


class UserCard(BaseModel):
    """USER.md: what an operator prefers where an order says no more."""

    model_config = STRICT

    confirm: Annotated[tuple[_Skill, ...], Field(strict=False, max_length=6)] = ()
    """Orders with these skills wait for a human's word."""
    max_speed_mps: float = Field(default=0.0, ge=0.0, le=10.0)
    """As fast as that at most; 0: as the laws say."""
    priority: int = Field(default=0, ge=0, le=10)
    """0: as usual, 5."""
    link_loss: Literal['', 'continue', 'finish_leg', 'hold', 'return_home', 'lock_down'] = ''
    """Empty: the fleet plan's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """An order with its operator's preferences."""

    plan: Plan
    request: operator_pb2.SubmitRequest
    ask: str
    """Why a human is asked first; empty where nobody wishes it."""


class WishDesk:
    """The core with its record, and the files."""

    def __init__(self, recorder: Recorder, vault_dir: Path) -> None:
        """Start the record.

        Args:
            recorder: Records what was filled in, so that it can be run again.
            vault_dir: The supervisor's vault.
        """
        self._recorder, self._vault_dir, self._params = recorder, vault_dir, WishParams()
        recorder.start(WISHES, self._params)

    def grant(self, plan: Plan, request: operator_pb2.SubmitRequest, operator: str) -> Wished:
        """Lay an operator's preferences over an order of that operator."""
        inputs = WishInputs(
            operator=operator,
            request_id=request.request_id,
            wishes=wishes_of(self._vault_dir, operator),
            skills=_skills(plan),
            priority=request.priority,
            link_loss=request.link_loss,
        )
        _, granted = self._recorder.decide(WISHES, None, inputs, self._params)
        asked = operator_pb2.SubmitRequest()
        asked.CopyFrom(request)
        asked.priority = granted.priority
        asked.link_loss = granted.link_loss  # type: ignore[assignment]  # a number of the enum
        wished = replace(
            plan,
            max_speed_mps=granted.max_speed_mps,
            assumptions=(*plan.assumptions, *granted.said),
        )
        return Wished(plan=wished, request=asked, ask=granted.ask)


def _skills(plan: Plan) -> tuple[str, ...]:
    found = (SKILL_OF.get(type(task), '') for task in plan.tasks)
    return tuple(dict.fromkeys(skill for skill in found if skill))


def wishes_of(vault_dir: Path, operator: str) -> Wishes:
    """What an operator prefers; nothing where there is no file, a fault where it is odd."""
    if not _NAME.fullmatch(operator):
        return Wishes()
    reading = read_card(vault_dir / 'operators' / operator / 'USER.md', UserCard)
    if reading.state is CardState.ABSENT:
        return Wishes()
    if reading.card is None:
        return Wishes(fault=reading.reason)
    card = reading.card
    return Wishes(
        confirm=card.confirm,
        max_speed_mps=card.max_speed_mps,
        priority=card.priority,
        link_loss=_policy(card.link_loss),
    )


def _policy(name: str) -> int:
    """The number of a link-loss policy; 0 for none."""
    return mission_pb2.LinkLossPolicy.Value(f'LINK_LOSS_POLICY_{name.upper()}') if name else 0
