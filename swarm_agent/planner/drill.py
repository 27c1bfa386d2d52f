# SPDX-License-Identifier: Apache-2.0
"""A drill: a script by which a robot misbehaves, so that one can see the laws hold.

Its planner proposes a speed, drops an order that it has accepted, and repeats a command. All of it
goes the way that a real fault would go, through the same checks; nothing is let through.
"""

from dataclasses import replace
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from swarm_agent.planner.control import News
from swarm_agent.planner.core.laws import SPEED
from swarm_agent.planner.core.orders import AckStatus, Order, Recall, Region
from swarm_agent.planner.core.types import Choice, Outputs, Question
from swarm_agent.planner.order_text import parse_order
from swarm_agent.planner.ports import Adviser
from swarm_config.errors import ConfigError

_STRICT = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)
_SECOND_NS = 1_000_000_000
_NOWHERE = Region(resolution_m=1.0, width=0, height=0, bits=b'')


class _Drop(BaseModel):
    model_config = _STRICT
    after_s: float = Field(ge=0.0)
    """After it was accepted [s]."""


class _Repeat(BaseModel):
    model_config = _STRICT
    at_s: float = Field(ge=0.0)
    every_s: float = Field(gt=0.0)
    times: int = Field(ge=1, le=100)
    order: str
    """In the grammar of `order_text`."""


class DrillFile(BaseModel):
    """A drill as written in YAML; times count from the first order that is accepted."""

    model_config = _STRICT
    speed_mps: float = 0.0
    """What the model proposes for each order; 0: nothing."""
    drop: _Drop | None = None
    """Of the second order."""
    repeat: _Repeat | None = None


def load_drill(path: str) -> DrillFile:
    """Read a drill; an empty path is one in which nothing happens.

    Raises:
        ConfigError: The file is missing or malformed.
    """
    if not path:
        return DrillFile()
    try:
        return DrillFile.model_validate(yaml.safe_load(Path(path).read_text(encoding='utf-8')))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = ' '.join(str(error).split())[:300]
        raise ConfigError(f'parameter drill: {path}: {reason}; expected a drill file') from error


class Drill:
    """Plays a script into the planner's inbox."""

    def __init__(self, script: DrillFile, agent_id: str) -> None:
        self._script, self._agent_id = script, agent_id
        self._accepted: list[tuple[str, int]] = []
        self._dropped, self._repeated = False, 0

    def saw(self, outputs: Outputs, now_ns: int) -> None:
        """Note which orders were accepted."""
        for ack in outputs.acks:
            if ack.status is AckStatus.ACCEPTED and not ack.order_id.startswith('drill-'):
                self._accepted.append((ack.order_id, now_ns))

    def play(self, news: News, now_ns: int) -> None:
        """Add what is due."""
        if not self._accepted:
            return
        drop, repeat = self._script.drop, self._script.repeat
        if drop is not None and not self._dropped and len(self._accepted) > 1:
            order_id, since_ns = self._accepted[1]
            if now_ns - since_ns >= drop.after_s * _SECOND_NS:
                self._dropped = True
                news.recalls.append(Recall(order_id=order_id, reason='drill: dropped unasked'))
        if repeat is not None and self._repeated < repeat.times:
            due_s = repeat.at_s + self._repeated * repeat.every_s
            if now_ns - self._accepted[0][1] >= due_s * _SECOND_NS:
                self._repeated += 1
                news.orders.append(self._command(repeat.order))

    def _command(self, text: str) -> Order:
        order_id = f'drill-{self._agent_id}-{self._repeated}'
        return parse_order(text, order_id=order_id, agent_id=self._agent_id, everywhere=_NOWHERE)

    def advised(self, adviser: Adviser) -> Adviser:
        """The adviser whose answers carry the drill's speed."""
        return _Hasty(adviser, self._script.speed_mps) if self._script.speed_mps else adviser


class _Hasty:
    """Adds a speed to every choice."""

    def __init__(self, adviser: Adviser, speed_mps: float) -> None:
        self._adviser, self._speed_mps = adviser, speed_mps

    def ask(self, question: Question) -> None:
        """Pass the question on."""
        self._adviser.ask(question)

    def answer(self) -> Choice | None:
        """The choice, in a hurry."""
        choice = self._adviser.answer()
        if choice is None:
            return None
        given = (*choice.parameters, (SPEED, self._speed_mps))
        return replace(choice, parameters=given, source=f'drill: {choice.source}')

    def close(self) -> None:
        """End the adviser."""
        self._adviser.close()
