# SPDX-License-Identifier: Apache-2.0
"""An order to freeze never hangs: ROS that does not come back is ended, and the caller told."""

import signal
import subprocess
import sys

import pytest

from swarm_reflex import freeze
from swarm_supervisor.cli.freeze import ended

HANG = (
    'import signal\n'
    'from swarm_reflex.freeze import _ended_within\n'
    'signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])\n'
    'with _ended_within(0.05):\n'
    '    sum(range(10**12))\n'
)


def test_ros_that_hangs_outside_python_is_ended():
    done = subprocess.run([sys.executable, '-c', HANG], check=False, timeout=60)
    assert done.returncode == -signal.SIGALRM


def test_an_order_that_was_ended_by_a_signal_fails_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended(-signal.SIGALRM) == 1
    assert 'may not have heard it' in capsys.readouterr().err


@pytest.mark.parametrize('code', [0, 1, 2])
def test_an_order_that_told_its_outcome_keeps_it(code: int) -> None:
    assert ended(code) == code


@pytest.mark.parametrize('value', ['nan', 'inf', '-1', '3601', 'long'])
def test_patience_that_is_no_time_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ['freeze', 'on', '--by', 'mara', '--why', 'a spill', '--patience-s', value]
    monkeypatch.setattr(sys, 'argv', given)
    with pytest.raises(SystemExit) as stopped:
        freeze.main()
    assert stopped.value.code == 2
    assert '--patience-s' in capsys.readouterr().err
