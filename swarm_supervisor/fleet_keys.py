# SPDX-License-Identifier: Apache-2.0
"""Whose keys lie where: made beside the supervisor, brought to a robot of its own."""

from swarm_supervisor.fleet_processes import FleetRun
from swarm_vault.errors import VaultError
from swarm_vault.keys import ensure_authority, hand_over


def give_keys(run: FleetRun) -> None:
    """Make the authority's and the robots' keys where they are not there yet.

    Robots whose supervisor runs elsewhere keep the keys that were brought to them.

    Raises:
        VaultError: Existing files cannot be used.
    """
    agents = [robot.agent_id for robot in run.fleet.robots]
    if run.alone and _brought(run):
        for agent_id in agents:
            check_keys(run, agent_id)
        return
    ensure_authority(run.supervisor_vault_dir, agents)
    hand_over(run.supervisor_vault_dir, run.vault_dir, agents)


def _brought(run: FleetRun) -> bool:
    made_here = (run.supervisor_vault_dir / 'nexus' / 'tls' / 'ca.key').exists()
    return not made_here and (run.vault_dir / 'nexus' / 'tls' / 'ca.pem').exists()


def check_keys(run: FleetRun, agent_id: str) -> None:
    """See that a robot's keys were brought here; another authority's would let it talk to nobody.

    Raises:
        VaultError: One is missing.
    """
    nexus = run.vault_dir / 'nexus'
    own = (f'tls/{agent_id}.pem', f'tls/{agent_id}.key', f'keys/{agent_id}.key')
    wanted = ('tls/ca.pem', *own, 'trust/supervisor.pub')
    missing = [name for name in wanted if not (nexus / name).is_file()]
    if missing:
        raise VaultError(
            f'{nexus}: no {", ".join(missing)}; copy them from where the supervisor was started'
            ' first, as docs/real-robot.md says'
        )
