# SPDX-License-Identifier: Apache-2.0
"""Which processes a fleet plan needs on this machine, and with which arguments.

`swarm up`, `swarm demo` and the launch files start the same command lines.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from swarm_config.fleets import Fleet
from swarm_supervisor.processes import ProcessSpec

NODES = {
    'reflex': 'swarm_reflex.node',
    'situation': 'swarm_agent.situation.node',
    'planner': 'swarm_agent.planner.node',
    'composed': 'swarm_agent.composed',
}
SIM_RANK, SUPERVISOR_RANK, LINK_RANK = 10_000, 10_001, 10_002
"""Behind all robots: the supervisor countersigns the ends of their logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRun:
    """Where and how a fleet runs."""

    fleet: Fleet
    vault_dir: Path
    """The robots' vault."""
    supervisor_vault_dir: Path
    out_dir: Path
    params_dir: Path
    composed: bool = False
    headless: bool = True
    seed: int = 0
    supervisor_target: str | None = None
    """host:port that the robots call; the fleet plan's when None."""
    slm: bool = False
    drills: Mapping[str, Path] = field(default_factory=dict)
    """Scripts of misbehaviour, by robot."""
    insecure: bool = False
    alone: bool = False
    """No supervisor: the robots stop one after the other, so that peers see each one's end."""
    simulated: bool = False
    """Robots, simulator and supervisor share this machine."""


def robot_nodes(run: FleetRun) -> tuple[str, ...]:
    """The node programs of each robot."""
    return ('reflex', 'composed') if run.composed else ('reflex', 'situation', 'planner')


def robot_specs(run: FleetRun, agent_id: str) -> tuple[ProcessSpec, ...]:
    """The processes of one robot."""
    return tuple(_node_spec(run, agent_id, node) for node in robot_nodes(run))


def _node_spec(run: FleetRun, agent_id: str, node: str) -> ProcessSpec:
    parameters = {
        'agent_id': agent_id,
        'fleet_file': str(run.fleet.path),
        'vault_dir': str(run.vault_dir),
    }
    if node in ('planner', 'composed'):
        parameters |= _planner_parameters(run)
        if agent_id in run.drills:
            parameters['drill'] = str(run.drills[agent_id])
    return ProcessSpec(
        name=f'{agent_id}.{node}',
        argv=(
            *_ros_command(NODES[node], parameters, f'/{agent_id}'),
            *_params(run, _files(run, node)),
        ),
        stop_rank=_stop_rank(run, agent_id),
    )


def _stop_rank(run: FleetRun, agent_id: str) -> int:
    """A robot's processes stop at once; each tells of the others' ends what it can.

    Without a supervisor the robots stop in the circle's order, in which each has its witnesses
    behind it.
    """
    circle = sorted(robot.agent_id for robot in run.fleet.robots)
    return circle.index(agent_id) if run.alone else 0


def _files(run: FleetRun, node: str) -> tuple[str, ...]:
    """The parameter files of a node; what stands in a later one holds."""
    if node == 'reflex' and run.simulated:
        return ('reflex', 'reflex_simulated')
    return ('situation', 'planner') if node == 'composed' else (node,)


def _planner_parameters(run: FleetRun) -> dict[str, str]:
    supervisor = run.fleet.file.supervisor
    return {
        'supervisor_target': run.supervisor_target or f'{supervisor.host}:{supervisor.port}',
        'planner': 'slm' if run.slm else 'deterministic',
        'insecure': 'true' if run.insecure or supervisor.insecure else 'false',
    }


def _ros_command(
    module: str, parameters: dict[str, str], namespace: str | None
) -> tuple[str, ...]:
    pairs = [part for key, value in parameters.items() for part in ('-p', f'{key}:={value}')]
    place = ['-r', f'__ns:={namespace}'] if namespace else []
    return (sys.executable, '-m', module, '--ros-args', *place, *pairs)


def _params(run: FleetRun, nodes: tuple[str, ...]) -> tuple[str, ...]:
    files = [run.params_dir / f'{node}.yaml' for node in nodes]
    return tuple(part for file in files for part in ('--params-file', str(file)))


def simulator_spec(run: FleetRun) -> ProcessSpec:
    """The simulator of all robots."""
    parameters = {
        'fleet_file': str(run.fleet.path),
        'out_dir': str(run.out_dir),
        'seed': str(run.seed),
        'headless': 'true' if run.headless else 'false',
    }
    if run.fleet.scenario_path is not None:
        parameters['scenario_file'] = str(run.fleet.scenario_path)
    return ProcessSpec(
        name='sim',
        argv=(*_ros_command('swarm_sim.node', parameters, None), *_params(run, ('sim',))),
        restart=False,
        stop_rank=SIM_RANK,
    )


def supervisor_spec(run: FleetRun) -> ProcessSpec:
    """The supervisor."""
    insecure = ('--insecure',) if run.insecure else ()
    fleet, vault = str(run.fleet.path), str(run.supervisor_vault_dir)
    params = str(run.params_dir / 'supervisor.yaml')
    return ProcessSpec(
        name='supervisor',
        argv=(
            *(sys.executable, '-m', 'swarm_supervisor.server'),
            *('--fleet', fleet, '--vault', vault, '--params', params),
            *insecure,
        ),
        stop_rank=SUPERVISOR_RANK,
    )


def link_spec(listen: str, to: str) -> ProcessSpec:
    """The relay that plays the radio link between robots and supervisor."""
    return ProcessSpec(
        name='link',
        argv=(sys.executable, '-m', 'swarm_sim.link', '--listen', listen, '--to', to),
        stdin=True,
        stop_rank=LINK_RANK,
    )
