# SPDX-License-Identifier: Apache-2.0
import math
from pathlib import Path

import numpy as np
import pytest

from swarm_config.robots import load_robot
from swarm_sim.sensors import DrainingBattery, NoisyLidar, Odometer, sensors_of

MODEL = load_robot(Path(__file__).parents[2] / 'config' / 'robots' / 'amr.yaml')


def odometer(seed: int) -> Odometer:
    return Odometer(MODEL, np.random.default_rng(seed))


def test_ranges_scatter_around_the_truth_by_the_scanners_noise():
    measured = NoisyLidar(MODEL.lidar, np.random.default_rng(1)).measure(np.full(4000, 3.0))

    assert float(measured.mean()) == pytest.approx(3.0, abs=0.001)
    assert float(measured.std()) == pytest.approx(MODEL.lidar.noise_m, rel=0.1)


def test_nothing_within_range_is_infinite():
    lidar = NoisyLidar(MODEL.lidar, np.random.default_rng(1))

    assert np.isinf(lidar.measure(np.array([math.inf, 26.0]))).all()


def test_a_return_nearer_than_the_least_range_is_kept():
    lidar = NoisyLidar(MODEL.lidar, np.random.default_rng(1))

    assert (lidar.measure(np.zeros(100)) < MODEL.lidar.range_min_m).all()


def test_odometry_starts_at_zero_and_counts_a_straight_way():
    meter = odometer(2)
    turns = 2.0 / MODEL.wheel_radius_m
    for step in range(1, 41):
        pose = meter.advance(step * 0.05, np.full(2, turns * step / 40))

    assert pose.x_m == pytest.approx(2.0, rel=0.05)
    assert pose.speed_mps == pytest.approx(1.0, rel=0.15)


def test_odometry_turns_left_when_the_right_wheel_turns_more():
    pose = odometer(2).advance(0.5, np.array([0.0, 1.0]))

    assert pose.yaw_rad > 0.0
    assert pose.yaw_rate_radps > 0.0


def test_odometry_of_a_robot_at_rest_does_not_drift():
    meter = odometer(3)
    poses = [meter.advance(step * 0.05, np.zeros(2)) for step in range(1, 100)]

    assert (poses[-1].x_m, poses[-1].y_m, poses[-1].yaw_rad) == (0.0, 0.0, 0.0)


def test_drift_follows_the_seed():
    def track(seed: int) -> list[float]:
        meter = odometer(seed)
        return [meter.advance(s * 0.05, np.full(2, float(s))).yaw_rad for s in range(1, 20)]

    assert track(5) == track(5)
    assert track(5) != track(6)


def test_robots_of_one_run_drift_differently():
    one, other = sensors_of((MODEL, MODEL), 0, 1.0)

    assert one.odometer.scales.tolist() != other.odometer.scales.tolist()


def test_a_battery_drains_faster_when_the_robot_drives():
    rest, top = (DrainingBattery(MODEL.battery, MODEL.max_speed_mps, 0.5) for _ in range(2))
    rest.advance(3600.0, 0.0)
    top.advance(3600.0, MODEL.max_speed_mps)

    assert rest.share == pytest.approx(0.5 - 60.0 / 480.0)
    assert top.share == pytest.approx(0.5 - 150.0 / 480.0)
    assert top.voltage_v < rest.voltage_v


def test_a_battery_is_never_less_than_empty():
    battery = DrainingBattery(MODEL.battery, MODEL.max_speed_mps, 0.01)
    battery.advance(1e6, 1.0)

    assert battery.share == 0.0
