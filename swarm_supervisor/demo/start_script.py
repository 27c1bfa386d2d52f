# SPDX-License-Identifier: Apache-2.0
"""Tell the simulator that the order is about to be given: its script starts to count."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from swarm_supervisor.demo.referee import read_referee

TRIES = 3
LIMIT_S = 15.0
"""How long one call may take [s]; on an overloaded machine it takes up to 10 s."""
CALL = (sys.executable, '-m', 'swarm_sim.start_script', '--within', '10')


def start_script(
    environment: dict[str, str],
    out_dir: Path,
    call: Sequence[str] = CALL,
    limit_s: float = LIMIT_S,
) -> str:
    """Call the simulator's service, in a process of its own (this room knows no ROS).

    A call that does not come back is stopped and made again. What counts is the referee's word:
    a script that the lost call did start is not waited for.

    Args:
        environment: What the processes of the run have besides our own environment.
        out_dir: The run's folder; the referee reports there.
        call: The command that calls the service.
        limit_s: How long one call may take [s].

    Returns:
        Why the script did not start, or nothing.
    """
    said = ''
    for _ in range(TRIES):
        said = _call(environment, call, limit_s)
        if not said or read_referee(out_dir).script_started:
            return ''
    return f"the simulator's script did not start in {TRIES} tries: {said}; read its log"


def _call(environment: dict[str, str], call: Sequence[str], limit_s: float) -> str:
    """Why the call failed, or nothing."""
    try:
        done = subprocess.run(
            call,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=limit_s,
        )
    except subprocess.TimeoutExpired:
        return f'no answer within {limit_s:g} s'
    lines = done.stderr.strip().splitlines() or [f'the call ended with {done.returncode}']
    return lines[-1] if done.returncode else ''
