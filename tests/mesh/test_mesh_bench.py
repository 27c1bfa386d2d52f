# SPDX-License-Identifier: Apache-2.0
"""`swarm bench mesh` with real processes, small: every figure is found, and beside its control."""

import json
import math

import pytest

from swarm_agent.mesh.bench.__main__ import main


@pytest.mark.slow
def test_the_bench_finds_every_figure_beside_its_control(tmp_path):
    found = tmp_path / 'figures.json'
    sizes = ['--seconds', '5', '--peers', '2', '--robots', '3', '--fleets', '2']
    assert main([*sizes, '--json', str(found)]) == 0
    figures = {one['name']: one for one in json.loads(found.read_text())}
    assert all(math.isfinite(one['value']) for one in figures.values())
    hazard = figures['hazard_to_2_peers_count']
    assert hazard['value'] > 2
    assert hazard['control'] > 2
    assert figures['right_of_way_agreed_3_robots_without_tiles_count']['value'] > 0
