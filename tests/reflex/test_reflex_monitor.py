# SPDX-License-Identifier: Apache-2.0
"""The monitor's decision: Nav2's numbers, and zero where Nav2 drives on."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_reflex.monitor.core import CORE
from swarm_reflex.monitor.core.types import (
    ActionType,
    BasePose,
    Command,
    Effect,
    Exclusion,
    MaskPlace,
    MonitorInputs,
    MonitorOutputs,
    MonitorParams,
    Observation,
    Request,
    Setup,
    ShapeUpdate,
    Source,
    SubPolygon,
    Velocity,
    Zone,
)
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault

TICK_NS = 10_000_000
WISH = Velocity(vx_mps=0.5, vy_mps=0.2, wz_radps=0.1)


def square(half_m: float) -> tuple[tuple[float, float], ...]:
    return ((half_m, half_m), (half_m, -half_m), (-half_m, -half_m), (-half_m, half_m))


def zone(name: str, effect: Effect, half_m: float, **changes: Any) -> Zone:
    fields: dict[str, Any] = {'points': square(half_m), 'min_points': 2, **changes}
    return Zone(name=name, effect=effect, **fields)


LIMIT = zone('Limit', Effect.LIMIT, 3.0, linear_limit_mps=0.4, angular_limit_radps=0.09)
SLOW = zone('SlowDown', Effect.SLOWDOWN, 2.0, slowdown_ratio=0.7)
STOP = zone('Stop', Effect.STOP, 1.0)


@dataclass
class Around:
    """The monitor with one source, everything fresh unless a test changes it."""

    zones: tuple[Zone, ...] = (LIMIT, SLOW, STOP)
    sources: tuple[Source, ...] = (Source(name='scan'),)
    exclusions: tuple[Exclusion, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    now_ns: int = 10**9

    def __post_init__(self) -> None:
        setup = Setup(zones=self.zones, sources=self.sources, exclusions=self.exclusions)
        plain = {'base_shift_correction': False, 'escape_speed_mps': 0.0}
        self.params = MonitorParams(setup=setup, **{**plain, **self.changes})
        self.state = CORE.initial(self.params)

    def see(self, points: Any, source: str = 'scan', **changes: Any) -> Observation:
        raw = np.asarray(points, dtype='<f4').reshape(-1, 3).tobytes()
        fields = {'arrival_ns': self.now_ns + TICK_NS, **changes}
        return Observation(source=source, points=raw, **fields)

    def tick(
        self, points: Any = ((9.0, 0.0, 0.0),), wish: Velocity = WISH, **changes: Any
    ) -> MonitorOutputs:
        self.now_ns += changes.pop('step_ns', TICK_NS)
        observations = (self.see(points, arrival_ns=self.now_ns),)
        fields = {
            'command': Command(velocity=wish, arrival_ns=self.now_ns),
            'observations': observations,
            **changes,
        }
        inputs = MonitorInputs(now_ns=self.now_ns, **fields)
        self.state, outputs = CORE.decide(self.state, inputs, self.params)
        return outputs


def pair(x: float) -> list[tuple[float, float, float]]:
    return [(x, 0.01, 0.1), (x, -0.01, 0.1)]


def parts(velocity: Velocity) -> tuple[float, float, float]:
    return velocity.vx_mps, velocity.vy_mps, velocity.wz_radps


@pytest.mark.parametrize(
    ('distance_m', 'ratio', 'action', 'name'),
    [
        (4.5, 1.0, ActionType.DO_NOTHING, ''),
        (2.9, min(0.4 / math.hypot(0.5, 0.2), 0.09 / 0.1), ActionType.LIMIT, 'Limit'),
        (1.5, 0.7, ActionType.SLOWDOWN, 'SlowDown'),
        (0.5, 0.0, ActionType.STOP, 'Stop'),
    ],
)
def test_stop_slowdown_and_limit_give_the_numbers_of_nav2(
    distance_m: float, ratio: float, action: ActionType, name: str
) -> None:
    outputs = Around().tick(pair(distance_m))
    assert parts(outputs.velocity) == pytest.approx((0.5 * ratio, 0.2 * ratio, 0.1 * ratio))
    assert (outputs.action, outputs.polygon_name) == (action, name)


def test_all_active_zones_are_named():
    assert Around().tick(pair(0.5)).causes == ('Limit', 'SlowDown', 'Stop')


def test_fewer_points_than_min_points_do_nothing():
    assert Around().tick([(0.5, 0.0, 0.1)]).action is ActionType.DO_NOTHING


def test_approach_gives_the_share_of_the_time_to_contact():
    footprint = zone('Footprint', Effect.APPROACH, 0.5, time_before_collision_s=2.0)
    outputs = Around(zones=(footprint,)).tick(pair(1.25), Velocity(vx_mps=0.5))
    assert outputs.velocity.vx_mps == pytest.approx(0.5 * 1.5 / 2.0, abs=0.5 * 0.1 / 2.0)
    assert outputs.time_to_contact_s == pytest.approx(1.5, abs=1e-4)
    assert outputs.velocity.vx_mps <= 0.5 * outputs.time_to_contact_s / 2.0
    assert (outputs.action, outputs.polygon_name) == (ActionType.APPROACH, 'Footprint')


def test_approach_in_contact_is_zero_and_far_away_nothing():
    footprint = zone('Footprint', Effect.APPROACH, 0.5)
    assert Around(zones=(footprint,)).tick(pair(0.4)).velocity == Velocity()
    assert Around(zones=(footprint,)).tick(pair(4.0)).action is ActionType.DO_NOTHING


def test_limit_below_both_bounds_changes_nothing():
    slow = Velocity(vx_mps=0.1, wz_radps=0.05)
    assert Around(zones=(LIMIT,)).tick(pair(2.0), slow).velocity == slow


def test_velocity_polygon_follows_the_command():
    def sub(name: str, half_m: float, low: float, high: float) -> SubPolygon:
        return SubPolygon(
            name=name,
            points=square(half_m),
            linear_min=low,
            linear_max=high,
            theta_min=-1.0,
            theta_max=1.0,
        )

    moving = Zone(
        name='V',
        effect=Effect.STOP,
        min_points=2,
        sub_polygons=(sub('slow', 0.3, 0.0, 0.2), sub('fast', 1.0, 0.2, 1.0)),
    )
    around = Around(zones=(moving,))
    assert around.tick(pair(0.6), Velocity(vx_mps=0.1)).velocity.vx_mps == 0.1
    assert around.tick(pair(0.6), Velocity(vx_mps=0.4)).polygon_name == 'V'
    assert around.tick(pair(0.6), Velocity(vx_mps=-0.4)).polygon_name == 'V', 'keeps the last'
    uncovered = Around(zones=(moving,)).tick(pair(5.0), Velocity(vx_mps=-0.4))
    assert (uncovered.velocity, uncovered.polygon_name) == (Velocity(), 'V has no shape')


@pytest.mark.parametrize(
    ('wish', 'inside'),
    [
        (Velocity(vx_mps=0.0, vy_mps=0.4), True),
        (Velocity(vx_mps=0.4), False),
        (Velocity(vx_mps=-0.4, vy_mps=0.001), True),
        (Velocity(vx_mps=-0.4, vy_mps=-0.001), True),
    ],
)
def test_holonomic_velocity_polygon_uses_speed_and_direction(
    wish: Velocity, *, inside: bool
) -> None:
    left = SubPolygon(
        name='left',
        points=square(1.0),
        linear_min=0.0,
        linear_max=1.0,
        theta_min=-1.0,
        theta_max=1.0,
        direction_start_angle=math.pi / 4,
        direction_end_angle=-math.pi + 0.1,
    )
    moving = Zone(name='V', effect=Effect.STOP, sub_polygons=(left,), holonomic=True)
    name = Around(zones=(moving,)).tick([(9.0, 0.0, 0.0)], wish).polygon_name
    assert name == ('' if inside else 'V has no shape')


def test_shape_from_a_topic_stops_until_it_comes():
    circle = Zone(name='C', effect=Effect.STOP, min_points=2)
    around = Around(zones=(circle,))
    assert around.tick().polygon_name == 'C has no shape'
    update = (ShapeUpdate(zone='C', radius_m=0.8),)
    assert around.tick(pair(0.9), shapes=update).action is ActionType.DO_NOTHING
    assert around.tick(pair(0.7)).polygon_name == 'C'


def test_debounce_counts_looks_at_new_data():
    slow = replace(SLOW, trigger_consecutive_points=3, release_consecutive_points=2)
    around = Around(zones=(slow,))
    assert [around.tick(pair(1.0)).polygon_name for _ in range(3)] == ['', '', 'SlowDown']
    assert around.tick(observations=()).polygon_name == 'SlowDown', 'no news, no change'
    assert [around.tick(pair(4.0)).polygon_name for _ in range(2)] == ['SlowDown', '']
    around.tick(pair(1.0))
    around.tick(pair(1.0))
    assert [around.tick(observations=()).polygon_name for _ in range(9)] == [''] * 9


looks = st.tuples(st.booleans(), st.booleans(), st.integers(100_000, 150_000_000))


@given(st.lists(looks, min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_flicker_at_any_rate_triggers_at_once_and_releases_after_the_release_time(
    steps: list[tuple[bool, bool, int]],
) -> None:
    """Looks and ticks without news come as they like, 0.1 to 150 ms apart."""
    sources = (Source(name='scan', source_timeout_s=100.0),)
    around = Around(zones=(replace(SLOW, release_time_s=0.2),), sources=sources)
    hit, last_ns = False, -(10**9)
    for is_news, shows_hit, step_ns in [(True, False, TICK_NS), *steps]:
        hit = shows_hit if is_news else hit
        points, told = pair(1.0 if hit else 4.0), {} if is_news else {'observations': ()}
        outputs = around.tick(points, step_ns=step_ns, **told)
        last_ns = around.now_ns if hit else last_ns
        held = around.now_ns - last_ns < 200_000_000
        assert (outputs.polygon_name == 'SlowDown') is held


def test_disabled_zones_and_sources_are_left_out():
    assert Around(zones=(replace(STOP, enabled=False),)).tick(pair(0.5)).velocity == WISH
    blind = Around(sources=(Source(name='scan', enabled=False),))
    assert blind.tick(pair(0.5)).velocity == WISH


def test_zone_listens_to_its_own_sources_only():
    deaf = replace(STOP, sources=('other',))
    sources = (Source(name='scan'), Source(name='other', source_timeout_s=0.0))
    assert Around(zones=(deaf,), sources=sources).tick(pair(0.5)).velocity == WISH


@pytest.mark.parametrize(
    'flaws',
    [
        {'flaw': 'nothing usable'},
        {'stamp_age_s': 2.1},
        {'stamp_age_s': -0.2},
        {'stamp_age_s': math.nan},
        {'arrival_ns': 10**15},
    ],
)
def test_source_that_cannot_be_believed_stops(flaws: dict[str, Any]) -> None:
    around = Around()
    outputs = around.tick(observations=(around.see([(9.0, 0.0, 0.0)], **flaws),))
    assert (outputs.velocity, outputs.polygon_name) == (Velocity(), 'invalid source')


def test_source_never_heard_and_source_gone_silent_stop():
    around = Around()
    assert around.tick(observations=()).polygon_name == 'invalid source'
    around.tick()
    assert around.tick(observations=(), step_ns=1_990_000_000).velocity == WISH
    assert around.tick(observations=()).velocity == WISH
    assert around.tick(observations=()).polygon_name == 'invalid source'


def test_source_without_a_timeout_stops_nothing():
    around = Around(sources=(Source(name='scan', source_timeout_s=0.0),))
    assert around.tick(observations=()).velocity == WISH


def pose(around: Around, x_m: float = 0.0, **changes: Any) -> BasePose:
    fields: dict[str, Any] = {
        'x_m': x_m,
        'y_m': 0.0,
        'yaw_rad': 0.0,
        'velocity': Velocity(),
        'arrival_ns': around.now_ns + TICK_NS,
        **changes,
    }
    return BasePose(**fields)


def test_points_are_seen_from_where_the_base_is_now():
    around = Around(zones=(STOP,), changes={'base_shift_correction': True})
    assert around.tick(pair(1.3), odom=pose(around)).velocity == WISH
    outputs = around.tick(observations=(), odom=pose(around, 0.4))
    assert outputs.polygon_name == 'Stop'


@pytest.mark.parametrize(
    'changes',
    [{'x_m': math.nan}, {'velocity': Velocity(vx_mps=1e9)}, {'stamp_age_s': 0.6},
     {'stamp_age_s': -0.2}, {'arrival_ns': 10**15}],
)  # fmt: skip
def test_shift_without_sound_odometry_stops(changes: dict[str, Any]) -> None:
    around = Around(changes={'base_shift_correction': True})
    assert around.tick(odom=pose(around, **changes)).polygon_name == 'invalid source'
    assert Around(changes={'base_shift_correction': True}).tick().polygon_name == 'invalid source'


WATCHED = (Source(name='scan', frozen_travel_m=0.15),)


def travelled(around: Around, *steps: tuple[float, float], points: Any = ()) -> list[str]:
    """What decides while the base is at x [m] and yaw [rad] and its scan shows the same."""
    said = []
    for x_m, yaw_rad in steps:
        odom = pose(around, x_m, yaw_rad=yaw_rad)
        said.append(around.tick(points or pair(9.0), odom=odom).polygon_name)
    return said


@pytest.mark.parametrize(
    ('steps', 'last'),
    [
        (((0.0, 0.0), (0.1, 0.0), (0.151, 0.0)), 'invalid source'),
        (((0.0, 0.0), (0.1, 0.0), (0.15, 0.0)), ''),
        (((0.0, 0.0), (0.2, 0.0)), ''),
        (((0.0, 0.0), (0.0, 0.25), (0.0, 0.51)), 'invalid source'),
        (((0.0, 0.0), (0.0, 0.25), (0.0, 0.49)), ''),
    ],
)
def test_same_points_while_the_base_travels_are_a_frozen_sensor(steps: Any, last: str) -> None:
    around = Around(sources=WATCHED, changes={'base_shift_correction': True})
    assert travelled(around, *steps) == [''] * (len(steps) - 1) + [last]
    unwatched = Around(changes={'base_shift_correction': True})
    assert travelled(unwatched, *steps) == [''] * len(steps)


def test_new_points_thaw_a_frozen_sensor_and_nothing_seen_is_no_freeze():
    around = Around(sources=WATCHED, changes={'base_shift_correction': True})
    assert travelled(around, (0.0, 0.0), (0.2, 0.0), (0.4, 0.0))[-1] == 'invalid source'
    assert travelled(around, (0.6, 0.0), points=pair(8.9)) == ['']
    assert travelled(around, (0.7, 0.0), (0.9, 0.0), points=pair(8.9))[-1] == 'invalid source'
    empty = Around(sources=WATCHED, changes={'base_shift_correction': True})
    nothing = np.empty((0, 3))
    for k in range(5):
        outputs = empty.tick(nothing, odom=pose(empty, 0.2 * k))
    assert outputs.velocity == WISH


def test_without_odometry_nobody_knows_whether_a_sensor_is_frozen():
    around = Around(sources=WATCHED)
    assert [around.tick(pair(9.0)).velocity for _ in range(5)] == [WISH] * 5


@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf, 3e38, 101.0])
def test_command_that_is_no_number_is_zero(bad: float) -> None:
    for wish in (Velocity(vx_mps=bad), Velocity(vy_mps=bad), Velocity(wz_radps=bad)):
        assert Around().tick(wish=wish).velocity == Velocity()


def test_commander_that_falls_silent_is_zero():
    around = Around()
    around.tick()
    late = around.tick(command=None, step_ns=510_000_000)
    assert (late.velocity, late.polygon_name) == (Velocity(), 'command timeout')


@pytest.mark.parametrize(
    ('changes', 'name'),
    [
        ({'stamp_age_s': 0.6}, 'command timeout'),
        ({'stamp_age_s': -0.2}, 'command from the future'),
        ({'arrival_ns': 10**15}, 'command from the future'),
        ({'stamp_age_s': math.nan}, 'command from the future'),
    ],
)
def test_command_of_another_time_is_zero(changes: dict[str, Any], name: str) -> None:
    around = Around()
    fields = {'arrival_ns': around.now_ns, **changes}
    command = Command(velocity=WISH, **fields)
    outputs = around.tick(command=command)
    assert (outputs.velocity, outputs.polygon_name) == (Velocity(), name)


def test_clock_that_runs_backwards_is_zero_once():
    around = Around()
    around.tick()
    assert around.tick(step_ns=-5).polygon_name == 'clock'
    assert around.tick().velocity == WISH


def test_nothing_commanded_is_zero():
    assert Around().tick(command=None).polygon_name == 'no command'


def test_switch_off_ends_by_itself_and_the_dead_man_stays():
    around = Around(changes={'disable_for_s': 1.0})
    assert around.tick(pair(0.5), requests=(Request.DISABLE,)).velocity == WISH
    assert around.tick(pair(0.5), Velocity(vx_mps=math.nan)).velocity == Velocity()
    off = around.tick(pair(0.5), step_ns=900_000_000)
    assert (off.enabled, off.velocity) == (False, WISH)
    on = around.tick(pair(0.5), step_ns=100_000_000)
    assert (on.enabled, on.polygon_name) == (True, 'Stop')


def test_switch_off_without_expiry_lasts_until_it_is_switched_on():
    around = Around(changes={'disable_for_s': 0.0, 'enabled': True})
    around.tick(requests=(Request.DISABLE,))
    assert not around.tick(step_ns=10**13).enabled
    assert around.tick(requests=(Request.ENABLE,)).enabled


def test_activation_forgets_the_command_of_before():
    around = Around()
    around.tick()
    outputs = around.tick(command=None, requests=(Request.RESTART,))
    assert outputs.polygon_name == 'no command'


def test_new_setup_counts_at_once():
    around = Around(zones=(STOP,))
    assert around.tick(pair(1.5)).velocity == WISH
    wider = Setup(zones=(zone('Stop', Effect.STOP, 2.0),), sources=(Source(name='scan'),))
    assert around.tick(pair(1.5), setup=wider).polygon_name == 'Stop'


@pytest.mark.parametrize(
    ('exclusion', 'stops'),
    [
        (Exclusion(name='dock', enabled=True, points=square(0.6)), False),
        (Exclusion(name='dock', enabled=True, radius_m=0.6), False),
        (Exclusion(name='dock', enabled=False, radius_m=0.6), True),
        (Exclusion(name='dock', enabled=True, radius_m=0.6, min_height_m=0.2), True),
        (Exclusion(name='dock', enabled=True, radius_m=0.6, max_height_m=0.05), True),
        (Exclusion(name='other', enabled=True, radius_m=0.6), True),
    ],
)
def test_exclusion_zone_masks_its_column(exclusion: Exclusion, *, stops: bool) -> None:
    sources = (Source(name='scan', exclusions=('dock',)),)
    around = Around(zones=(STOP,), sources=sources, exclusions=(exclusion,))
    assert (around.tick(pair(0.5)).polygon_name == 'Stop') is stops


def test_exclusion_zone_of_another_frame_masks_where_that_frame_is():
    dock = Exclusion(name='dock', enabled=True, points=square(0.2), frame_id='dock')
    sources = (Source(name='scan', exclusions=('dock',)),)
    around = Around(zones=(STOP,), sources=sources, exclusions=(dock,))
    assert around.tick(pair(0.7)).polygon_name == 'Stop', 'nobody knows where it is'
    here = MaskPlace(zone='dock', pose=(0.7, 0.0, math.pi / 4))
    assert around.tick(pair(0.7), masks=(here,)).velocity == WISH
    assert around.tick(pair(0.44)).velocity == WISH, 'its corner points at the robot'
    assert around.tick(pair(0.40)).polygon_name == 'Stop'
    gone = MaskPlace(zone='dock', pose=None)
    assert around.tick(pair(0.7), masks=(gone,)).polygon_name == 'Stop'


def test_points_that_are_no_numbers_are_left_out():
    nan = [(math.nan, 0.0, 0.0), (0.5, math.inf, 0.0)]
    assert Around().tick(nan).velocity == WISH


def test_detector_zone_names_itself_and_does_nothing():
    watch = replace(STOP, name='Watch', effect=Effect.NONE)
    unset = Zone(name='Unset', effect=Effect.NONE)
    around = Around(zones=(watch, unset, SLOW))
    near, far = around.tick(pair(0.5)), around.tick(pair(1.5))
    assert (near.detected, near.causes, near.polygon_name) == (
        ('Watch',),
        ('SlowDown',),
        'SlowDown',
    )
    assert (far.detected, far.causes) == ((), ('SlowDown',))
    alone = Around(zones=(watch,)).tick(pair(0.5))
    assert (alone.velocity, alone.action, alone.causes) == (WISH, ActionType.DO_NOTHING, ())


def test_detector_zone_may_follow_the_velocity():
    sub = SubPolygon(
        name='ahead',
        points=square(1.0),
        linear_min=0.0,
        linear_max=1.0,
        theta_min=-1.0,
        theta_max=1.0,
    )
    watch = Zone(name='Watch', effect=Effect.NONE, min_points=2, sub_polygons=(sub,))
    assert Around(zones=(watch,)).tick(pair(0.5)).detected == ('Watch',)


def test_zones_after_a_stop_still_count_their_looks():
    slow = replace(SLOW, trigger_consecutive_points=3)
    around = Around(zones=(STOP, slow))
    assert [around.tick(pair(0.5)).causes for _ in range(3)] == [
        ('Stop',),
        ('Stop',),
        ('Stop', 'SlowDown'),
    ]


def test_stop_lets_a_command_pass_that_leaves_the_obstacle_behind():
    around = Around(zones=(STOP,), changes={'escape_speed_mps': 0.1})
    away = around.tick(pair(0.5), Velocity(vx_mps=-0.5, wz_radps=0.1))
    assert parts(away.velocity) == pytest.approx((-0.1, 0.0, 0.02))
    assert around.tick(pair(0.5), Velocity(vx_mps=0.5)).velocity == Velocity()
    assert around.tick(pair(0.5), Velocity(wz_radps=0.5)).velocity == Velocity()
    caged = [*pair(0.5), *pair(-0.5)]
    assert around.tick(caged, Velocity(vx_mps=-0.5)).velocity == Velocity()
    walled = [*pair(0.5), (-1.02, 0.0, 0.0), (-1.02, 0.1, 0.0)]
    assert around.tick(walled, Velocity(vx_mps=-0.5)).velocity == Velocity()


def test_stop_without_points_lets_nothing_pass():
    around = Around(zones=(replace(STOP, release_time_s=1.0),), changes={'escape_speed_mps': 0.1})
    around.tick(pair(0.5))
    assert around.tick([]).velocity == Velocity()


finite = st.floats(-3.0, 3.0)


@given(
    st.builds(Velocity, vx_mps=finite, vy_mps=finite, wz_radps=finite),
    st.lists(st.tuples(finite, finite, finite), max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_output_is_never_faster_never_reversed_and_keeps_its_curvature(
    wish: Velocity, points: list[tuple[float, float, float]]
) -> None:
    approach = zone('A', Effect.APPROACH, 0.3)
    around = Around(zones=(LIMIT, SLOW, STOP, approach), changes={'escape_speed_mps': 0.1})
    out = around.tick(points or [(9.0, 9.0, 0.0)], wish).velocity
    share = max(
        (o / w for o, w in zip(parts(out), parts(wish), strict=True) if abs(w) > 1e-3), default=0.0
    )
    assert 0.0 <= share <= 1.0
    for got, wanted in zip(parts(out), parts(wish), strict=True):
        if abs(wanted) > 1e-3:
            assert got == pytest.approx(wanted * share, rel=1e-12, abs=1e-300)


def test_decisions_of_the_monitor_are_reproduced_to_the_byte(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    around = Around(changes={'escape_speed_mps': 0.1})
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='monitor')
    state = recorder.start(CORE, around.params)
    for k in range(200):
        around.now_ns += TICK_NS
        wish = Velocity(vx_mps=rng.normal(), wz_radps=math.nan if k == 50 else rng.normal())
        inputs = MonitorInputs(
            now_ns=around.now_ns,
            command=Command(velocity=wish, arrival_ns=around.now_ns),
            observations=(around.see(rng.uniform(-3, 3, (40, 3)), arrival_ns=around.now_ns),),
            requests=(Request.DISABLE,) if k == 80 else (),
        )
        state, _ = recorder.decide(CORE, state, inputs, around.params)
    recorder.close()
    report = replay_vault(tmp_path)
    assert (report.reasons, report.decisions_reproduced) == ((), 200)


def test_holonomic_velocity_polygon_does_not_cover_a_turn_out_of_its_range():
    slow_turn = SubPolygon(
        name='slow',
        points=square(1.0),
        linear_min=0.0,
        linear_max=1.0,
        theta_min=-0.1,
        theta_max=0.1,
    )
    moving = Zone(name='V', effect=Effect.STOP, sub_polygons=(slow_turn,), holonomic=True)
    outputs = Around(zones=(moving,)).tick(wish=Velocity(vx_mps=0.3, wz_radps=0.5))
    assert outputs.polygon_name == 'V has no shape'


def test_shape_from_a_topic_may_repeat_a_corner():
    around = Around(zones=(Zone(name='P', effect=Effect.STOP, min_points=2),))
    corners = (*square(0.6), square(0.6)[-1])
    update = (ShapeUpdate(zone='P', points=corners),)
    assert around.tick(pair(0.9), shapes=update).action is ActionType.DO_NOTHING
    assert around.tick(pair(0.5)).polygon_name == 'P'


def test_ratio_of_nothing_is_nothing():
    closed = zone('Z', Effect.SLOWDOWN, 2.0, slowdown_ratio=0.0)
    assert Around(zones=(closed,)).tick(pair(1.0)).velocity == Velocity()
