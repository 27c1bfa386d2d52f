# SPDX-License-Identifier: Apache-2.0
"""A plan is proved or refused before anything moves; every refusal names its step."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from swarm_config.card_files import read_cards
from swarm_config.cards import Fact, Provenance
from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.app import app
from swarm_supervisor.core.plan_check import check
from swarm_supervisor.core.plan_types import (
    Belief,
    Limits,
    PlanInputs,
    PlanStep,
    PlanVerdict,
    RobotStart,
    Stop,
)
from swarm_supervisor.plan_files import load_plan

CONFIG = Path(__file__).parents[2] / 'config'
CARDS = read_cards(CONFIG / 'skills')
GOOD = CONFIG / 'plans' / 'depot_round.yaml'
ROBOT = RobotStart(
    agent_id='amr_1',
    tier=2,
    battery=0.9,
    capacity_wh=480.0,
    idle_w=60.0,
    drive_w=90.0,
    speed_mps=1.0,
    top_speed_mps=1.0,
    beliefs=(Belief(fact=Fact.LOCALISED), Belief(fact=Fact.HANDS_FREE)),
)
DOCK = Stop(name='dock', touches=('north',), within=('north',))
GO = PlanStep(
    step_id='go',
    agent_id='amr_1',
    skill='go_to',
    places=(('goal', (DOCK,)),),
    travel_m=10.0,
    home_m=10.0,
)


def judged(
    *steps: PlanStep, robot: RobotStart = ROBOT, limits: Limits | None = None
) -> PlanVerdict:
    plan = PlanInputs(name='x', robots=(robot,), steps=steps, limits=limits or Limits())
    return check(plan, CARDS)


def fault_of(*steps: PlanStep, **more: object) -> str:
    verdict = judged(*steps, **more)  # type: ignore[arg-type]
    assert not verdict.ok
    return '\n'.join(verdict.faults)


def test_a_way_of_ten_metres_is_proved_with_its_time_and_charge() -> None:
    verdict = judged(GO)
    assert verdict.ok
    assert verdict.seconds == pytest.approx(13.0)
    assert verdict.proof[0].battery == pytest.approx(0.9 - 150.0 * 13.0 / 3600 / 480)
    assert 'at_goal' in verdict.proof[0].facts


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'skill': 'fly'}, "no skill card for 'fly'"),
        ({'places': ()}, 'go_to needs goal'),
        ({'numbers': (('speed', 9.0),)}, "go_to has no parameter 'speed'"),
        ({'travel_m': None}, 'no way leads there'),
        ({'agent_id': 'ghost'}, "there is no robot 'ghost'"),
        ({'after': ('later',)}, "waits for 'later'"),
        ({'places': (('goal', (Stop(name='moon', known=False),)),)}, "no place 'moon'"),
        ({'places': (('goal', (DOCK, DOCK)),)}, 'goal has 2 places, expected 1 to 1'),
    ],
)
def test_a_faulty_step_is_named(change: dict[str, object], said: str) -> None:
    found = fault_of(replace(GO, **change))  # type: ignore[arg-type]
    assert found.startswith('step go: ')
    assert said in found


def test_each_step_cites_the_facts_that_it_rests_on_and_whence_they_are_known() -> None:
    def cited(robot: RobotStart) -> tuple[str, ...]:
        return judged(GO, robot=robot).proof[0].rests_on

    figures = 'battery_above_reserve: by the figures of the proof'
    assert cited(ROBOT) == ('ordered: by this plan', 'localised: observed', figures)
    heard_say = Belief(fact=Fact.LOCALISED, provenance=Provenance.INFERRED)
    assert cited(replace(ROBOT, beliefs=(heard_say,)))[1] == 'localised: inferred'
    lost = Belief(fact=Fact.LOCALISED, holds=False)
    assert cited(replace(ROBOT, beliefs=(lost,)))[1] == 'localised: does not hold'
    assert cited(replace(ROBOT, beliefs=()))[1] == 'localised: not known'
    unheard = replace(ROBOT, beliefs=(), unheard=True, battery=None)
    assert cited(unheard)[1] == 'localised: left to the robot'


def test_a_low_tier_a_flat_battery_and_a_deadline_refuse() -> None:
    assert 'needs tier 2, amr_1 has 1' in fault_of(GO, robot=replace(ROBOT, tier=1))
    assert 'gets home with 20 %' in fault_of(GO, robot=replace(ROBOT, battery=0.201))
    assert 'charge of amr_1 is not known' in fault_of(GO, robot=replace(ROBOT, battery=None))
    assert 'allowed are 5 s' in fault_of(GO, limits=Limits(deadline_s=5.0))


def test_zones_hold_for_places_and_for_areas_that_only_touch_them() -> None:
    assert 'dock leads into north' in fault_of(GO, limits=Limits(forbidden=('north',)))
    assert 'dock lies outside south' in fault_of(GO, limits=Limits(allowed=('south',)))
    floor = Stop(name='floor', touches=('north', 'south'))
    survey = replace(GO, skill='survey', places=(('sector', (floor,)),))
    assert 'leads into south' in fault_of(survey, limits=Limits(forbidden=('south',)))
    assert 'lies outside north' in fault_of(survey, limits=Limits(allowed=('north',)))
    assert 'does not hold go_to' in fault_of(GO, limits=Limits(skills=('wait',)))


def test_a_way_through_a_forbidden_zone_is_refused_wherever_it_ends() -> None:
    through = replace(GO, crosses=('aisle', 'north'))
    assert judged(through, limits=Limits(forbidden=('south',))).ok
    found = fault_of(through, limits=Limits(forbidden=('aisle',)))
    assert 'its way leads through aisle, which is forbidden' in found


def test_a_robot_that_was_never_heard_proves_charge_and_place_itself() -> None:
    unheard = replace(ROBOT, battery=None, beliefs=(), unheard=True)
    assert judged(GO, robot=unheard).ok
    far = replace(GO, travel_m=20_000.0)
    assert 'gets home with' in fault_of(far, robot=unheard)
    known = replace(unheard, beliefs=(Belief(fact=Fact.LOCALISED, holds=False),))
    assert 'needs localised' in fault_of(GO, robot=known)


def test_earlier_orders_cost_time_and_charge_and_tier_1_creeps_where_the_judge_said() -> None:
    verdict = judged(GO, robot=replace(ROBOT, busy_s=100.0))
    assert verdict.proof[0].start_s == pytest.approx(100.0)
    assert verdict.proof[0].battery == pytest.approx(0.9 - 150.0 * 113.0 / 3600 / 480)
    assert judged(GO, robot=replace(ROBOT, tier=1, creeps=True)).ok
    load = replace(GO, skill='deliver', places=(('pick_up', (DOCK,)), ('drop_off', (DOCK,))))
    assert 'needs tier 2' in fault_of(load, robot=replace(ROBOT, tier=1, creeps=True))


def test_a_mandate_caps_the_energy_of_one_order_and_of_all_together() -> None:
    used_wh = judged(GO).proof[0].used_wh
    assert used_wh == pytest.approx(150.0 * 13.0 / 3600)
    enough = replace(ROBOT, order_wh=used_wh + 0.01, left_wh=2 * used_wh + 0.01)
    again = replace(GO, step_id='again')
    assert judged(GO, again, robot=enough).ok
    assert 'the mandate covers 0.5 Wh' in fault_of(GO, robot=replace(ROBOT, order_wh=0.5))
    short = replace(ROBOT, left_wh=1.5 * used_wh)
    assert judged(GO, robot=short).ok
    assert 'step again: it takes about 1.1 Wh with what the plan asks before' in fault_of(
        GO, again, robot=short
    )


def test_preconditions_chain_from_step_to_step() -> None:
    blocked = replace(ROBOT, beliefs=(*ROBOT.beliefs, Belief(fact=Fact.BLOCKED)))
    near = replace(blocked, beliefs=(*blocked.beliefs, Belief(fact=Fact.PEERS_NEAR)))
    give = PlanStep(step_id='a', agent_id='amr_1', skill='yield', numbers=(('seconds', 5.0),))
    assert judged(give, robot=near).ok
    again = replace(give, step_id='b')
    assert 'step b: yield needs blocked' in fault_of(give, again, robot=near)


@pytest.mark.parametrize('provenance', [p for p in Provenance if not p.counts])
def test_only_what_was_observed_or_confirmed_satisfies_a_precondition(
    provenance: Provenance,
) -> None:
    beliefs = (Belief(fact=Fact.LOCALISED, provenance=provenance),)
    found = fault_of(GO, robot=replace(ROBOT, beliefs=beliefs))
    assert f'needs localised, which is only {provenance.value}' in found


@given(
    st.lists(st.floats(0.0, 500.0), min_size=1, max_size=8),
    st.floats(0.05, 1.0),
    st.floats(0.1, 1.0),
)
def test_no_proved_plan_runs_below_the_reserve(
    ways: list[float], battery: float, speed: float
) -> None:
    steps = [replace(GO, step_id=f's{n}', travel_m=way) for n, way in enumerate(ways)]
    verdict = judged(*steps, robot=replace(ROBOT, battery=battery, speed_mps=speed))
    if verdict.ok:
        assert min(step.battery for step in verdict.proof) >= 0.2
        starts = [step.start_s for step in verdict.proof]
        assert starts == sorted(starts)


def test_the_plan_of_the_docs_is_proved_by_the_command() -> None:
    said = CliRunner().invoke(app, ['plan', 'check', str(GOOD)])
    assert said.exit_code == 0, said.output
    assert 'proved: about' in said.output


def test_the_command_refuses_with_code_1_and_the_reason(tmp_path: Path) -> None:
    bad = tmp_path / 'bad.yaml'
    bad.write_text(GOOD.read_text().replace('forbidden: []', 'forbidden: [racks]'))
    said = CliRunner().invoke(app, ['plan', 'check', str(bad)])
    assert said.exit_code == 1
    assert 'refused: step round: aisle_west leads into racks, which is forbidden' in said.output


def test_a_plan_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / 'bad.yaml'
    bad.write_text('plan: x\nsteps: [{id: a, robot: amr_1, skill: go_to, goal: {x: 1}}]\n')
    with pytest.raises(ConfigError, match='goal: expected a number, a name or a list of names'):
        load_plan(bad, load_fleet(CONFIG / 'fleets' / 'depot.yaml'))
