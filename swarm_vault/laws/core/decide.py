# SPDX-License-Identifier: Apache-2.0
"""The supervisor's decisions of law: judge, budget, conduct, answers to questions. Pure."""

from dataclasses import dataclass, replace

from swarm_vault.laws.core.approval import Answer, Reply, Settlement, settle
from swarm_vault.laws.core.budget import Fault, Spent, forgiven, spend
from swarm_vault.laws.core.conduct import (
    Change,
    Conduct,
    after_breach,
    after_mission,
    granted,
)
from swarm_vault.laws.core.judge import Case, judge, strictest
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.values import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotPolicy:
    """The policy that holds for one robot; that of nobody holds for who is not named."""

    agent_id: str
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What does not change while the process runs."""

    policies: tuple[RobotPolicy, ...]

    def of(self, agent_id: str) -> Policy:
        """A robot's policy; for the fleet as a whole (no robot named) the first."""
        found = (entry.policy for entry in self.policies if entry.agent_id == agent_id)
        fleet = self.policies[0].policy if self.policies else Policy()
        return next(found, fleet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered, also over restarts."""

    spent: tuple[Spent, ...] = ()
    conduct: tuple[Conduct, ...] = ()
    answered: tuple[str, ...] = ()
    """Questions that have been settled: an answer holds once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A robot's part of a mission has ended."""

    agent_id: str
    mission_id: str
    completed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A human sets a robot's tier or gives its trust back."""

    agent_id: str
    tier: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One thing to decide; exactly one field is given."""

    restored: Memory | None = None
    cases: tuple[Case, ...] = ()
    fault: Fault | None = None
    finished: Finished | None = None
    grant: Grant | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What was decided."""

    judgements: tuple[Judgement, ...] = ()
    """One for each case."""
    strictest: int = -1
    """Index of the judgement that decides for all of them; -1 without any."""
    breach: str = ''
    change: Change | None = None
    settlement: Settlement | None = None


def initial(params: Params) -> Memory:
    """Nothing is remembered yet."""
    del params
    return Memory()


def decide(memory: Memory, inputs: Inputs, params: Params) -> tuple[Memory, Outputs]:
    """Decide one thing."""
    if inputs.restored is not None:
        return inputs.restored, Outputs()
    if inputs.fault is not None:
        return _fault(memory, inputs.fault, params)
    if inputs.finished is not None:
        return _finished(memory, inputs.finished, params)
    if inputs.grant is not None:
        return _grant(memory, inputs.grant)
    if inputs.reply is not None:
        return _reply(memory, inputs.reply)
    judgements = tuple(judge(case, params.of(case.action.agent_id)) for case in inputs.cases)
    worst = strictest(judgements)
    index = -1 if worst is None else judgements.index(worst)
    return memory, Outputs(judgements=judgements, strictest=index)


def conduct_of(memory: Memory, agent_id: str, tier: int) -> Conduct:
    """A robot's record; one that is new begins with this tier."""
    found = (entry for entry in memory.conduct if entry.agent_id == agent_id)
    return next(found, Conduct(agent_id=agent_id, tier=tier))


def _fault(memory: Memory, fault: Fault, params: Params) -> tuple[Memory, Outputs]:
    spent, breach = spend(memory.spent, fault, params.of(fault.agent_id).budget)
    memory = replace(memory, spent=spent)
    conduct = conduct_of(memory, fault.agent_id, 0)
    if not breach:
        return _with(memory, replace(conduct, consecutive=0)), Outputs()
    conduct, change = after_breach(conduct, breach)
    return _with(memory, conduct), Outputs(breach=breach, change=change)


def _finished(memory: Memory, done: Finished, params: Params) -> tuple[Memory, Outputs]:
    faults = [e for e in memory.spent if (e.agent_id, e.mission_id) == _key(done)]
    conduct, change = after_mission(
        conduct_of(memory, done.agent_id, 0),
        clean=done.completed and not faults,
        clean_missions=params.of(done.agent_id).clean_missions,
    )
    return _with(memory, conduct), Outputs(change=change)


def _key(done: Finished) -> tuple[str, str]:
    return done.agent_id, done.mission_id


def _grant(memory: Memory, grant: Grant) -> tuple[Memory, Outputs]:
    conduct = granted(conduct_of(memory, grant.agent_id, 0), grant.tier, grant.by)
    memory = replace(memory, spent=forgiven(memory.spent, grant.agent_id))
    return _with(memory, conduct), Outputs()


def _reply(memory: Memory, reply: Reply) -> tuple[Memory, Outputs]:
    name = reply.asked.pending_id
    if name in memory.answered:
        again = Settlement(answer=Answer.STALE, reason='it was answered already')
        return memory, Outputs(settlement=again)
    settlement = settle(reply)
    final = settlement.answer is not Answer.STALE or reply.may_approve
    answered = (*memory.answered, name)[-1000:] if final else memory.answered
    return replace(memory, answered=answered), Outputs(settlement=settlement)


def _with(memory: Memory, conduct: Conduct) -> Memory:
    others = tuple(e for e in memory.conduct if e.agent_id != conduct.agent_id)
    return replace(memory, conduct=(*others, conduct))
