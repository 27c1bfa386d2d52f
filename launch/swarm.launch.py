# SPDX-License-Identifier: Apache-2.0
"""A whole fleet on this machine: supervisor, simulated world, and each robot's nodes."""

from dataclasses import replace

from launch import LaunchDescription
from swarm_supervisor.fleet_keys import give_keys
from swarm_supervisor.fleet_processes import FleetRun, robot_specs, simulator_spec, supervisor_spec
from swarm_supervisor.launching import description
from swarm_supervisor.processes import ProcessSpec

ARGUMENTS = ('fleet', 'vault', 'composed', 'headless', 'scenario', 'seed', 'slm', 'insecure')


def generate_launch_description() -> LaunchDescription:
    return description(ARGUMENTS, processes)


def processes(run: FleetRun, _values: dict[str, str]) -> list[ProcessSpec]:
    """All processes of the fleet plan; missing keys are made first."""
    give_keys(run)
    here = replace(run, simulated=True)
    robots = [spec for robot in run.fleet.robots for spec in robot_specs(here, robot.agent_id)]
    return [supervisor_spec(run), simulator_spec(run), *robots]
