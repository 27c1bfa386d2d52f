# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from supervisor_room import CONFIG, room

from swarm_config.fleets import load_fleet
from swarm_config.maps import GridMap, load_map, pack_map
from swarm_supervisor.core.allocation_core import CORE
from swarm_supervisor.core.cells import pack_cells, unpack_cells
from swarm_supervisor.core.islands import absorb, parts_of
from swarm_supervisor.core.problem import Inputs, Outputs, Params, RobotInput
from swarm_vault.codec import codec_of
from swarm_vault.recorder import Recorder


def grid_of(free: np.ndarray, resolution_m: float = 0.05) -> GridMap:
    return GridMap(
        name='test',
        resolution_m=resolution_m,
        origin_x_m=0.0,
        origin_y_m=0.0,
        occupied=~free,
        free=free,
    )


@lru_cache(maxsize=4)
def prepared(name: str):
    """Parameters and terrain of a map, built once."""
    grids = {'room': lambda: grid_of(room()), 'depot': lambda: load_fleet_grid()[1]}
    params = Params(map=pack_map(grids[name]()), radii_m=(0.171, 0.28))
    return params, CORE.initial(params)


def load_fleet_grid():
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')
    return fleet, load_map(fleet.map_path)


def robot(name: str, x_m: float, y_m: float, **fields) -> RobotInput:
    values = {
        'pose': (x_m, y_m, 0.0),
        'home': (x_m, y_m, 0.0),
        'max_speed_mps': 1.0,
        'radius_m': 0.28,
        **fields,
    }
    return RobotInput(agent_id=name, **values)


def decide(name: str, robots, area=None, seen=None) -> tuple[Outputs, tuple[int, int]]:
    params, terrain = prepared(name)
    inputs = Inputs(
        now_ns=0, reason='test', mission_id='m', robots=tuple(robots), area=area, seen=seen
    )
    return CORE.decide(terrain, inputs, params)[1], terrain.floor.shape


def masks(outputs: Outputs, shape) -> dict[str, np.ndarray]:
    return {share.agent_id: unpack_cells(share.bits, shape) for share in outputs.shares}


def parts(mask: np.ndarray) -> int:
    """In how many pieces a region lies, corners joining."""
    from scipy import ndimage

    return ndimage.label(mask, structure=np.ones((3, 3)))[1]


places = st.tuples(st.floats(0.5, 11.5), st.floats(0.5, 5.5)).filter(lambda p: abs(p[0] - 6) > 0.5)
fleets = st.lists(
    st.tuples(places, st.floats(0.1, 2.0), st.sampled_from([0.171, 0.28]), st.floats(0.0, 60.0)),
    min_size=1,
    max_size=5,
)


@example(fleet=[((1.0, 1.0), 1.0, 0.171, 0.0)], seed=1, share=0.03125)  # no two cells touch
@settings(max_examples=25, deadline=None)
@given(fleets, st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_regions_partition_the_unseen_floor_of_the_area(fleet, seed, share):
    robots = [
        robot(f'r{number}', *place, max_speed_mps=speed, radius_m=radius, busy_s=busy)
        for number, (place, speed, radius, busy) in enumerate(fleet)
    ]
    floor = prepared('room')[1].floor
    random = np.random.default_rng(seed)
    area, seen = random.random(floor.shape) < share, random.random(floor.shape) < 0.3
    outputs, shape = decide('room', robots, pack_cells(area), pack_cells(seen))
    found = masks(outputs, shape)
    counted = sum(mask.astype(int) for mask in found.values())
    counted = counted + unpack_cells(outputs.unreached, shape)
    assert np.array_equal(counted, (area & floor & ~seen).astype(int))
    assert all(share.cells == found[share.agent_id].sum() for share in outputs.shares)
    assert outputs.target_cells == int((area & floor & ~seen).sum())


def test_a_narrow_place_takes_longer_to_see_than_a_hall_of_the_same_area():
    free = np.zeros((200, 400), dtype=bool)
    free[20:180, 20:180] = True
    for row in range(20, 180, 32):
        free[row : row + 24, 180:380] = True
    params = Params(map=pack_map(grid_of(free)), radii_m=(0.2,), swath_m=4.8)
    terrain = CORE.initial(params)
    work = terrain.work_m.reshape(terrain.floor.shape)
    assert work[20, 20] == pytest.approx(0.25**2 / 4.8)
    assert work[6, 60] == pytest.approx(0.25**2 / 1.2, rel=0.1)
    robots = (robot('hall', 2.0, 5.0, radius_m=0.2), robot('aisles', 18.0, 1.6, radius_m=0.2))
    inputs = Inputs(now_ns=0, reason='test', mission_id='m', robots=robots, area=None, seen=None)
    shares = {share.agent_id: share for share in CORE.decide(terrain, inputs, params)[1].shares}
    assert shares['hall'].cells > 1.15 * shares['aisles'].cells
    finish = [share.finish_s for share in shares.values()]
    assert max(finish) < 1.15 * min(finish)


@settings(max_examples=6, deadline=None)
@given(fleets, st.randoms(use_true_random=False))
def test_the_order_in_which_robots_are_named_does_not_matter(fleet, random):
    robots = [
        robot(f'r{number}', *place, max_speed_mps=speed, radius_m=radius)
        for number, (place, speed, radius, _) in enumerate(fleet)
    ]
    shuffled = list(robots)
    random.shuffle(shuffled)
    assert decide('room', robots)[0] == decide('room', shuffled)[0]


def test_the_depots_fleet_gets_three_whole_balanced_regions():
    fleet, _ = load_fleet_grid()
    robots = [
        RobotInput(
            agent_id=r.agent_id,
            pose=r.start,
            home=r.home,
            max_speed_mps=r.model.max_speed_mps,
            radius_m=r.model.radius_m,
        )
        for r in fleet.robots
    ]
    outputs, shape = decide('depot', robots)
    assert outputs.balance < 1.05
    assert outputs.unreached_cells == 0
    assert {name: parts(mask) for name, mask in masks(outputs, shape).items()} == {
        'amr_1': 1,
        'amr_2': 1,
        'tb4_1': 1,
    }
    slow = next(share for share in outputs.shares if share.agent_id == 'tb4_1')
    assert slow.cells < outputs.target_cells / 4


def test_robots_that_start_at_one_place_share_the_work():
    robots = [robot(f'r{number}', 2.0 + 0.7 * number, 2.0) for number in range(4)]
    outputs, _ = decide('depot', robots)
    alone, _ = decide('depot', robots[:1])
    longest = max(share.finish_s for share in outputs.shares)
    assert longest < 0.5 * alone.shares[0].finish_s
    assert outputs.balance < 1.15


def test_one_robot_gets_everything_it_can_reach():
    outputs, shape = decide('depot', [robot('only', 12.5, 6.0)])
    (mask,) = masks(outputs, shape).values()
    assert outputs.balance == 1.0
    assert mask.sum() + outputs.unreached_cells == prepared('depot')[1].floor.sum()


def test_a_robot_with_work_left_gets_less():
    free, _ = decide('room', [robot('a', 1.0, 1.0), robot('b', 1.0, 5.0)])
    busy, _ = decide('room', [robot('a', 1.0, 1.0, busy_s=10.0), robot('b', 1.0, 5.0)])
    assert busy.shares[0].cells < free.shares[0].cells


def finish_s(outputs: Outputs) -> float:
    """When the last of those with a part is done."""
    return max(share.finish_s for share in outputs.shares if share.cells)


def test_who_is_done_first_alone_gets_a_rest_whole_however_long_another_is_busy():
    robots = [
        robot('busy', 4.58, 3.23, max_speed_mps=1.41, busy_s=49.2),
        robot('slow', 4.67, 0.75, max_speed_mps=0.37),
        robot('soon', 7.82, 2.23, max_speed_mps=0.25, busy_s=7.6),
    ]
    rest = np.zeros_like(prepared('room')[1].floor)
    rest[:9, 22:33] = True
    outputs, _ = decide('room', robots, pack_cells(rest))
    alone = [decide('room', [one], pack_cells(rest))[0] for one in robots]
    assert finish_s(outputs) <= min(finish_s(one) for one in alone) + 0.01


@pytest.mark.parametrize('pose', [(-5.0, 0.0, 0.0), (1e5, 1e5, 0.0), (6.0, 0.5, 0.0)])
def test_a_robot_off_the_floor_gets_nothing_and_is_named(pose):
    robots = [robot('a', 1.0, 1.0), replace(robot('b', 1.0, 5.0), pose=pose)]
    outputs, _ = decide('room', robots)
    off = pose != (6.0, 0.5, 0.0)
    assert (outputs.lost == ('b',)) == off
    assert (outputs.shares[1].cells == 0) == off


def test_without_robots_everything_is_out_of_reach():
    outputs, _ = decide('room', [])
    assert outputs.unreached_cells == outputs.target_cells > 0


def test_nothing_to_do_is_split_into_nothing():
    floor = prepared('room')[1].floor
    outputs, _ = decide('room', [robot('a', 1.0, 1.0)], seen=pack_cells(floor))
    assert (outputs.target_cells, outputs.shares[0].cells, outputs.balance) == (0, 0, 1.0)


def test_a_thin_wall_parts_what_lies_on_its_two_sides():
    free = np.zeros((60, 61), dtype=bool)
    free[1:-1, 1:-1] = True
    free[:, 30] = False
    params = Params(map=pack_map(grid_of(free)), radii_m=(0.1,))
    terrain = CORE.initial(params)
    inputs = Inputs(
        now_ns=0,
        reason='test',
        mission_id='m',
        robots=(robot('a', 0.5, 0.5, radius_m=0.1),),
        area=None,
        seen=None,
    )
    outputs = CORE.decide(terrain, inputs, params)[1]
    mask = unpack_cells(outputs.shares[0].bits, terrain.floor.shape)
    assert mask[:, :6].any()
    assert not mask[:, 7:].any()
    assert outputs.unreached_cells > 0


def test_a_nook_too_narrow_for_a_robot_goes_to_who_can_look_in_beside_it():
    free = np.zeros((80, 160), dtype=bool)
    free[1:60, 1:159] = True
    free[60:72, 30:40] = True  # 0.5 m wide and 0.6 m deep: only the small robot fits
    params = Params(map=pack_map(grid_of(free)), radii_m=(0.171, 0.28))
    terrain = CORE.initial(params)
    robots = (robot('big', 1.5, 1.5), robot('small', 7.0, 1.5, radius_m=0.171))
    inputs = Inputs(now_ns=0, reason='test', mission_id='m', robots=robots, area=None, seen=None)
    outputs = CORE.decide(terrain, inputs, params)[1]
    nook = np.zeros(terrain.floor.shape, dtype=bool)
    nook[12:, :] = True
    assert (terrain.floor & nook).any()
    big = unpack_cells(outputs.shares[0].bits, terrain.floor.shape)
    assert np.array_equal(big & nook, terrain.floor & nook)


def test_a_small_island_goes_to_the_neighbour_and_a_large_one_stays():
    owner = np.array([0] * 50 + [1] * 3 + [0] * 50)
    pairs = (np.arange(102), np.arange(1, 103))
    allowed = np.ones((2, 103), dtype=bool)
    mixed = owner.copy()
    mixed[20:23] = 1
    whole = absorb(mixed, pairs, allowed, 0.1)
    assert whole[20:23].tolist() == [0, 0, 0]
    assert len(np.unique(parts_of(owner, pairs))) == 3
    forbidden = allowed.copy()
    forbidden[0, 20:23] = False
    assert absorb(mixed, pairs, forbidden, 0.1)[20:23].tolist() == [1, 1, 1]


def test_cells_are_packed_as_on_the_wire():
    mask = np.zeros((2, 5), dtype=bool)
    mask[0, 0] = mask[1, 4] = True
    assert pack_cells(mask) == bytes([0b10000000, 0b01000000])
    assert np.array_equal(unpack_cells(pack_cells(mask), (2, 5)), mask)
    with pytest.raises(ValueError, match='expected 2 for 2 x 5 cells'):
        unpack_cells(b'123', (2, 5))


def test_a_decision_is_the_same_when_it_is_run_again_from_its_record(tmp_path):
    params, _ = prepared('room')
    robots = (robot('a', 1.0, 1.0), robot('b', 11.0, 5.0))
    inputs = Inputs(now_ns=1, reason='t', mission_id='m', robots=robots, area=None, seen=None)
    recorder = Recorder(vault_dir=tmp_path, agent_id='supervisor', writer='supervisor')
    state = recorder.start(CORE, params)
    _, first = recorder.decide(CORE, state, inputs, params)
    recorder.close()
    read = codec_of(Params).decode(codec_of(Params).encode(params))
    again = codec_of(Inputs).decode(codec_of(Inputs).encode(inputs))
    _, second = CORE.decide(CORE.initial(read), again, read)
    assert codec_of(Outputs).encode(first) == codec_of(Outputs).encode(second)


def halves(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The floor west and east of the wall across the room."""
    west = np.zeros(shape, dtype=bool)
    west[:, : shape[1] // 2] = True
    return west, ~west


def test_floor_that_is_closed_to_one_robot_goes_to_the_one_that_the_law_lets_in():
    floor = prepared('room')[1].floor
    west, east = halves(floor.shape)
    barred = robot('barred', 10.0, 3.0, lawful=pack_cells(west))
    outputs, shape = decide('room', [barred, robot('free', 1.0, 1.0)])
    found = masks(outputs, shape)
    assert not (found['barred'] & east).any()
    assert np.array_equal(found['free'] & east, floor & east)
    assert found['barred'].any(), 'what is open to both is still shared'


def test_floor_that_is_closed_to_all_is_shared_out_by_reach():
    floor = prepared('room')[1].floor
    west, _ = halves(floor.shape)
    barred = [
        robot(name, x, 3.0, lawful=pack_cells(west)) for name, x in (('a', 2.0), ('b', 10.0))
    ]
    outputs, shape = decide('room', barred)
    assert np.array_equal(sum(m.astype(int) for m in masks(outputs, shape).values()), floor)
    assert outputs.unreached_cells == 0


def test_who_failed_at_a_survey_gets_only_what_nobody_else_can_and_may_see():
    floor = prepared('room')[1].floor
    west, east = halves(floor.shape)
    failed = robot('failed', 1.0, 1.0, held_back=True)
    outputs, shape = decide('room', [failed, robot('fresh', 11.0, 5.0)])
    assert not masks(outputs, shape)['failed'].any()
    outputs, shape = decide('room', [failed, robot('fresh', 11.0, 5.0, lawful=pack_cells(east))])
    assert np.array_equal(masks(outputs, shape)['failed'], floor & west)
    alone, _ = decide('room', [failed])
    assert masks(alone, shape)['failed'].sum() == floor.sum(), 'to have failed bars nobody'


def test_where_all_failed_the_survey_is_shared_as_if_nobody_had():
    places = (('a', 1.0, 1.0), ('b', 11.0, 5.0))
    fresh, _ = decide('room', [robot(*place) for place in places])
    failed, _ = decide('room', [robot(*place, held_back=True) for place in places])
    assert failed.shares == fresh.shares
