# SPDX-License-Identifier: Apache-2.0
"""Zenoh's configuration from the fleet plan: endpoints, discovery, TLS, access control."""

from pathlib import Path
from typing import Any

from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet

LEASE_MS = 2000
"""A frozen peer's liveliness token goes after this time [ms]."""
NO_SHARED_MEMORY = {'enabled': False}
"""A session would take 16 MB of it, and could not be opened where that is not free."""
SPEAK = ('put', 'delete', 'reply', 'declare_queryable', 'liveliness_token')
LISTEN = ('declare_subscriber', 'query', 'liveliness_query', 'declare_liveliness_subscriber')


def zenoh_config(fleet: Fleet, agent_id: str, vault_dir: Path) -> dict[str, Any]:
    """What Zenoh is opened with.

    Raises:
        ConfigError: The plan asks for TLS, and the robot's vault holds no certificate.
    """
    mesh = fleet.file.mesh
    retry = {'period_init_ms': 200, 'period_max_ms': 1000, 'period_increase_factor': 1.5}
    never_give_up = {'timeout_ms': 0, 'exit_on_failure': False, 'retry': retry}
    listen = [] if mesh.mode == 'client' else [fleet.mesh_listen(agent_id)]
    multicast: dict[str, Any] = {'enabled': mesh.scouting}
    if mesh.interface:
        multicast['interface'] = mesh.interface
    link: dict[str, Any] = {'tx': {'lease': LEASE_MS, 'keep_alive': 4}}
    if mesh.tls:
        link['tls'] = _tls(vault_dir, agent_id)
    config: dict[str, Any] = {
        'mode': mesh.mode,
        'listen': {'endpoints': listen, **never_give_up},
        'connect': {'endpoints': list(fleet.mesh_connect(agent_id)), **never_give_up},
        'scouting': {'multicast': multicast, 'gossip': {'enabled': mesh.scouting}},
        'transport': {'link': link, 'shared_memory': NO_SHARED_MEMORY},
    }
    if mesh.access_control:
        config['access_control'] = _access(fleet)
    return config


def _tls(vault_dir: Path, agent_id: str) -> dict[str, Any]:
    """Mutual TLS with the certificates of the fleet's own authority."""
    folder = vault_dir / 'nexus' / 'tls'
    files = {name: folder / name for name in ('ca.pem', f'{agent_id}.pem', f'{agent_id}.key')}
    missing = [str(path) for path in files.values() if not path.is_file()]
    if missing:
        raise ConfigError(
            f'mesh.tls is on, but {missing[0]} is missing; start the fleet once with `swarm up`,'
            ' or hand the certificates over (docs/real-robot.md)'
        )
    certificate, key = str(files[f'{agent_id}.pem']), str(files[f'{agent_id}.key'])
    return {
        'root_ca_certificate': str(files['ca.pem']),
        'listen_certificate': certificate,
        'listen_private_key': key,
        'connect_certificate': certificate,
        'connect_private_key': key,
        'enable_mtls': True,
        'verify_name_on_connect': False,
        'close_link_on_expiration': True,
    }


def _access(fleet: Fleet) -> dict[str, Any]:
    """Let each certificate speak under its own keys only; routers of the plan speak for all."""
    everything = (f'swarm/{fleet.fleet_id}/**',)
    members = [robot.agent_id for robot in fleet.robots]
    rules = [_rule(name, 'ingress', SPEAK, _own_keys(fleet.fleet_id, name)) for name in members]
    rules += [
        _rule('hear', 'ingress', LISTEN, everything),
        _rule('deliver', 'egress', SPEAK + LISTEN, everything),
        _rule('route', 'ingress', SPEAK, everything),
    ]
    subjects = [{'id': name, 'cert_common_names': [name]} for name in members]
    policies = [{'rules': [name, 'hear', 'deliver'], 'subjects': [name]} for name in members]
    routers = list(fleet.file.mesh.router_names)
    if routers:
        subjects.append({'id': 'routers', 'cert_common_names': routers})
        policies.append({'rules': ['route', 'hear', 'deliver'], 'subjects': ['routers']})
    return {
        'enabled': True,
        'default_permission': 'deny',
        'rules': rules,
        'subjects': subjects,
        'policies': policies,
    }


def _own_keys(fleet_id: str, name: str) -> tuple[str, ...]:
    shared = ('hazard', 'vote', 'blackboard')
    own = (f'swarm/{fleet_id}/{name}/**', f'swarm/{fleet_id}/claim/*/{name}')
    return (*own, *(f'swarm/{fleet_id}/{key}/**' for key in shared))


def _rule(
    name: str, flow: str, messages: tuple[str, ...], keys: tuple[str, ...]
) -> dict[str, Any]:
    return {
        'id': name,
        'permission': 'allow',
        'flows': [flow],
        'messages': list(messages),
        'key_exprs': list(keys),
    }
