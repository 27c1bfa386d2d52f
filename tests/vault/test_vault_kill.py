# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at any moment: what was acknowledged is there, and the rest is told as a loss."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from vault_world import signed_vault

PROGRAM = Path(__file__).with_name('vault_crash.py')


@pytest.mark.parametrize(
    'kills', [pytest.param(8, id='few'), pytest.param(40, id='many', marks=pytest.mark.slow)]
)
def test_no_kill_loses_an_acknowledged_event_or_looks_like_tampering(tmp_path: Path, kills: int):
    vault = signed_vault(tmp_path)
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(vault), str(kills), '7'],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures['promised'] >= kills
    assert figures['lost'] == 0
    assert (figures['codes'], figures['reasons']) == ([3], [])
    assert figures['replayed'] == figures['recorded'] > 0
    assert figures['replay_reasons'] == []
