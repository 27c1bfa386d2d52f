# SPDX-License-Identifier: Apache-2.0
"""The bench prints rows with their control; its figures are not judged here."""

import gzip
import json
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest
from reflex_world import PARAMS

from swarm_reflex.bench.endurance import drive, endured
from swarm_reflex.bench.figures import Figure, quantile, spread
from swarm_reflex.bench.recorded import replayed
from swarm_reflex.bench.stage import numbers_of
from swarm_reflex.core import CORE


def test_quantiles_are_values_that_were_measured():
    assert [quantile([3.0, 1.0, 2.0], share) for share in (0.5, 0.99, 1.0)] == [2.0, 3.0, 3.0]
    assert math.isnan(quantile([], 0.5))


def test_row_says_null_where_there_is_no_control():
    row = Figure(name='a', value=1.23456, unit='ms').row()
    assert row == {'name': 'a', 'value': 1.2346, 'unit': 'ms', 'control': None}


def test_spread_sets_each_share_beside_its_control():
    rows = [figure.row() for figure in spread('x', [1.0, 2.0], 'ms', [3.0, 4.0])]
    assert [row['control'] for row in rows] == [3.0, 4.0, 4.0]


def test_drive_of_the_endurance_bench_moves_and_loses_no_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr('swarm_reflex.bench.endurance._HOUR_TICKS', 400)
    monkeypatch.setattr('swarm_reflex.bench.endurance._RECORDED_TICKS', 300)
    found = {figure.name: figure.value for figure in endured(tmp_path, 1)}
    assert found['lost_of_300_recorded'] == 0
    assert found['offline_ticks_a_minute'] > 0.0
    assert found['decide_and_record_p99'] > 0.0
    state, moved = CORE.initial(PARAMS), 0
    for inputs in drive(400):
        state, outputs = CORE.decide(state, inputs, PARAMS)
        moved += outputs.vx_mps > 0.1
    assert moved > 100


def test_a_feeder_that_prints_more_than_a_pipe_holds_comes_to_its_end():
    command = [sys.executable, '-c', 'print(*range(100_000), sep="\\n")']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        found = numbers_of(process, lambda: time.sleep(0.001))
    assert found == list(range(100_000))


@pytest.mark.ros
def test_bench_of_the_decisions_prints_rows():
    command = [sys.executable, '-m', 'swarm_reflex.bench', '--only', 'compute']
    command += ['--seconds', '1', '--json']
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    rows = json.loads(said.stdout)
    assert {'decide_360_beams_p99', 'decide_24000_points_p99'} <= {row['name'] for row in rows}
    assert all(row['value'] > 0.0 and row['control'] > 0.0 for row in rows)


def test_recorded_drive_is_replayed_without_false_stops_and_with_all_true_ones(
    tmp_path: Path,
) -> None:
    """A corridor as a CARMEN log would tell it: walls 1 m to both sides, 0.2 m a step."""
    lines = ['# a corridor', 'PARAM robot_frontlaser_offset 0.0 nohost 0']
    for k in range(10):
        bearings = [math.radians(b - 89.5) for b in range(180)]
        ranges = ' '.join(f'{min(81.9, 1.0 / max(1e-3, abs(math.sin(b)))):.2f}' for b in bearings)
        lines.append(f'FLASER 180 {ranges} {0.2 * k} 0.0 0.0 0 0 0 {k} nohost {k}')
    log = tmp_path / 'corridor.log.gz'
    log.write_bytes(gzip.compress('\n'.join(lines).encode()))
    found = {figure.name: figure.value for figure in replayed(log)}
    assert found == {
        'recorded_scans': 10,
        'passed_with_clearance': 9,
        'false_stops': 0,
        'inserted_obstacles': 9,
        'inserted_obstacles_stopped': 9,
    }
