# SPDX-License-Identifier: Apache-2.0
"""One decision in the making: the state as it becomes, and what is to be said."""

import math
from dataclasses import dataclass, field

from swarm_agent.planner.core import repeats
from swarm_agent.planner.core.law_state import trust_now
from swarm_agent.planner.core.orders import Ack, AckStatus, Task
from swarm_agent.planner.core.recent import Word, grown
from swarm_agent.planner.core.skills.step import View
from swarm_agent.planner.core.state import Job, State, remember
from swarm_agent.planner.core.types import (
    BatteryView,
    Inputs,
    Nav,
    Note,
    Params,
    Question,
    SituationView,
)
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.values import Trust
from swarm_vault.replacing import replace

_ENDS = {AckStatus.COMPLETED: Word.COMPLETED, AckStatus.RECALLED: Word.RECALLED}
_NAV_STATES = frozenset(int(state) for state in Nav)


@dataclass(slots=True, kw_only=True)
class Turn:
    """Lives for one call of decide only."""

    state: State
    inputs: Inputs
    params: Params
    acks: list[Ack] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    question: Question | None = None
    again: bool = False

    @property
    def policy(self) -> Policy:
        """The laws in force."""
        return self.state.policy or self.params.policy

    @property
    def trust(self) -> Trust:
        """The trust in force: of a token that holds and is not revoked, or the local one."""
        if self.policy.fault:
            return Trust(tier=0, reason=f'the policy is not valid: {self.policy.fault}')
        return trust_now(
            self.state.laws,
            self.state.token,
            agent_id=self.params.agent_id,
            wall_ns=self.inputs.wall_ns,
            local_tier=None if self.params.supervised else self.params.local_tier,
        )

    @property
    def tier(self) -> int:
        """The tier of trust in force."""
        return self.trust.tier

    @property
    def no_motion(self) -> str:
        """The sentence that says why this tier does not let the robot move."""
        why = f': {self.trust.reason}' if self.trust.reason else ''
        return f'tier {self.tier} allows no motion{why}'

    @property
    def battery(self) -> BatteryView | None:
        """The battery state where it is fresh and makes sense."""
        battery = self.inputs.battery
        if battery is None or not battery.known:
            return None
        age_ns = self.inputs.now_ns - battery.heard_ns
        return battery if age_ns <= self.params.tuning.battery_timeout_s * 1e9 else None

    @property
    def situation(self) -> SituationView | None:
        """The situation where it is fresh and makes sense."""
        seen = self.inputs.situation
        if seen is None or not all(math.isfinite(value) for value in seen.pose):
            return None
        age_ns = self.inputs.now_ns - seen.heard_ns
        fresh = age_ns <= self.params.tuning.situation_timeout_s * 1e9
        return seen if fresh and seen.nav_state in _NAV_STATES else None

    @property
    def knowledge(self) -> int:
        """How many violations of its expectations the robot has met: each one teaches it."""
        return 0 if self.inputs.situation is None else self.inputs.situation.violations

    def happened(self, word: Word) -> None:
        """Remember an event for a minute."""
        events = grown(self.state.recent, word, self.inputs.now_ns)
        self.state = replace(self.state, recent=events)

    def note(
        self,
        type_: str,
        why: str,
        *,
        order_id: str = '',
        kind: str = 'DECISION',
        rejected: tuple[str, ...] = (),
    ) -> None:
        """Leave a line for the log."""
        note = Note(kind=kind, type=type_, why=why, order_id=order_id, rejected=rejected)
        self.notes.append(note)

    def answer(self, order_id: str, status: AckStatus, reason: str) -> None:
        """Say something about an order and remember it."""
        ack = Ack(order_id=order_id, status=status, reason=reason, stamp_ns=self.inputs.wall_ns)
        self.acks.append(ack)
        self.state = replace(self.state, answered=remember(self.state.answered, ack))
        self.note(f'order.{status.value}', reason, order_id=order_id)

    def close(self, job: Job, status: AckStatus, reason: str) -> None:
        """End an order; the way home follows where it says so, parking where it led there."""
        came_home = job.order.task is Task.RETURN_TO_BASE and status is AckStatus.COMPLETED
        self.state = replace(
            self.state,
            jobs=tuple(other for other in self.state.jobs if other is not job),
            going_home=self.state.going_home or job.order.return_home or came_home,
            active='',
            aside=None,
            question=None,
            failures=repeats.after(self.state.failures, job.order, status, self.knowledge),
        )
        self.answer(job.order.order_id, status, reason)
        self.happened(_ENDS.get(status, Word.FAILED))

    def halt(self, reason: str) -> None:
        """Stand until there is a new order: everything open fails for this reason."""
        for job in self.state.jobs:
            self.close(job, AckStatus.FAILED, reason)
        self.state = replace(self.state, stopped=reason, going_home=False, parked=False)
        self.note('stop', reason, kind='STATE_CHANGE')

    def view(self, situation: SituationView, stepped_ns: int | None) -> View:
        """This moment as a skill sees it."""
        taken_up = situation.intent_id == self.state.intent_id
        return View(
            now_ns=self.inputs.now_ns,
            wall_ns=self.inputs.wall_ns,
            step_ns=0 if stepped_ns is None else self.inputs.now_ns - stepped_ns,
            resumed=stepped_ns is None,
            situation=situation,
            acting=self.state.want if taken_up else None,
            ground=self.state.ground,
            params=self.params,
        )
