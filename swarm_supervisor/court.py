# SPDX-License-Identifier: Apache-2.0
"""The supervisor's shell around the laws: each decision is recorded, its memory kept on disk."""

from collections.abc import Iterable, Sequence

from swarm_supervisor.store import Store
from swarm_vault.codec import codec_of
from swarm_vault.laws.core import CORE, Inputs, Memory, Outputs, Params
from swarm_vault.laws.core.approval import Reply
from swarm_vault.laws.core.budget import Fault
from swarm_vault.laws.core.conduct import Conduct
from swarm_vault.laws.core.decide import Finished, Grant, conduct_of
from swarm_vault.laws.core.judge import Case
from swarm_vault.laws.core.policy import Policy
from swarm_vault.recorder import Recorder


class Court:
    """Judges, counts, promotes; one event loop uses it."""

    def __init__(
        self, recorder: Recorder, store: Store, params: Params, agents: Iterable[str], tier: int
    ) -> None:
        """Take up what was remembered.

        Args:
            recorder: Records every decision, so that it can be run again.
            store: Keeps budgets and records of conduct over a restart.
            params: The policies.
            agents: The robots of the fleet plan.
            tier: Tier with which a robot begins that is new.
        """
        self._recorder, self._store, self._params = recorder, store, params
        self._tier = tier
        self._memory = recorder.start(CORE, params)
        self._decide(Inputs(restored=_restored(store.laws(), agents, tier)))

    @property
    def memory(self) -> Memory:
        """Budgets, records of conduct, settled questions."""
        return self._memory

    def policy_of(self, agent_id: str) -> Policy:
        """The policy of a robot; of the fleet if none is named."""
        return self._params.of(agent_id)

    def adopt(self, params: Params) -> None:
        """Judge by other policies from now on; what is remembered stays."""
        if params == self._params:
            return
        memory, self._params = self._memory, params
        self._memory = self._recorder.start(CORE, params)
        self._decide(Inputs(restored=memory))

    def conduct(self, agent_id: str) -> Conduct:
        """A robot's record of conduct."""
        return conduct_of(self._memory, agent_id, self._tier)

    def judge(self, cases: Sequence[Case]) -> Outputs:
        """Judge actions, one ruling each."""
        return self._decide(Inputs(cases=tuple(cases)))

    def fault(self, fault: Fault) -> Outputs:
        """Enter a fault; the outputs tell whether the budget is breached."""
        return self._decide(Inputs(fault=fault))

    def finished(self, agent_id: str, mission_id: str, *, completed: bool) -> Outputs:
        """Enter the end of a robot's part of a mission."""
        done = Finished(agent_id=agent_id, mission_id=mission_id, completed=completed)
        return self._decide(Inputs(finished=done))

    def grant(self, agent_id: str, tier: int, by: str) -> None:
        """Set a tier at a human's word; earlier faults are forgiven."""
        self._decide(Inputs(grant=Grant(agent_id=agent_id, tier=tier, by=by)))

    def answer(self, reply: Reply) -> Outputs:
        """Judge a human's answer."""
        return self._decide(Inputs(reply=reply))

    def _decide(self, inputs: Inputs) -> Outputs:
        before = self._memory
        self._memory, outputs = self._recorder.decide(CORE, before, inputs, self._params)
        if self._memory != before:
            self._store.save_laws(codec_of(Memory).encode(self._memory))
        return outputs


def _restored(stored: bytes, agents: Iterable[str], tier: int) -> Memory:
    memory = codec_of(Memory).decode(stored) if stored else Memory()
    known = {entry.agent_id for entry in memory.conduct}
    new = tuple(Conduct(agent_id=name, tier=tier) for name in agents if name not in known)
    return Memory(spent=memory.spent, conduct=memory.conduct + new, answered=memory.answered)
