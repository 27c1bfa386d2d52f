# SPDX-License-Identifier: Apache-2.0
"""The simulated world with all robots' bodies, without any of their nodes."""

from launch import LaunchDescription
from swarm_supervisor.fleet_processes import simulator_spec
from swarm_supervisor.launching import description

ARGUMENTS = ('fleet', 'vault', 'headless', 'scenario', 'seed')


def generate_launch_description() -> LaunchDescription:
    return description(ARGUMENTS, lambda run, _values: [simulator_spec(run)])
