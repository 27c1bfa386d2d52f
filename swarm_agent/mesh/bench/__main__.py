# SPDX-License-Identifier: Apache-2.0
"""`swarm bench mesh`: latencies, bandwidth and cost of the mesh between real processes."""

import argparse
import sys
from collections.abc import Sequence

from swarm_agent.mesh.bench.cost import hearing_cost
from swarm_agent.mesh.bench.figures import Figure, show
from swarm_agent.mesh.bench.measure import agreement, bandwidth, hazard_latency, intent_latency
from swarm_config.outputs import output_file

PARTS = ('cost', 'intent', 'hazard', 'right', 'bytes')


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    figures: list[Figure] = []
    parts = options.only or PARTS
    if 'cost' in parts:
        figures += hearing_cost()
    if 'intent' in parts:
        figures += intent_latency(options.seconds)
    if 'hazard' in parts:
        figures += hazard_latency(options.seconds, options.peers)
    if 'right' in parts:
        figures += agreement(options.seconds, options.robots)
    if 'bytes' in parts:
        for robots in options.fleets:
            figures += bandwidth(options.seconds, robots)
    show('mesh', figures, options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='swarm bench mesh', description=__doc__)
    parser.add_argument('--seconds', type=float, default=10.0, help='of each part')
    parser.add_argument('--peers', type=int, default=20, help='that hear of a hazard')
    parser.add_argument('--robots', type=int, default=20, help='processes while two agree')
    parser.add_argument('--fleets', type=int, nargs='+', default=[5, 20, 50], help='for bytes/s')
    parser.add_argument('--only', nargs='+', choices=PARTS, help='parts; all if not given')
    parser.add_argument('--json', type=output_file, metavar='FILE', help='write the figures too')
    return parser.parse_args(arguments)


if __name__ == '__main__':
    sys.exit(main())
