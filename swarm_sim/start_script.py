# SPDX-License-Identifier: Apache-2.0
"""Start the simulator's script from a shell: `python -m swarm_sim.start_script`."""

import sys

import rclpy
from std_srvs.srv import Trigger

WITHIN_S = 10.0


def main() -> int:
    """Call `/sim/start_script`; 0 when the simulator has started its script."""
    rclpy.init()
    node = rclpy.create_node('start_script')
    client = node.create_client(Trigger, '/sim/start_script')
    if not client.wait_for_service(WITHIN_S):
        print('the simulator does not answer on /sim/start_script', file=sys.stderr)  # noqa: T201
        return 1
    future = client.call_async(Trigger.Request())
    rclpy.spin_until_future_complete(node, future, timeout_sec=WITHIN_S)
    answer = future.result() if future.done() else None
    rclpy.shutdown()
    if answer is None or not answer.success:
        print('the simulator did not start its script', file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
