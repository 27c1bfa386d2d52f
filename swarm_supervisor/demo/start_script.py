# SPDX-License-Identifier: Apache-2.0
"""Tell the simulator that the order has been given: its script starts to count."""

import os
import subprocess
import sys


def start_script(environment: dict[str, str]) -> None:
    """Call the simulator's service once, in a process of its own (this room knows no ROS).

    Raises:
        RuntimeError: The simulator does not answer.
    """
    done = subprocess.run(
        (sys.executable, '-m', 'swarm_sim.start_script'),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
