# SPDX-License-Identifier: Apache-2.0
"""The nodes of one robot, for `ros2 launch` on the robot: reflex, situation, planner.

Its keys must lie in the vault; `swarm.launch.py` and `swarm up` make them beside the supervisor.
"""

from launch import LaunchDescription
from swarm_supervisor.fleet_processes import robot_specs
from swarm_supervisor.launching import description

ARGUMENTS = ('robot', 'fleet', 'vault', 'composed', 'slm', 'insecure', 'supervisor')


def generate_launch_description() -> LaunchDescription:
    return description(
        ARGUMENTS,
        lambda run, values: robot_specs(run, run.fleet.robot(values['robot']).agent_id),
    )
