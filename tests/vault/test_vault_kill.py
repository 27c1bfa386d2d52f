# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at any moment: what was acknowledged is there, and the rest is told as a loss."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name('vault_crash.py')


def figures_of(vault: Path, kills: int, *more: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(vault), str(kills), '7', *more],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize(
    'kills', [pytest.param(8, id='few'), pytest.param(60, id='many', marks=pytest.mark.slow)]
)
def test_no_kill_loses_an_acknowledged_event_or_looks_like_tampering(tmp_path: Path, kills: int):
    figures = figures_of(tmp_path, kills)
    assert figures['kills'] == kills
    assert figures['promised'] >= kills
    assert figures['lost'] == 0
    assert (figures['codes'], figures['reasons']) == ([3], [])
    assert figures['replayed'] == figures['recorded'] > 0
    assert figures['replay_reasons'] == []


def test_negative_control_a_hasty_recorder_loses_what_it_acknowledged(tmp_path: Path):
    figures = figures_of(tmp_path, 6, 'hasty')
    assert figures['lost'] > 0
    assert figures['reasons'] == []
