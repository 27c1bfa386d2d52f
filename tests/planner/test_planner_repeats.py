# SPDX-License-Identifier: Apache-2.0
"""The same failed action is not repeated without new knowledge."""

from planner_world import order

from swarm_agent.planner.core.orders import AckStatus, Task
from swarm_agent.planner.core.repeats import Failure, after, blocked

GO = order(Task.GO_TO, stops=((5.0, 3.0, 0.0),))
NEAR = order(Task.GO_TO, 'o2', stops=((5.02, 3.01, 1.0),))
ELSEWHERE = order(Task.GO_TO, 'o3', stops=((1.0, 3.0, 0.0),))


def failed(times: int, known: int = 4) -> tuple[Failure, ...]:
    found: tuple[Failure, ...] = ()
    for _ in range(times):
        found = after(found, GO, AckStatus.FAILED, known)
    return found


def test_two_repeats_are_let_through_and_the_third_is_blocked() -> None:
    assert [blocked(failed(times), GO, 4) == '' for times in (0, 1, 2)] == [True] * 3
    assert 'failed 3 times there and nothing new is known' in blocked(failed(3), GO, 4)
    assert blocked(failed(3), NEAR, 4)
    assert blocked(failed(3), ELSEWHERE, 4) == ''


def test_new_knowledge_or_a_success_opens_the_way_again() -> None:
    assert blocked(failed(3), GO, 5) == ''
    assert after(failed(3), GO, AckStatus.COMPLETED, 4) == ()
    assert after(failed(3), GO, AckStatus.RECALLED, 4) == failed(3)
    assert after(failed(3), GO, AckStatus.FAILED, 5)[0].times == 1
