# SPDX-License-Identifier: Apache-2.0
"""A small fleet in a small room, a real supervisor in this process, and robots that only talk."""

import asyncio
import contextlib
import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import yaml
from PIL import Image
from swarm.v1 import common_pb2, mission_pb2, mission_pb2_grpc
from typing_extensions import Self

from swarm_config.fleets import Fleet, load_fleet
from swarm_supervisor.building import build
from swarm_supervisor.client import OperatorClient
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.model_call import ModelAccess
from swarm_supervisor.server import serving
from swarm_supervisor.settings import Settings
from swarm_vault.keys import channel_files, load_trust

CONFIG = Path(__file__).parents[2] / 'config'
PATIENCE_S = 30.0
ROBOTS = ('amr_1', 'amr_2', 'tb4_1')
SETTINGS = Settings(leave_out_m2=0.5)


def write_map(folder: Path, free: np.ndarray, resolution_m: float = 0.05) -> Path:
    """A map_server map of a mask, rows from y min; what is not free is a wall."""
    pixels = np.where(np.flipud(free), 254, 0).astype(np.uint8)
    Image.fromarray(pixels).save(folder / 'room.pgm')
    path = folder / 'room.yaml'
    described = {
        'image': 'room.pgm',
        'resolution': resolution_m,
        'origin': [0.0, 0.0, 0.0],
        'negate': 0,
        'occupied_thresh': 0.65,
        'free_thresh': 0.25,
    }
    path.write_text(yaml.safe_dump(described))
    return path


def room() -> np.ndarray:
    """12 m x 6 m with a wall across and a 1.5 m door in it."""
    free = np.zeros((120, 240), dtype=bool)
    free[2:-2, 2:-2] = True
    free[:, 119:121] = False
    free[50:80, 119:121] = True
    return free


def write_fleet(folder: Path, robots: int = 2, port: int = 50800) -> Path:
    """A fleet plan in the small room."""
    homes = ([1.0, 1.0, 0.0], [11.0, 5.0, 0.0], [1.0, 5.0, 0.0])
    models = ('amr', 'amr', 'turtlebot4')
    places = {
        'title': 'room',
        'points': {'west_end': [2.0, 3.0, 0.0], 'east_end': [10.0, 3.0, 1.57]},
        'sectors': {
            'west': [[0, 0], [6, 0], [6, 6], [0, 6]],
            'nowhere': [[20, 20], [21, 20], [21, 21]],
        },
    }
    write_map(folder, room())
    (folder / 'places.yaml').write_text(yaml.safe_dump(places, sort_keys=False))
    fleet = {
        'fleet': 'small',
        'map': 'room.yaml',
        'places': 'places.yaml',
        'robots_dir': str(CONFIG / 'robots'),
        'robots': [
            {'id': name, 'model': model, 'home': home}
            for name, model, home in zip(ROBOTS, models, homes, strict=True)
        ][:robots],
        'supervisor': {'host': '127.0.0.1', 'port': port},
        'survey_range_m': 2.0,
    }
    path = folder / 'fleet.yaml'
    path.write_text(yaml.safe_dump(fleet))
    return path


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f'waited in vain for: {what}'
        time.sleep(0.01)


class Supervisor:
    """A supervisor in this process, served from a thread of its own."""

    def __init__(self, fleet: Fleet, vault: Path, **options: object) -> None:
        self.fleet, self.vault, self._options = fleet, vault, options
        self.port = 0
        self.hq: Headquarters
        self.said: list[str] = []
        self._ready, self._done = threading.Event(), threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        if self._error:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it as SIGTERM does: its record is closed and can be read."""
        self._done.set()
        self._thread.join(PATIENCE_S)
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self._error = error
        self._ready.set()

    async def _serve(self) -> None:
        options = {'settings': SETTINGS, **self._options}
        self.hq = build(self.fleet, self.vault, say=self.said.append, **options)
        try:
            async with serving(self.hq, '127.0.0.1:0') as served:
                self.port = served.port
                self._ready.set()
                await asyncio.to_thread(self._done.wait)
        finally:
            self.hq.recorder.close()
            self.hq.mirror.close()
            self.hq.store.close()

    @property
    def target(self) -> str:
        return f'127.0.0.1:{self.port}'

    def operator(self) -> OperatorClient:
        return OperatorClient.of_vault(self.target, self.vault, insecure=self.hq.insecure)


def local_model(port: int, **options: object) -> ModelAccess:
    """A model on this machine."""
    values = {'timeout_s': 5.0, 'retries': 0, **options}
    url = f'http://127.0.0.1:{port}'
    return ModelAccess(model='claude-sonnet-5-5', api_key='k', base_url=url, **values)


class TalkingRobot:
    """A test double that speaks the real protocol and drives nowhere."""

    def __init__(
        self,
        supervisor_port: int,
        vault: Path,
        fleet: Fleet,
        agent_id: str,
        *,
        accepts: bool = True,
        certificate: str = '',
        insecure: bool = False,
    ) -> None:
        self.agent_id, self.fleet, self.accepts = agent_id, fleet, accepts
        self.trust = load_trust(vault)
        self.orders: list[mission_pb2.MissionOrder] = []
        self.recalls: list[mission_pb2.Recall] = []
        self.stops: list[mission_pb2.Stop] = []
        self.tokens: list[mission_pb2.TierToken] = []
        self.event_acks: list[mission_pb2.EventAck] = []
        self.identities: list[mission_pb2.Identity] = []
        self.welcome: mission_pb2.Welcome | None = None
        self.error: grpc.RpcError | None = None
        self._up: queue.Queue[mission_pb2.AgentUp | None] = queue.Queue()
        target = f'127.0.0.1:{supervisor_port}'
        if insecure:
            self._channel = grpc.insecure_channel(target)
        else:
            files = channel_files(vault, certificate or agent_id)
            credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.cert)
            self._channel = grpc.secure_channel(target, credentials)
        self._call = mission_pb2_grpc.MissionControlStub(self._channel).Link(
            iter(self._up.get, None)
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        self.say_hello()
        until(lambda: self.welcome is not None, f'welcome of {self.agent_id}')
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._up.put(None)
        self._call.cancel()
        self._thread.join(PATIENCE_S)
        self._channel.close()

    def say(self, **message: object) -> None:
        self._up.put(mission_pb2.AgentUp(**message))

    def say_hello(self, open_orders: tuple[mission_pb2.OrderAck, ...] = ()) -> None:
        robot = self.fleet.robot(self.agent_id)
        x_m, y_m, yaw_rad = robot.start
        self.say(
            hello=mission_pb2.Hello(
                agent_id=self.agent_id,
                model=robot.model.name,
                pose=common_pb2.Pose2D(x_m=x_m, y_m=y_m, yaw_rad=yaw_rad),
                radius_m=robot.model.radius_m,
                max_speed_mps=robot.model.max_speed_mps,
                open_orders=open_orders,
            )
        )

    def report(self, **fields: object) -> None:
        robot = self.fleet.robot(self.agent_id)
        pose = common_pb2.Pose2D(x_m=robot.start[0], y_m=robot.start[1])
        values = {'stamp_ns': 1, 'pose': pose, 'battery': 0.9, 'phase': 'executing', **fields}
        self.say(telemetry=mission_pb2.Telemetry(**values))

    def see(self, region: common_pb2.CellSet) -> None:
        self.report(seen=region)

    def ack(self, order_id: str, status: int, reason: str = '') -> None:
        ack = mission_pb2.OrderAck(order_id=order_id, status=status, reason=reason, stamp_ns=1)
        self.say(ack=ack)

    def complete(self) -> None:
        for order in self.orders:
            self.ack(order.order_id, mission_pb2.ACK_STATUS_COMPLETED)

    def _read(self) -> None:
        try:
            for down in self._call:
                self._take(down)
        except grpc.RpcError as error:
            self.error = error

    def _take(self, down: mission_pb2.SupervisorDown) -> None:
        kind = down.WhichOneof('down')
        if kind == 'welcome':
            self._check_identity(self._open(down.welcome.identity, mission_pb2.Identity))
            self.tokens.append(self._open(down.welcome.tier_token, mission_pb2.TierToken))
            self.welcome = down.welcome
        elif kind == 'order':
            order = self._open(down.order, mission_pb2.MissionOrder)
            self.orders.append(order)
            if self.accepts:
                self.ack(order.order_id, mission_pb2.ACK_STATUS_ACCEPTED)
        elif kind == 'recall':
            self.recalls.append(self._open(down.recall, mission_pb2.Recall))
        elif kind == 'stop':
            self.stops.append(self._open(down.stop, mission_pb2.Stop))
        elif kind == 'tier_token':
            self.tokens.append(self._open(down.tier_token, mission_pb2.TierToken))
        elif kind == 'identity':
            self.identities.append(self._open(down.identity, mission_pb2.Identity))
            self._check_identity(self.identities[-1])
        elif kind == 'event_ack':
            self.event_acks.append(down.event_ack)

    def _open(self, signed: common_pb2.Signed, kind: type) -> object:
        domain = kind.DESCRIPTOR.full_name
        verdict = self.trust.verify(signed, domain=domain, agent_id='supervisor')
        assert verdict.ok, verdict.reason
        return kind.FromString(signed.payload)

    def _check_identity(self, identity: mission_pb2.Identity) -> None:
        assert hashlib.sha256(identity.system_prompt.encode()).hexdigest() == identity.sha256


@contextlib.contextmanager
def small_fleet(folder: Path, robots: int = 2, **options: object) -> Iterator[Supervisor]:
    """A running supervisor for the small room."""
    fleet = load_fleet(write_fleet(folder, robots))
    with Supervisor(fleet, folder / 'vault', **options) as supervisor:
        yield supervisor


@contextlib.contextmanager
def robot_of(supervisor: Supervisor, agent_id: str, **options: object) -> Iterator[TalkingRobot]:
    """A robot that has been welcomed."""
    robot = TalkingRobot(supervisor.port, supervisor.vault, supervisor.fleet, agent_id, **options)
    with robot:
        yield robot
