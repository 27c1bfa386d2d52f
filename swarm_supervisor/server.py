# SPDX-License-Identifier: Apache-2.0
"""The supervisor's process: `python -m swarm_supervisor.server --fleet FILE --vault DIR`.

Serves MissionControl for robots and Operator for users over mutual TLS. Killed at any moment it
comes back with the same missions; the robots go on meanwhile.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from swarm.v1 import mission_pb2, mission_pb2_grpc, operator_pb2, operator_pb2_grpc

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_supervisor.building import build
from swarm_supervisor.farewell import FAREWELL_S, Farewell
from swarm_supervisor.headquarters import SUPERVISOR, Headquarters
from swarm_supervisor.liaison import unlinked
from swarm_supervisor.link_service import LinkService
from swarm_supervisor.manners import Manners
from swarm_supervisor.model_call import ModelAccess
from swarm_supervisor.operator_service import OperatorService
from swarm_supervisor.settings import Settings, load_settings
from swarm_supervisor.taking_up import take_up
from swarm_supervisor.watchkeeping import keep_watch, save_world
from swarm_vault.errors import VaultError
from swarm_vault.keys import channel_files
from swarm_vault.recorder import Kind

GRACE_S = 0.2
MODEL = 'claude-sonnet-5-5'
KEY_VARIABLE = 'ANTHROPIC_API_KEY'
OPTIONS = (
    ('grpc.max_receive_message_length', 8 * 1024 * 1024),
    ('grpc.so_reuseport', 0),
    # Robots ping every 2 s to notice a cut link; that is no abuse here.
    ('grpc.http2.max_ping_strikes', 0),
    ('grpc.keepalive_time_ms', 10_000),
    ('grpc.keepalive_timeout_ms', 5_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running service."""

    port: int
    watch: asyncio.Task[None]
    """Looks after the missions; when it ends by itself something is wrong."""


@contextlib.asynccontextmanager
async def serving(hq: Headquarters, address: str) -> AsyncIterator[Served]:
    """Serve a headquarters.

    Raises:
        ConfigError: The address cannot be used.
        VaultError: The audit log could not be kept any more; raised at the end.
    """
    take_up(hq)
    server = grpc.aio.server(interceptors=(Manners(),), options=OPTIONS)
    mission_pb2_grpc.add_MissionControlServicer_to_server(LinkService(hq), server)  # type: ignore[no-untyped-call]
    operator_pb2_grpc.add_OperatorServicer_to_server(OperatorService(hq), server)  # type: ignore[no-untyped-call]
    names = [
        mission_pb2.DESCRIPTOR.services_by_name['MissionControl'].full_name,
        operator_pb2.DESCRIPTOR.services_by_name['Operator'].full_name,
    ]
    await _add_health(server, names)
    reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
    port = _bind(server, hq, address)
    await server.start()
    done = asyncio.Event()
    watch = asyncio.create_task(keep_watch(hq, done))
    try:
        yield Served(port=port, watch=watch)
    finally:
        done.set()
        hq.wake.set()
        stopping = asyncio.create_task(server.stop(GRACE_S + FAREWELL_S))
        try:
            await watch
            await _say_farewell(hq)
        finally:
            hq.post.close_all()
            await server.stop(GRACE_S)
            await stopping


async def _add_health(server: Any, names: list[str]) -> None:
    servicer = health.aio.HealthServicer()  # type: ignore[attr-defined]
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for name in ('', *names):
        await servicer.set(name, health_pb2.HealthCheckResponse.SERVING)


def _bind(server: Any, hq: Headquarters, address: str) -> int:
    try:
        if hq.insecure:
            return int(server.add_insecure_port(address))
        files = channel_files(hq.vault_dir, SUPERVISOR)
        credentials = grpc.ssl_server_credentials(
            [(files.key, files.cert)], root_certificates=files.ca, require_client_auth=True
        )
        return int(server.add_secure_port(address, credentials))
    except RuntimeError as error:
        raise ConfigError(
            f'supervisor: cannot listen on {address}; another program uses it, or the host is not'
            ' of this machine: choose another --port'
        ) from error


def main(argv: Sequence[str] | None = None) -> int:
    """Run the supervisor until SIGTERM or SIGINT."""
    arguments = _parser().parse_args(argv)
    try:
        asyncio.run(_run(arguments))
    except (ConfigError, VaultError) as error:
        sys.stderr.write(f'supervisor: {error}\n')
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='swarm_supervisor.server', description=__doc__)
    add = parser.add_argument
    add('--fleet', type=Path, required=True, help='fleet plan (YAML)')
    add('--vault', type=Path, required=True, help='folder of the vault')
    add('--port', type=int, help='port to listen on; the fleet plan says which if not given')
    add('--insecure', action='store_true', help='plain text instead of mutual TLS')
    add('--params', type=Path, help='parameter file, e.g. config/params/supervisor.yaml')
    add('--lost-after', type=float, metavar='S', help='a robot not heard for so long is lost [s]')
    add('--anthropic-model', default=MODEL, metavar='M', help=f'language model; {MODEL}')
    add('--judge-model', default='', metavar='M', help='a second judge; it can only be stricter')
    add(
        '--anthropic-url',
        metavar='URL',
        help=f'a server that speaks that API; without it a model is asked only if {KEY_VARIABLE}'
        ' is set',
    )
    return parser


async def _run(arguments: argparse.Namespace) -> None:
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    fleet = load_fleet(arguments.fleet.resolve())
    settings = _settings(arguments)
    entry = fleet.file.supervisor
    hq = build(
        fleet,
        arguments.vault.resolve(),
        settings,
        insecure=arguments.insecure or entry.insecure,
        access=_access(arguments, settings, arguments.anthropic_model),
        judge_access=_judge_access(arguments, settings),
        say=_say,
    )
    try:
        address = f'{entry.host}:{entry.port if arguments.port is None else arguments.port}'
        async with serving(hq, address) as served:
            _announce(hq, f'{entry.host}:{served.port}')
            asked = asyncio.create_task(done.wait())
            await asyncio.wait({asked, served.watch}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
    finally:
        _close(hq)


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = load_settings(arguments.params) if arguments.params else Settings()
    if arguments.lost_after is None:
        return settings
    if not arguments.lost_after > 0.0:
        raise ConfigError(f'--lost-after {arguments.lost_after:g}: expected more than 0 s')
    return settings.model_copy(update={'lost_after_s': arguments.lost_after})


def _judge_access(arguments: argparse.Namespace, settings: Settings) -> ModelAccess | None:
    """The second judge's model.

    Raises:
        ConfigError: One is named that cannot be asked.
    """
    if not arguments.judge_model:
        return None
    access = _access(arguments, settings, arguments.judge_model)
    if access is None:
        raise ConfigError(f'--judge-model: set {KEY_VARIABLE} or give --anthropic-url')
    return access


def _access(arguments: argparse.Namespace, settings: Settings, model: str) -> ModelAccess | None:
    key = os.environ.get(KEY_VARIABLE, '')
    if not key and not arguments.anthropic_url:
        return None
    return ModelAccess(
        model=model,
        api_key=key or 'none',
        base_url=arguments.anthropic_url,
        timeout_s=settings.model_timeout_s,
        max_tokens=settings.model_max_tokens,
    )


def _announce(hq: Headquarters, address: str) -> None:
    open_missions = [mission.mission_id for mission in hq.missions if mission.open]
    data = {'address': address, 'insecure': hq.insecure, 'open_missions': open_missions}
    hq.note(Kind.SYSTEM, 'supervisor.started', data, durable=True)
    link = 'PLAIN TEXT, --insecure is set' if hq.insecure else 'mutual TLS'
    _say(
        f'supervisor ready at {address} ({link}): fleet {hq.fleet.fleet_id},'
        f' {len(hq.fleet.robots)} robots, map {hq.grid.name}, {len(open_missions)} open missions'
    )


async def _say_farewell(hq: Headquarters) -> None:
    """Close the record first and the links then, so that robots countersign its last line."""
    linked = [member for member in hq.roster if hq.post.linked(member.agent_id)]
    for member in linked:
        unlinked(hq, member)
    hq.note(Kind.SYSTEM, 'supervisor.stopped', {})
    names = [member.agent_id for member in linked]
    hq.farewell = Farewell(hq.vault_dir, hq.witness.book, names, hq.post.send)
    await asyncio.to_thread(hq.recorder.close)
    await hq.farewell.tell()


def _close(hq: Headquarters) -> None:
    for member in hq.roster:
        hq.store.save_member(member)
    save_world(hq)
    hq.store.close()
    hq.mirror.close()
    hq.recorder.close()


def _say(text: str) -> None:
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    sys.exit(main())
