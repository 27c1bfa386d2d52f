# SPDX-License-Identifier: Apache-2.0
"""Tell a running simulator that its script starts now: `python -m swarm_sim.start_script`."""

import argparse
import sys

import rclpy
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from swarm_config.sockets import use_sockets

SERVICE = '/sim/start_script'


def start_script(within_s: float) -> tuple[bool, str]:
    """Call the simulator's service.

    Args:
        within_s: How long to wait for the simulator and for its answer [s].

    Returns:
        Whether the script starts now, and a sentence.
    """
    node = rclpy.create_node('start_script', start_parameter_services=False, enable_rosout=False)
    client = node.create_client(Trigger, SERVICE)
    try:
        if not client.wait_for_service(timeout_sec=within_s):
            return False, f'no simulator offers {SERVICE} within {within_s:g} s; start one first'
        future = client.call_async(Trigger.Request())
        rclpy.spin_until_future_complete(node, future, timeout_sec=within_s)
        answer = future.result()
    finally:
        node.destroy_node()
    if answer is None:
        return False, f'the simulator did not answer within {within_s:g} s; read its log'
    return bool(answer.success), str(answer.message)


def main() -> int:
    """Call the service once.

    Returns:
        0 when the script starts now, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--within', type=float, default=10.0, help='seconds to wait')
    within_s = parser.parse_args().within
    use_sockets()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        started, sentence = start_script(within_s)
    finally:
        rclpy.shutdown()
    (sys.stdout if started else sys.stderr).write(f'{sentence}\n')
    return 0 if started else 1


if __name__ == '__main__':
    sys.exit(main())
