# SPDX-License-Identifier: Apache-2.0
"""Budgets are 8, 2 and 1; records of conduct rise by clean missions and fall by a breach."""

import pytest

from swarm_vault.laws.core.budget import Fault, FaultKind, Spent, spend
from swarm_vault.laws.core.conduct import Conduct, after_breach, after_mission
from swarm_vault.laws.core.policy import BudgetRule


def breach_after(*faults: tuple[FaultKind, str]) -> list[bool]:
    book: tuple[Spent, ...] = ()
    found = []
    for kind, key in faults:
        fault = Fault(agent_id='amr_1', mission_id='m', kind=kind, key=key)
        book, breach = spend(book, fault, BudgetRule())
        found.append(bool(breach))
    return found


def test_eight_different_faults_are_allowed_and_the_ninth_is_a_breach() -> None:
    faults = [(FaultKind.REFUSED, str(number)) for number in range(9)]
    assert breach_after(*faults) == [False] * 8 + [True]


def test_a_fault_may_be_repeated_twice() -> None:
    assert breach_after(*[(FaultKind.REFUSED, 'same')] * 4) == [False, False, False, True]


def test_one_violation_of_procedure_is_allowed() -> None:
    faults = [(FaultKind.PROCEDURE, 'a'), (FaultKind.REFUSED, 'b'), (FaultKind.PROCEDURE, 'c')]
    assert breach_after(*faults) == [False, False, True]


def test_budgets_of_other_missions_and_robots_are_their_own() -> None:
    book: tuple[Spent, ...] = ()
    for agent, mission in [('a', '1'), ('a', '2'), ('b', '1')] * 3:
        fault = Fault(agent_id=agent, mission_id=mission, kind=FaultKind.BOUNDS, key='k')
        book, breach = spend(book, fault, BudgetRule())
        assert not breach
    assert [entry.total for entry in book] == [3, 3, 3]


@pytest.mark.parametrize(('tier', 'human'), [(0, False), (1, False), (2, True)])
def test_clean_missions_in_a_row_earn_the_next_tier_and_a_human_grants_the_third(
    tier: int,
    human: bool,  # noqa: FBT001
) -> None:
    conduct, changes = Conduct(agent_id='a', tier=tier), []
    for clean in (True, True, False, True, True, True):
        conduct, change = after_mission(conduct, clean=clean, clean_missions=3)
        changes.append(change)
    assert changes[:5] == [None] * 5
    assert changes[5] is not None
    assert (changes[5].tier, changes[5].needs_human) == (tier + 1, human)
    assert conduct.tier == (tier if human else tier + 1)
    assert (conduct.total_runs, conduct.compliant_runs) == (6, 5)


def test_a_breach_costs_a_tier_and_what_a_human_had_granted() -> None:
    granted = Conduct(agent_id='a', tier=3, consecutive=4, granted_by='ada')
    down, change = after_breach(granted, 'too much')
    assert (down.tier, down.consecutive, down.granted_by, change.tier) == (2, 0, '', 2)
    assert after_breach(Conduct(agent_id='a', tier=0), 'x')[0].tier == 0
