# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in, the core neither fails nor moves without leave, and its record runs again."""

import math
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planner_world import (
    SECOND,
    START_WALL_NS,
    World,
    order,
    params_of,
    region_of,
    room,
    surveyor,
    token,
    trusted,
)

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import LinkLoss, Order, Recall, Region, Task, Token
from swarm_agent.planner.core.types import (
    BatteryView,
    Choice,
    Inputs,
    IntentKind,
    Outputs,
    Params,
    SituationView,
)
from swarm_vault.codec import codec_of

MOVING = {IntentKind.GO_TO, IntentKind.YIELD, IntentKind.EXPLORE, IntentKind.PARK}
PARAMS = params_of(room())
SHAPE = trusted().ground.survey_floor.shape

numbers = st.one_of(st.floats(-3.0, 8.0), st.sampled_from([math.nan, math.inf, 1e300]))
poses = st.tuples(numbers, numbers, numbers)
wall = st.one_of(st.just(0), st.integers(START_WALL_NS - SECOND, START_WALL_NS + 20 * SECOND))
regions = st.builds(
    Region,
    resolution_m=st.sampled_from([0.25, 0.1, math.nan]),
    width=st.sampled_from([SHAPE[1], 0, 10**9]),
    height=st.sampled_from([SHAPE[0], 3]),
    bits=st.sampled_from([b'', b'\xff' * (-(-SHAPE[0] * SHAPE[1] // 8)), b'\x01\x02']),
)
orders = st.builds(
    Order,
    order_id=st.sampled_from(['', 'a', 'b', 'c', 'd']),
    mission_id=st.text(max_size=3),
    agent_id=st.sampled_from(['amr_1', 'amr_1', 'amr_1', 'amr_2']),
    task=st.sampled_from(list(Task)),
    expires_ns=wall,
    not_before_ns=wall,
    priority=st.integers(-1, 12),
    link_loss=st.sampled_from(list(LinkLoss)),
    return_home=st.booleans(),
    local=st.booleans(),
    region=st.none() | regions,
    range_m=st.sampled_from([0.0, 2.0, -1.0, math.nan, 500.0]),
    stops=st.lists(poses, max_size=3).map(tuple),
    loops=st.integers(0, 3),
    seconds=numbers,
)
tokens = st.builds(
    Token,
    token_id=st.just('t'),
    agent_id=st.sampled_from(['amr_1', 'amr_1', 'amr_2']),
    tier=st.integers(-1, 6),
    issued_ns=wall,
    expires_ns=wall,
)
situations = st.builds(
    SituationView,
    heard_ns=st.integers(0, 30 * SECOND),
    pose=poses,
    intent_id=st.integers(0, 12),
    nav_state=st.integers(0, 8),
    reason=st.text(max_size=5),
    match_quality=numbers,
    violations=st.integers(0, 3),
    peers=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    seen=st.binary(max_size=100),
)
choices = st.builds(
    Choice,
    question_id=st.integers(0, 4),
    skill=st.sampled_from(['wait', 'explore', 'yield', 'go_to', 'x']),
    parameters=st.lists(st.tuples(st.just('seconds'), numbers), max_size=2).map(tuple),
    source=st.just('slm'),
)
moments = st.builds(
    Inputs,
    now_ns=st.integers(5 * SECOND, 30 * SECOND),
    wall_ns=st.integers(START_WALL_NS, START_WALL_NS + 30 * SECOND),
    situation=st.none() | situations,
    battery=st.none()
    | st.builds(BatteryView, heard_ns=st.integers(0, 30 * SECOND), share=numbers),
    e_stop=st.booleans(),
    linked=st.booleans(),
    orders=st.lists(orders, max_size=2).map(tuple),
    recalls=st.lists(
        st.builds(Recall, order_id=st.sampled_from(['a', 'b', 'z']), reason=st.text(max_size=3)),
        max_size=1,
    ).map(tuple),
    stops=st.lists(st.text(max_size=3), max_size=1).map(tuple),
    token=st.none() | tokens,
    choice=st.none() | choices,
)


def run(inputs: Sequence[Inputs], params: Params) -> list[Outputs]:
    state, found = CORE.initial(params), []
    for moment in inputs:
        state, outputs = CORE.decide(state, moment, params)
        found.append(outputs)
    return found


def through_the_record(inputs: Sequence[Inputs]) -> list[Inputs]:
    codec = codec_of(Inputs)
    return [codec.decode(codec.encode(moment)) for moment in inputs]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(moments, min_size=1, max_size=8))
def test_any_inputs_are_decided_and_decided_again_to_the_byte(inputs: list[Inputs]) -> None:
    codec = codec_of(Outputs)
    first = [codec.encode(outputs) for outputs in run(inputs, PARAMS)]
    params = codec_of(Params).decode(codec_of(Params).encode(PARAMS))
    second = [codec.encode(outputs) for outputs in run(through_the_record(inputs), params)]
    assert first == second


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(moments, min_size=1, max_size=8))
def test_no_inputs_move_a_robot_that_has_no_tier_for_it(inputs: list[Inputs]) -> None:
    for outputs in run(inputs, PARAMS):
        if outputs.intent is not None and outputs.intent.kind in MOVING:
            assert outputs.tier >= 2


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(moments, min_size=1, max_size=8))
def test_every_order_is_accepted_at_most_once_and_closed_at_most_once(
    inputs: list[Inputs],
) -> None:
    said: dict[str, set[str]] = {}
    for outputs in run(inputs, PARAMS):
        for ack in outputs.acks:
            said.setdefault(ack.order_id, set()).add(f'{ack.status.value} {ack.stamp_ns}')
    for answers in said.values():
        words = [answer.split()[0] for answer in answers]
        assert words.count('accepted') + words.count('refused') == 1
        assert sum(word in {'completed', 'failed', 'recalled'} for word in words) <= 1


def record_of(robot: World) -> tuple[list[Inputs], list[Outputs]]:
    return [i for i, _ in robot.record], [o for _, o in robot.record]


def test_a_whole_survey_runs_again_from_its_record_to_the_byte() -> None:
    robot = surveyor(survey_range_m=2.0)
    region = region_of(robot.ground.survey_floor, robot.ground.survey_cell_m)
    robot.decide(orders=(order(Task.SURVEY, region=region, range_m=2.0, return_home=True),))
    robot.run(25.0)
    robot.decide(orders=(order(Task.PATROL, 'p', stops=((1.5, 0.0, 0.0),), priority=8),))
    robot.run(60.0, until=lambda o: o.phase.value == 'home')
    inputs, outputs = record_of(robot)
    codec = codec_of(Outputs)
    again = run(through_the_record(inputs), robot.params)
    assert [codec.encode(o) for o in again] == [codec.encode(o) for o in outputs]


def test_other_inputs_give_other_outputs() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=((1.5, 0.0, 0.0),)),))
    other = trusted()
    other.decide(orders=(order(Task.GO_TO, stops=((1.5, 0.5, 0.0),)),))
    assert record_of(robot)[1] != record_of(other)[1]


def test_a_token_is_part_of_the_record() -> None:
    robot = trusted()
    robot.decide(token=token(3, issued_s=1.0))
    inputs, _ = record_of(robot)
    assert run(through_the_record(inputs), robot.params)[-1].tier == 3
