# SPDX-License-Identifier: Apache-2.0
"""Situation and planner in one process and thread, for computers with few cores.

`python -m swarm_agent.composed --ros-args -r __ns:=/amr_1 -p …`; the reflex keeps its own process.
"""

import sys

from swarm_agent.planner.node import PlannerNode
from swarm_agent.situation.node import SituationNode, run_polled


def main() -> int:
    """Run both nodes until SIGTERM or SIGINT; 2 means that one was set up wrongly."""
    return run_polled(lambda: [SituationNode(), PlannerNode()], 'composed')


if __name__ == '__main__':
    sys.exit(main())
