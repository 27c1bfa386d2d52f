# SPDX-License-Identifier: Apache-2.0
"""A small supervisor that speaks the real protocol over real mutual TLS, for the robot's side."""

import hashlib
import queue
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
from swarm.v1 import mission_pb2, mission_pb2_grpc

from swarm_vault.errors import VaultError
from swarm_vault.keys import channel_files, load_signer
from swarm_vault.mirror import Mirror

WRITERS = ('reflex', 'situation', 'planner')


class SmallSupervisor(mission_pb2_grpc.MissionControlServicer):
    """Welcomes, stores events in a real mirror, sends what a test puts into `down`."""

    def __init__(self, keys: Path, vault: Path) -> None:
        self.signer = load_signer(keys, 'supervisor')
        self.mirror = Mirror(vault)
        self.down: queue.Queue[mission_pb2.SupervisorDown] = queue.Queue()
        self.hellos: list[mission_pb2.Hello] = []
        self.acks: list[mission_pb2.OrderAck] = []
        self.telemetry: list[mission_pb2.Telemetry] = []
        self.sequence = 0
        self._keys = keys
        self._server: grpc.Server | None = None
        self.port = 0

    def start(self) -> None:
        files = channel_files(self._keys, 'supervisor')
        credentials = grpc.ssl_server_credentials(
            [(files.key, files.cert)], root_certificates=files.ca, require_client_auth=True
        )
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        mission_pb2_grpc.add_MissionControlServicer_to_server(self, self._server)
        self.port = self._server.add_secure_port(f'127.0.0.1:{self.port}', credentials)
        self._server.start()

    def stop(self) -> None:
        if self._server:
            self._server.stop(0).wait()

    def sign(self, message) -> object:
        self.sequence += 1
        return self.signer.sign(
            message.DESCRIPTOR.full_name, self.sequence, message.SerializeToString()
        )

    def welcome(self, agent: str) -> mission_pb2.SupervisorDown:
        prompt = f'you are {agent}'
        identity = mission_pb2.Identity(
            system_prompt=prompt, sha256=hashlib.sha256(prompt.encode()).hexdigest()
        )
        token = mission_pb2.TierToken(token_id='t', agent_id=agent, tier=2, expires_ns=2**62)
        heads = ((w, self.mirror.head(agent, w)) for w in WRITERS)
        return mission_pb2.SupervisorDown(
            welcome=mission_pb2.Welcome(
                identity=self.sign(identity),
                tier_token=self.sign(token),
                resume=[mission_pb2.EventAck(writer=w, seq=s) for w, s in heads if s >= 0],
            )
        )

    def Link(self, requests, context) -> Iterator[mission_pb2.SupervisorDown]:  # noqa: N802
        hello = next(requests).hello
        self.hellos.append(hello)
        answers: queue.Queue[mission_pb2.SupervisorDown] = queue.Queue()
        threading.Thread(
            target=self._read, args=(hello.agent_id, requests, answers), daemon=True
        ).start()
        yield self.welcome(hello.agent_id)
        while context.is_active():
            for source in (answers, self.down):
                try:
                    yield source.get(timeout=0.02)
                except queue.Empty:
                    continue

    def _read(self, agent: str, requests, answers) -> None:
        try:
            for up in requests:
                self._take(agent, up, answers)
        except grpc.RpcError as error:
            self.ended = str(error)

    def _take(self, agent: str, up: mission_pb2.AgentUp, answers) -> None:
        kind = up.WhichOneof('up')
        if kind == 'ack':
            self.acks.append(up.ack)
        elif kind == 'telemetry':
            self.telemetry.append(up.telemetry)
        elif kind == 'events':
            answers.put(mission_pb2.SupervisorDown(event_ack=self._store(agent, up.events)))

    def _store(self, agent: str, batch: mission_pb2.EventBatch) -> mission_pb2.EventAck:
        try:
            seq = self.mirror.store(agent, batch.writer, batch.first_seq, list(batch.lines))
        except VaultError as error:
            return mission_pb2.EventAck(writer=batch.writer, error=str(error))
        ack = mission_pb2.EventAck(writer=batch.writer, seq=max(seq, 0))
        self.show_heads(agent, batch, ack)
        return ack

    def show_heads(
        self, agent: str, batch: mission_pb2.EventBatch, ack: mission_pb2.EventAck
    ) -> None:
        """This one countersigns nothing; a test may put liaison's own step here."""
