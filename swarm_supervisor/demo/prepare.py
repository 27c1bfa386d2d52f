# SPDX-License-Identifier: Apache-2.0
"""Lay out a demo's folder: fleet plan with free ports, vaults with keys, scenario."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from swarm_config.automatic import resize_fleet, write_automatic_fleet
from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, load_fleet
from swarm_config.loopback import free_domain, free_row
from swarm_config.outputs import check_output
from swarm_config.scenarios import Scenario, load_scenario
from swarm_supervisor.demo.options import DemoOptions
from swarm_supervisor.demo.story import add_people, write_codex, write_drill
from swarm_supervisor.fleet_keys import give_keys
from swarm_supervisor.fleet_processes import FleetRun

MARK = 'demo.mark'
"""Stands in a folder that a demo made, so that the next one may empty it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that a demo needs before its first process starts."""

    run: FleetRun
    scenario: Scenario | None
    relay: str
    """host:port of the relay that the robots call."""
    supervisor: str
    """host:port of the supervisor."""
    environment: dict[str, str]
    link_down: tuple[float, float] | None


def prepare(options: DemoOptions, config_dir: Path) -> Stage:
    """Write the demo's files under its output folder.

    Raises:
        ConfigError: An option, the map or the fleet cannot be used.
    """
    out = _empty_folder(options.out_dir)
    check_output(options.json_path, '--json')
    fleet = _choose_fleet(options, config_dir, out)
    relay_port, supervisor_port, mesh_port = _free_ports(len(fleet.robots))
    fleet = _with_ports(out / 'fleet.yaml', supervisor_port, mesh_port, options, config_dir)
    scenario = load_scenario(fleet.scenario_path) if fleet.scenario_path else None
    run = FleetRun(
        fleet=fleet,
        vault_dir=out / 'vault',
        supervisor_vault_dir=out / 'supervisor_vault',
        out_dir=out,
        params_dir=config_dir / 'params',
        composed=options.composed,
        headless=options.headless,
        seed=options.seed,
        supervisor_target=f'127.0.0.1:{relay_port}',
        slm=options.slm,
        drills=write_drill(out) if options.story else {},
        simulated=True,
    )
    give_keys(run)
    if options.story:
        add_people(run.supervisor_vault_dir)
    return Stage(
        run=run,
        scenario=None if options.story else scenario,
        relay=f'127.0.0.1:{relay_port}',
        supervisor=f'127.0.0.1:{supervisor_port}',
        environment=_environment(),
        link_down=_link_down(options, scenario),
    )


def _empty_folder(out: Path) -> Path:
    try:
        if out.exists():
            if any(out.iterdir()) and not (out / MARK).exists():
                raise ConfigError(
                    f'--out {str(out)!r}: the folder holds files that no demo wrote; name another'
                )
            shutil.rmtree(out)
        out.mkdir(parents=True)
        (out / MARK).write_text('made by swarm demo; the next demo empties this folder\n')
    except OSError as error:
        raise ConfigError(
            f'--out {str(out)[:99]!r}: {error.strerror}; name a folder that can be made'
        ) from error
    return out.resolve()


def _choose_fleet(options: DemoOptions, config_dir: Path, out: Path) -> Fleet:
    target = out / 'fleet.yaml'
    if options.map_path is not None:
        return write_automatic_fleet(
            map_path=options.map_path,
            robots=options.robots or 3,
            seed=options.seed,
            config_dir=config_dir,
            target=target,
        )
    if options.story and options.robots not in (None, 3):
        raise ConfigError('--story governed: its script knows the three robots of the depot')
    fleet = load_fleet(config_dir / 'fleets' / 'depot.yaml')
    file = resize_fleet(fleet, options.robots or len(fleet.robots), options.seed, config_dir)
    found = {
        'map': str(fleet.map_path),
        'robots_dir': str((config_dir / 'robots').resolve()),
        'places': str(fleet.places_path) if fleet.places_path else None,
        'scenario': str(fleet.scenario_path) if fleet.scenario_path else None,
    }
    content = file.model_copy(update=found).model_dump(mode='json', exclude_none=True)
    target.write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')
    return load_fleet(target)


def _with_ports(
    target: Path, supervisor_port: int, mesh_port: int, options: DemoOptions, config_dir: Path
) -> Fleet:
    content = yaml.safe_load(target.read_text(encoding='utf-8'))
    content['supervisor'] = {'host': '127.0.0.1', 'port': supervisor_port}
    content['mesh'] = {'host': '127.0.0.1', 'base_port': mesh_port, 'scouting': False}
    if options.story:
        content['codex'] = str(write_codex(config_dir, target.parent))
    target.write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')
    return load_fleet(target)


def _free_ports(robots: int) -> tuple[int, int, int]:
    """A relay port, a supervisor port, and the first of `robots` free ports in a row."""
    with ExitStack() as stack:
        relay, supervisor = (stack.enter_context(_bound(0)) for _ in range(2))
        return relay, supervisor, free_row(robots)


@contextmanager
def _bound(port: int) -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', port))
        yield int(sock.getsockname()[1])


def _environment() -> dict[str, str]:
    """Discovery on this machine only, in a ROS domain of our own."""
    return {
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'ROS_DOMAIN_ID': str(free_domain()),
        'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
    }


def _link_down(options: DemoOptions, scenario: Scenario | None) -> tuple[float, float] | None:
    if options.no_link_down or options.story:
        return None
    if options.link_down is not None:
        return options.link_down
    if scenario is None or scenario.link_down is None:
        return None
    return scenario.link_down.from_s, scenario.link_down.until_s
