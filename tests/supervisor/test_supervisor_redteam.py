# SPDX-License-Identifier: Apache-2.0
"""The supervisor's half of the red-team suite: no order without authority, nothing unsafe."""

from pathlib import Path

from swarm_supervisor.redteam import attacks_of, run

CONFIG = Path(__file__).parents[2] / 'config'


def test_no_hostile_order_plan_or_approval_gets_through_and_good_ones_do() -> None:
    outcomes = run(CONFIG, attacks_of(CONFIG / 'redteam.yaml'))
    assert [outcome.name for outcome in outcomes if outcome.unsafe] == []
    assert [outcome.name for outcome in outcomes if outcome.benign and outcome.refused] == []
    kinds = {outcome.name.partition('/')[0] for outcome in outcomes}
    assert kinds >= {'order_text', 'role', 'plan', 'model', 'approval'}


def test_without_the_judge_unsafe_plans_and_false_approvals_do_get_through() -> None:
    outcomes = run(CONFIG, attacks_of(CONFIG / 'redteam.yaml'), guarded=False)
    through = [outcome.name for outcome in outcomes if outcome.unsafe]
    plans = [outcome for outcome in outcomes if outcome.name.startswith('plan/')]
    assert sum(name.startswith('plan/') for name in through) == len(plans) - 1
    assert sum(name.startswith('approval/') for name in through) > 10
