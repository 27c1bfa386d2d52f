# SPDX-License-Identifier: Apache-2.0
"""Fleet plans: which robots, where they live, where supervisor and mesh listen.

`swarm up`, the launch files and every node read the same plan.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from swarm_config.errors import ConfigError
from swarm_config.robots import RobotModel, load_robot
from swarm_config.validation import STRICT, read_model

Pose = tuple[float, float, float]
"""x [m], y [m], yaw [rad] in the map frame."""
Identifier = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]{0,31}$')]
ANY_HOST = ('0.0.0.0', '[::]')  # noqa: S104 - named so as not to be connected to
LEAST_TILE_M = 16.0
"""Three tiles must reach as far as robots mind each other [m]."""
LinkLoss = Literal['continue', 'finish_leg', 'hold', 'return_home', 'lock_down']

RecordLoss = Literal['stop', 'finish_leg']


class RobotEntry(BaseModel):
    """One robot of a fleet."""

    model_config = STRICT

    id: Identifier
    model: str
    """Name of a file in the robots folder, without .yaml."""
    template: Identifier | None = None
    """Folder of agent templates; the one named after the class, or else default, if not given."""
    squad: Identifier | None = None
    """The squad that it belongs to: orders may name it, POLICY.md may have rules for it."""
    home: Pose
    start: Pose | None = None
    """Where it stands at first; home if not given."""
    host: str | None = None
    """Under which address the others reach it; mesh.host if not given."""


class SupervisorEntry(BaseModel):
    """Where the supervisor serves gRPC."""

    model_config = STRICT

    host: str = '127.0.0.1'
    port: int = Field(default=50551, ge=1, le=65535)
    insecure: bool = False
    """Plain text instead of mutual TLS; named in every status line."""


class MeshEntry(BaseModel):
    """How the robots find each other over Zenoh."""

    model_config = STRICT

    base_port: int = Field(default=7450, ge=1, le=65000)
    """Robot number i listens on this port + i."""
    host: str = '127.0.0.1'
    scouting: bool = False
    """Multicast discovery, for a robots' LAN."""
    interface: str = ''
    """Network interface of the multicast, e.g. wlan0; empty: Zenoh chooses."""
    mode: Literal['peer', 'client'] = 'peer'
    """client: everything goes through a router."""
    connect: tuple[str, ...] = ()
    """Further Zenoh endpoints, e.g. of routers: tcp/10.0.0.1:7447."""
    tls: bool = False
    """Mutual TLS with the fleet's own certificates; endpoints are then tls/..."""
    access_control: bool = False
    """Each certificate speaks under its own keys only; needs tls."""
    router_names: tuple[str, ...] = ()
    """Common names of the routers' certificates, which pass on what all robots say."""
    tile_m: float = Field(default=20.0, ge=0.0, le=1000.0)
    """Edge of the map tiles by which intents are addressed [m], at least 16; 0: to all robots."""
    max_bytes_per_s: float = Field(default=65536.0, ge=4096.0)
    """What one robot says at most, before Zenoh's own overhead; claims always pass."""


class FleetFile(BaseModel):
    """A fleet plan as written in config/fleets/*.yaml."""

    model_config = STRICT

    fleet: Identifier
    map: str
    """map_server YAML, relative to this file."""
    places: str | None = None
    """Named places, relative to this file."""
    scenario: str | None = None
    """What the simulator's script does, relative to this file."""
    robots: tuple[RobotEntry, ...] = Field(min_length=1)
    supervisor: SupervisorEntry = SupervisorEntry()
    mesh: MeshEntry = MeshEntry()
    survey_range_m: float = Field(default=3.5, gt=0.0)
    """How far a robot inspects the floor around it [m]."""
    survey_cell_m: float = Field(default=0.25, gt=0.0)
    link_loss: LinkLoss = 'continue'
    record_loss: RecordLoss = 'stop'
    """What a robot does when its disk takes no record any more."""
    record_loss_s: float = Field(default=30.0, gt=0.0, le=600.0)
    """With finish_leg: the longest that it goes on unrecorded [s]."""
    min_battery: float = Field(default=0.2, ge=0.0, lt=1.0)
    """Share of charge at which a robot goes home."""
    robots_dir: str = '../robots'
    codex: str | None = None
    """Folder of LAWS.md, POLICY.md and operators.yaml, relative to this file; beside the robots'
    if not given."""
    codex_key: str | None = None
    """Public key, relative to this file: only a codex that it signed counts; none: any does."""

    @property
    def finish_s(self) -> float:
        """How long a robot may go on unrecorded [s]; 0: not at all."""
        return self.record_loss_s if self.record_loss == 'finish_leg' else 0.0

    @model_validator(mode='after')
    def _ids_differ(self) -> 'FleetFile':
        ids = [robot.id for robot in self.robots]
        doubles = sorted({name for name in ids if ids.count(name) > 1})
        if doubles:
            raise ValueError(f'robot ids must differ, {doubles} stand twice')
        return self

    @model_validator(mode='after')
    def _mesh_is_sound(self) -> 'FleetFile':
        mesh = self.mesh
        if mesh.access_control and not mesh.tls:
            raise ValueError('mesh.access_control goes by certificates: set mesh.tls: true too')
        if 0.0 < mesh.tile_m < LEAST_TILE_M:
            raise ValueError(f'mesh.tile_m: {mesh.tile_m}, expected 0 or at least {LEAST_TILE_M}')
        if mesh.mode == 'client' and not (mesh.connect or mesh.scouting):
            raise ValueError('mesh.mode client needs a router: name one in mesh.connect')
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot:
    """One robot of a resolved fleet."""

    agent_id: str
    index: int
    model: RobotModel
    home: Pose
    start: Pose
    template: str | None = None
    """The agent templates that the plan names."""
    squad: str = ''
    """Its squad; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A fleet plan with its files found and its robot classes read."""

    path: Path
    file: FleetFile
    map_path: Path
    places_path: Path | None
    scenario_path: Path | None
    robots: tuple[Robot, ...]

    @property
    def fleet_id(self) -> str:
        """The fleet's name, first part of its Zenoh keys."""
        return self.file.fleet

    def robot(self, agent_id: str) -> Robot:
        """The robot of this id.

        Raises:
            ConfigError: There is none.
        """
        for robot in self.robots:
            if robot.agent_id == agent_id:
                return robot
        known = ', '.join(robot.agent_id for robot in self.robots)
        raise ConfigError(f'{self.path}: robots: no robot {agent_id!r}; there are {known}')

    @property
    def templates_dir(self) -> Path:
        """Where the templates of agent folders lie: beside the robot classes."""
        return (self.path.parent / self.file.robots_dir).resolve().parent / 'agents'

    def mesh_listen(self, agent_id: str) -> str:
        """The Zenoh endpoint on which a robot listens."""
        mesh = self.file.mesh
        port = mesh.base_port + self.robot(agent_id).index
        return f'{self._link}/{mesh.host}:{port}'

    def mesh_connect(self, agent_id: str) -> tuple[str, ...]:
        """The Zenoh endpoints to connect to: routers, and the other robots as far as known."""
        mesh = self.file.mesh
        if mesh.mode == 'client':
            return mesh.connect
        hosts = {entry.id: entry.host or mesh.host for entry in self.file.robots}
        others = tuple(
            f'{self._link}/{hosts[robot.agent_id]}:{mesh.base_port + robot.index}'
            for robot in self.robots
            if robot.agent_id != agent_id and hosts[robot.agent_id] not in ANY_HOST
        )
        return (*mesh.connect, *others)

    @property
    def _link(self) -> str:
        return 'tls' if self.file.mesh.tls else 'tcp'


def load_fleet(path: Path) -> Fleet:
    """Read a fleet plan and the robot classes that it names.

    Raises:
        ConfigError: A file is missing or malformed; the message names file, field and expectation.
    """
    file = read_model(path, FleetFile)
    return Fleet(
        path=path,
        file=file,
        map_path=_beside(path, 'map', file.map),
        places_path=_beside(path, 'places', file.places) if file.places else None,
        scenario_path=_beside(path, 'scenario', file.scenario) if file.scenario else None,
        robots=tuple(_resolve(path, file, i, entry) for i, entry in enumerate(file.robots)),
    )


def _beside(path: Path, field: str, name: str) -> Path:
    target = (path.parent / name).resolve()
    if not target.is_file():
        raise ConfigError(
            f'{path}: {field}: no file {str(target)!r}; give a path relative to {path.name}'
        )
    return target


def _resolve(path: Path, file: FleetFile, index: int, entry: RobotEntry) -> Robot:
    model_path = (path.parent / file.robots_dir / f'{entry.model}.yaml').resolve()
    if not model_path.is_file():
        raise ConfigError(f'{path}: robots.{index}.model: no file {str(model_path)!r}')
    return Robot(
        agent_id=entry.id,
        index=index,
        model=load_robot(model_path),
        home=entry.home,
        start=entry.start or entry.home,
        template=entry.template,
        squad=entry.squad or '',
    )
