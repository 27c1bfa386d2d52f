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
