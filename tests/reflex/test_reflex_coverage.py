# SPDX-License-Identifier: Apache-2.0
"""Every line and branch of both cores is run by the quick tests, without those that draw lots."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('coverage', reason='coverage is not installed: it is not measured')
pytest.importorskip('rclpy', reason='ROS 2 is not there: tests of the monitor cannot run')

HERE = Path(__file__).parent
FILES = (
    'arc', 'contact', 'edges', 'fault_matrix', 'geofence', 'latches', 'limits', 'monitor',
    'record', 'tiers', 'watchdog', 'zones',
)  # fmt: skip
LOTS = (
    'hostile', 'slower_output', 'random', 'truth', 'stops_inside', 'never_faster', 'drives_up',
    'narrow_passage', 'flicker_at_any_rate', 'replay', 'hangs', 'changed_constant', 'byte',
)  # fmt: skip
"""Words in the names of tests that draw lots or take long."""


@pytest.mark.slow
def test_quick_tests_run_every_line_and_branch_of_both_cores(tmp_path: Path):
    cores = '*/swarm_reflex/core/*,*/swarm_reflex/monitor/core/*'
    run = ['run', '--branch', f'--include={cores}', '-m', 'pytest', '-q', '-p', 'no:randomly']
    run += ['-m', 'not slow and not ros', '-k', ' and '.join(f'not {word}' for word in LOTS)]
    run += [str(HERE / f'test_reflex_{name}.py') for name in FILES]
    report = tmp_path / 'report.json'
    for words in (run, ['json', '-q', '-o', str(report)]):
        done = subprocess.run(
            [sys.executable, '-m', 'coverage', *words],
            env=os.environ | {'COVERAGE_FILE': str(tmp_path / 'data')},
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    files = json.loads(report.read_text(encoding='utf-8'))['files']
    assert len(files) > 15
    gaps = {
        name: (found['missing_lines'], found['missing_branches'])
        for name, found in files.items()
        if found['missing_lines'] or found['missing_branches']
    }
    assert gaps == {}
