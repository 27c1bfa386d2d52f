# SPDX-License-Identifier: Apache-2.0
"""What of the inputs can be computed with; the rest must not reach the state."""

from swarm_agent.situation.core.types import Inputs, Odom, Scan
from swarm_vault.replacing import replace

FARTHEST = 1e6
"""No sound number is as large as this, whatever its unit."""


def usable(*numbers: float) -> bool:
    """Whether all are finite numbers of a size that can be meant."""
    return all(abs(number) < FARTHEST for number in numbers)


def sound_odom(odom: Odom) -> bool:
    """Whether odometry can be computed with."""
    return usable(*odom.pose, odom.vx_mps, odom.wz_radps)


def sound(inputs: Inputs) -> Inputs:
    """The inputs without odometry or scan that cannot be computed with."""
    odom, scan = inputs.odom, inputs.scan
    kept_odom = odom if odom is not None and sound_odom(odom) else None
    kept_scan = scan if scan is not None and _sound_scan(scan) else None
    if kept_odom is odom and kept_scan is scan:
        return inputs
    return replace(inputs, odom=kept_odom, scan=kept_scan)


def _sound_scan(scan: Scan) -> bool:
    """Taken at a place, and with one measurement at least."""
    return usable(*scan.pose_odom) and any(scan.ranges)
