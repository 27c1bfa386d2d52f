# SPDX-License-Identifier: Apache-2.0
"""The simulator's script starts once, also when a call to it is lost, or says why it does not."""

import json
import sys
from pathlib import Path

import pytest

from swarm_supervisor.demo.start_script import TRIES, start_script

HANGS = 'import time; time.sleep(60)'
ENDS_MUTE = 'raise SystemExit(7)'
REFUSES = 'import sys; sys.exit("no simulator offers it")'


def call(code: str, notes: Path) -> tuple[str, ...]:
    """A command that notes that it was called, and then does this."""
    return (sys.executable, '-S', '-c', f'open({str(notes)!r}, "a").write("x"); {code}')


def referee_says(out_dir: Path, *, started: bool) -> None:
    report = {
        'coverage': 0.0,
        'contacts': [],
        'robots': {},
        'real_time_factor': 1.0,
        'script_started_s': 7.8 if started else None,
    }
    (out_dir / 'referee.json').write_text(json.dumps(report))


def test_a_call_that_is_answered_is_made_once(tmp_path: Path):
    assert start_script({}, tmp_path, call('pass', tmp_path / 'calls')) == ''
    assert (tmp_path / 'calls').read_text() == 'x'


@pytest.mark.parametrize(
    ('code', 'limit_s', 'why'),
    [
        (HANGS, 0.3, 'no answer within 0.3 s'),
        (ENDS_MUTE, 30.0, 'the call ended with 7'),
        (REFUSES, 30.0, 'no simulator offers it'),
    ],
)
def test_a_script_that_never_starts_is_tried_again_and_then_told_why(
    tmp_path: Path, code: str, limit_s: float, why: str
):
    referee_says(tmp_path, started=False)
    said = start_script({}, tmp_path, call(code, tmp_path / 'calls'), limit_s)

    assert f'did not start in {TRIES} tries: {why}; read its log' in said
    assert len((tmp_path / 'calls').read_text()) <= TRIES


@pytest.mark.parametrize(('code', 'limit_s'), [(HANGS, 0.3), (REFUSES, 30.0)])
def test_a_lost_call_that_did_start_the_script_is_enough(
    tmp_path: Path, code: str, limit_s: float
):
    referee_says(tmp_path, started=True)

    assert start_script({}, tmp_path, call(code, tmp_path / 'calls'), limit_s) == ''
