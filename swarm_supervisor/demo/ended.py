# SPDX-License-Identifier: Apache-2.0
"""When there is nothing left of a demo's missions that robots could do."""

from collections.abc import Collection

from swarm.v1 import operator_pb2

from swarm_supervisor.missions import CLOSED


def ended(fleet: operator_pb2.FleetState, escalated: Collection[str]) -> bool:
    """Whether every mission is closed, or waits for a human with all that is left of it.

    Args:
        fleet: What the supervisor says.
        escalated: Orders for which it waits for a human's answer.
    """
    return bool(fleet.missions) and all(
        mission.status != 'open' or _waits(mission, escalated) for mission in fleet.missions
    )


def _waits(mission: operator_pb2.MissionState, escalated: Collection[str]) -> bool:
    left = [order.order_id for order in mission.orders if order.status not in CLOSED]
    return bool(left) and all(order_id in escalated for order_id in left)
